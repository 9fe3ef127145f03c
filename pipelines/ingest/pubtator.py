"""PubTator: `id|t|title`, `id|a|abstract`, then a mention a line with offsets over title, line break, abstract."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.core.ids import normalise_pmid
from pipelines.core.records import DocIds, ParsedFile, Reason, Rejection
from pipelines.errors import RejectedInput
from pipelines.ingest.curation import Tally
from pipelines.ingest.json_safety import decode
from pipelines.ingest.mentions import RawMention, as_int
from pipelines.ingest.texts import MarkedText, parse_texts

#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "pubtator"
_TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)")
_BETWEEN_IDS = re.compile(r"\s*[|;,]\s*")


@dataclass
class _Abstract:
    """What the lines of one id said, in their order."""

    doc_id: str
    title: str | None = None
    abstract: str | None = None
    mentions: list[RawMention] = field(default_factory=list)

    def to_text(self) -> MarkedText:
        pmid = normalise_pmid(self.doc_id)
        ids = DocIds(pmid=pmid) if pmid else DocIds(local_id=self.doc_id)
        has_text = self.title is not None or self.abstract is not None
        fault = "" if has_text else "mentions, but no line with its title or abstract"
        text = f"{self.title or ''}\n{self.abstract or ''}"
        return MarkedText(f"document {self.doc_id}", text, tuple(self.mentions), ids, fault=fault,
                          reason=Reason.NO_LEGEND)  # fmt: skip


def _read_mention(fields: list[str]) -> RawMention | None:
    """The mention of a line `id, start, end, text, type[, ids[, parts]]`; None where it is none."""
    start, end = as_int(fields[1]), as_int(fields[2])
    if start is None or end is None or len(fields) < 5:
        return None
    ids = tuple(i for i in _BETWEEN_IDS.split(fields[5].strip()) if i) if len(fields) > 5 else ()
    return RawMention("", fields[4].strip(), ids, ((start, end - start),), fields[3])


def _iter_lines(text: str) -> Iterator[tuple[int, str]]:
    for line_no, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield line_no, line.removesuffix("\r")


def _is_relation(fields: list[str]) -> bool:
    """`id, CID, D008750, D003866`: a statement about the document, without a place in its text."""
    return len(fields) >= 4 and as_int(fields[1]) is None


def _read(text: str, tally: Tally) -> list[_Abstract]:
    found: dict[str, _Abstract] = {}
    for line_no, line in _iter_lines(text):
        if match := _TEXT.fullmatch(line):
            document = found.setdefault(match[1].strip(), _Abstract(match[1].strip()))
            if match[2] == "t":
                document.title = match[3]
            else:
                document.abstract = match[3]
            continue
        fields = line.split("\t")
        if _is_relation(fields):
            tally.count("annotation", "n_in")
            tally.count("annotation", "ignored")
        elif len(fields) > 2 and (mention := _read_mention(fields)):
            found.setdefault(fields[0].strip(), _Abstract(fields[0].strip())).mentions.append(mention)
        else:
            tally.count("annotation", "n_in")
            message = (
                f"line {line_no} is neither a text (id|t|…, id|a|…), a mention of at least 5 columns, nor a relation"
            )
            tally.reject(Rejection("annotation", Reason.BAD_TAGS, message, f"line-{line_no}", {"line": line[:500]}))
    return list(found.values())


def parse_pubtator(data: bytes, labels: str = "") -> ParsedFile:
    """Curated texts of one PubTator file: title, one line break, abstract; the id is a PubMed id where it is a number.

    Relations are ignored and counted. Raises RejectedInput where the file as a whole cannot be read.
    """
    tally = Tally()
    documents = _read(decode(data), tally)
    if not any(d.title is not None or d.abstract is not None for d in documents):
        raise RejectedInput(Reason.UNKNOWN_FORMAT, "no PubTator: no line is `id|t|title` or `id|a|abstract`")
    return parse_texts([d.to_text() for d in documents], FORMAT, labels, tally)
