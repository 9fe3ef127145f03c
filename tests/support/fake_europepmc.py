"""Europe PMC as it looks on the wire: the search with its cursor marks, and full texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from http_server import Answer, Asked, json_answer

BASE = "/europepmc/webservices/rest"
_UPDATED = re.compile(r"UPDATE_DATE:\[(\S+) TO (\S+)\]")


@dataclass
class Article:
    """One article of the provider; `day`: of its last update; `xml` empty: there is no full text of it."""

    number: int
    day: str
    xml: bytes = b"<article/>"
    doi: str = ""
    licence: str = "cc by"
    is_open: bool = True
    statements: list[dict[str, str]] = field(default_factory=list)
    fields: dict[str, object] = field(default_factory=dict)

    @property
    def pmcid(self) -> str:
        return f"PMC{9_000_000 + self.number}"

    @property
    def pmid(self) -> str:
        return str(39_000_000 + self.number)

    def record(self) -> dict[str, object]:
        return {
            "id": self.pmid, "source": "MED", "pmid": self.pmid, "pmcid": self.pmcid,
            "doi": self.doi or f"10.5555/demo.{self.number}", "title": f"Article {self.number}",
            "isOpenAccess": "Y" if self.is_open else "N", "inEPMC": "Y", "license": self.licence,
            "firstPublicationDate": "2026-10-01", "citedByCount": 0,
            "pubTypeList": {"pubType": ["Journal Article"]},
            "commentCorrectionList": {"commentCorrection": self.statements}, **self.fields,
        }  # fmt: skip


@dataclass
class FakeEuropePmc:
    """Answers for `http_server.serve`. `extra_hits`: records that the search counts and never gives."""

    articles: list[Article]
    extra_hits: int = 0

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == f"{BASE}/search":
            return self._search(asked)
        pmcid = asked.path.removeprefix(f"{BASE}/").removesuffix("/fullTextXML")
        xml = next((a.xml for a in self.articles if a.pmcid == pmcid), b"")
        return Answer(body=xml, content_type="application/xml") if xml else Answer(404)

    def _search(self, asked: Asked) -> Answer:
        match = _UPDATED.search(asked.query["query"])
        first, last = match.groups() if match else ("", "9999")
        hits = sorted((a for a in self.articles if first <= a.day <= last), key=lambda a: -a.number)
        size, mark = int(asked.query["pageSize"]), asked.query["cursorMark"]
        start = 0 if mark == "*" else int(mark.removeprefix("Ao"))
        page = [a.record() for a in hits[start : start + size]]
        return json_answer({
            "version": "6.9", "hitCount": len(hits) + self.extra_hits,
            "nextCursorMark": f"Ao{start + len(page)}", "request": {"cursorMark": mark}, "resultList": {"result": page},
        })  # fmt: skip


def sample_articles(folder: Path, n: int, days: list[str]) -> list[Article]:
    """The first `n` articles of a night of the sample, one day after the other."""
    out = []
    for i, path in enumerate(sorted(folder.glob("*.xml"))[:n]):
        xml = path.read_bytes()
        doi = re.search(rb'pub-id-type="doi">([^<]+)<', xml)
        assert doi
        out.append(Article(i + 1, days[i % len(days)], xml, doi.group(1).decode()))
    return out
