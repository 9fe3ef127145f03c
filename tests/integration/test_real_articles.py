"""All shared articles, special ones included: every count is the manifest's or is explained here."""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from pipelines.core.records import DocumentRecord, ParsedFile, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.jats import parse_jats
from pipelines.sources.archives import Member, is_archive, iter_members

pytestmark = [pytest.mark.shared, pytest.mark.timeout(300)]

Article = tuple[dict[str, str], bytes]

#: Captions where a reader sees more than the characters of the caption: formulas (fraction bars, roots) and lists
#: whose letters the renderer prints, because the list type says so.
FORMULAS = {"PMC6318969.xml", "10.7554_eLife.05502.xml"}
LETTERED_LISTS = {"wiley__PMC5793798.xml"}
MALFORMED = {
    "empty__PMC5563486.xml": (Reason.EMPTY_FILE, "the file is empty"),
    "mismatched-tag__elife-XML-mapping-FeaturesResearch.xml": (Reason.NOT_WELL_FORMED, "line 595"),
    "not-jats__bmc-art-dtd-trials-16-1.xml": (Reason.UNKNOWN_FORMAT, "root element <art> is not JATS"),
    "undeclared-prefix__elife-tools-article_meta.xml": (Reason.UNDECLARED_PREFIX, "the prefix xlink"),
    "undeclared-prefix__encoda-snapshot-elife-43154.xml": (Reason.UNDECLARED_PREFIX, "the prefix mml"),
    "undeclared-prefix__jats4r-auths-affs-test1.xml": (Reason.UNDECLARED_PREFIX, "the prefix ali"),
}


def is_special(row: dict[str, str]) -> bool:
    return row["location"].startswith("special")


def iter_files(folder: Path) -> Iterator[tuple[bool, bytes]]:
    """Whether it lies in special/, and the bytes, of each file and archive member."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if is_archive(path.name):
            for entry in iter_members(path.read_bytes(), path.name):
                assert isinstance(entry, Member), entry
                yield False, entry.data
        elif path.suffix == ".xml":
            yield "special" in path.parts, path.read_bytes()


@pytest.fixture(scope="module")
def articles(request: pytest.FixtureRequest) -> list[Article]:
    """Every file with its row of the manifest, found by content: the archives hold what the manifest says."""
    folder = request.getfixturevalue("shared_data") / "articles"
    with (folder / "manifest.csv").open(encoding="utf-8") as handle:
        rows = {(is_special(row), row["sha256"]): row for row in csv.DictReader(handle)}
    found = [(rows[special, hashlib.sha256(data).hexdigest()], data) for special, data in iter_files(folder)]
    assert len(found) == len(rows) == 363
    return found


@pytest.fixture(scope="module")
def parsed(articles: list[Article]) -> list[tuple[dict[str, str], bytes, ParsedFile]]:
    """All readable files; a rejection outside special/malformed fails."""
    readable = [(row, data) for row, data in articles if row["file"] not in MALFORMED]
    return [(row, data, parse_jats(data)) for row, data in readable]


def document_of(file: ParsedFile) -> DocumentRecord:
    (document,) = file.documents
    return document


def test_malformed_files_have_their_reason(articles: list[Article]) -> None:
    seen = set()
    for row, data in articles:
        if row["file"] in MALFORMED:
            reason, words = MALFORMED[row["file"]]
            with pytest.raises(RejectedInput, match=re.escape(words)) as caught:
                parse_jats(data)
            assert caught.value.reason is reason
            seen.add(row["file"])
    assert seen == set(MALFORMED)


def test_figures_are_the_manifests(parsed: list[tuple[dict[str, str], bytes, ParsedFile]]) -> None:
    totals: Counter[str] = Counter()
    for row, _, file in parsed:
        figures = document_of(file).figures
        with_legend = [f for f in figures if f.legend]
        assert (len(figures), len(with_legend)) == (int(row["figs"]), int(row["figs_with_caption"])), row["file"]
        assert len({f.key for f in figures}) == len(figures)
        assert file.counts["figure"].n_in == len(figures)
        assert all(counts.balances for counts in file.counts.values())
        if not is_special(row):
            totals.update(files=1, figures=len(figures), legends=len(with_legend))
            totals.update(f"place {f.place}" for f in figures)
    assert totals == {
        "files": 303, "figures": 2395, "legends": 2385, "place body": 2108, "place floats": 247, "place back": 23,
        "place front": 3, "place sub-article": 14,
    }  # fmt: skip


def test_bibliographic_data_is_the_manifests(parsed: list[tuple[dict[str, str], bytes, ParsedFile]]) -> None:
    later_years = 0
    for row, _, file in parsed:
        document = document_of(file)
        ids = document.ids
        assert (ids.doi or "", ids.pmcid or "", ids.pmid or "") == (row["doi"].lower(), row["pmcid"], row["pmid"])
        assert document.article_type == row["article_type"].lower()
        assert document.title
        assert document.journal
        assert document.publisher
        assert document.licence == "open"
        assert document.licence_evidence
        assert document.pub_date is not None
        # The manifest has the year of the issue; the earliest date (online) may lie in the year before.
        assert document.pub_date.year in {int(row["year"]), int(row["year"]) - 1}
        later_years += document.pub_date.year != int(row["year"])
    assert later_years == 16


def test_notices_name_their_articles(parsed: list[tuple[dict[str, str], bytes, ParsedFile]]) -> None:
    events: Counter[str] = Counter()
    for row, _, file in parsed:
        document = document_of(file)
        integrity = [e for e in document.events if e.kind == "integrity"]
        if "notices" not in row["location"]:
            assert integrity == []
            continue
        assert [e.event_date for e in integrity] == [document.pub_date] * len(integrity)
        targets = {t for e in integrity for t in (e.target.doi, e.target.pmid) if t}
        assert row["related"].lower() in targets or (not row["related"] and not targets), row["file"]
        events.update(e.event for e in integrity)
    assert events == {"correction": 32, "retraction": 6}


def test_the_one_notice_without_a_target_is_rejected(parsed: list[tuple[dict[str, str], bytes, ParsedFile]]) -> None:
    """PMC5972937 is an addendum that links to nothing; the set holds it twice."""
    refused = [(row["pmcid"], r.unit, r.reason) for row, _, file in parsed for r in file.rejections]
    assert refused == [("PMC5972937", "event", Reason.NO_IDENTITY)] * 2


def plain_caption(element: etree._Element) -> str:
    """Reference: all characters but citations, other captions inside, and the TeX twin of a formula."""
    name = etree.QName(element).localname if isinstance(element.tag, str) else ""
    if not name or name in {"supplementary-material", "fig", "tex-math"}:
        return ""
    if name == "xref" and element.get("ref-type") == "bibr":
        return ""
    return (element.text or "") + "".join(plain_caption(child) + (child.tail or "") for child in element)


def bare(text: str) -> str:
    """Without white space and what may surround a citation; U+2061 is the invisible mark of MathML."""
    return re.sub(r"[\s()\[\],;&–—\u2061-]", "", unicodedata.normalize("NFC", text))


def test_legends_are_what_the_captions_say(parsed: list[tuple[dict[str, str], bytes, ParsedFile]]) -> None:
    different: Counter[str] = Counter()
    compared = 0
    for row, data, file in parsed:
        root = etree.fromstring(data)
        for record, fig in zip(document_of(file).figures, root.iter("{*}fig"), strict=True):
            caption = "".join(plain_caption(c) for c in fig.iterchildren("{*}caption"))
            compared += 1
            if bare(caption) != bare(record.legend or ""):
                different[Path(row["file"]).name] += 1
                assert shorter_by_marks(bare(record.legend or ""), bare(caption)), record.legend
    assert compared == 2395 + 48
    assert set(different) == FORMULAS | LETTERED_LISTS
    assert sum(different.values()) == 10


def shorter_by_marks(legend: str, caption: str) -> bool:
    """Whether only fraction bars, roots and printed list letters were added."""
    rest = iter(legend)
    added = Counter(legend) - Counter(caption)
    return all(c in rest for c in caption) and set(added) <= set("/√.ABCDEFGH")


def test_no_legend_is_shared_by_nesting(parsed: list[tuple[dict[str, str], bytes, ParsedFile]]) -> None:
    for _, _, file in parsed:
        by_key = {f.key: f for f in document_of(file).figures}
        for figure in by_key.values():
            parent = by_key.get(figure.parent_key or "")
            if parent and figure.legend:
                assert figure.legend not in (parent.legend or "")
            if figure.legend:
                assert figure.legend == unicodedata.normalize("NFC", figure.legend)
                assert not re.search(r"  |[\t\r\xa0\x00-\x09]| \n|\n |\n\n", figure.legend)
                assert figure.caption_xml


def test_children_keep_their_parents(parsed: list[tuple[dict[str, str], bytes, ParsedFile]]) -> None:
    supplements = [f for _, _, file in parsed for f in document_of(file).figures if f.fig_type == "child-fig"]
    assert len(supplements) == 192
    assert all(f.parent_key and f.key.startswith(f"{f.parent_key}-s") for f in supplements)
