"""Lists of statements about papers: the Retraction Watch table, and plain lists of the ids of retracted papers.

Retraction Watch (one CSV of some 70,000 rows, anew each working day): several rows a paper, `unavailable` and `0` for
no id, lists by `;`, dates `4/15/2021 0:00` or `2021-04-15`, not clean UTF-8. Only its nature Retraction withdraws a
paper, Reinstatement gives it back. Plain lists say that a paper is retracted and nothing else. Pure: bytes in, records
out.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pipelines.core.ids import normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, EventRecord, ParsedFile, Reason, Rejection, UnitCounts
from pipelines.errors import RejectedInput

#: Raised by hand whenever the same bytes would give other records.
PARSER_VERSION = 2

_COLUMNS = (
    "Record ID", "RetractionDate", "RetractionDOI", "RetractionPubMedID", "OriginalPaperDOI", "OriginalPaperPubMedID",
    "RetractionNature", "Reason",
)  # fmt: skip
_NATURES = {
    "retraction": "retraction", "expression of concern": "expression_of_concern", "correction": "correction",
    "reinstatement": "reinstatement",
}  # fmt: skip
_DATE = re.compile(r"(?:(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})|(?P<iso>\d{4}-\d\d-\d\d))(?:[\sT].*)?")
_BETWEEN_IDS = re.compile(r"(?i)[,;\s]+(?=pmid:|pmcid:|pmc\d|doi:)")
_ID_FORMS = {
    "pmid": re.compile(r"(?i)(?:pmid:\s*)?(\d{1,8})"),
    "pmcid": re.compile(r"(?i)(?:pmcid:\s*)?(pmc\d{1,8})"),
    "doi": re.compile(r"(?i)(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S+)"),
}
_LOOKED_AT = 20
_EXAMPLES = 10

Statement = EventRecord | Rejection


def find_reader(data: bytes) -> Callable[[bytes], ParsedFile] | None:
    """The reader for these bytes, by the first lines (of a plain list most are ids); None where they are no list."""
    head = _decode(data[: 1 << 16]).splitlines()
    if "Record ID" in (head[0] if head else "") and "RetractionNature" in head[0]:
        return parse_retraction_watch
    ids = [line for line in map(str.strip, head) if line and line[0] not in "!#"][:_LOOKED_AT]
    return parse_id_list if 2 * sum(_read_ids(line) is not None for line in ids) > len(ids) else None


def parse_retraction_watch(data: bytes) -> ParsedFile:
    """Statements of the Retraction Watch table; a row that names its paper by neither DOI nor PubMed id (some percent:
    talks, old papers) can concern no document and is ignored, with count.

    RejectedInput: not_well_formed for broken CSV, unknown_format where a column lacks.
    """
    reader = csv.DictReader(io.StringIO(_decode(data), newline=""), strict=True)
    try:
        if lacking := [c for c in _COLUMNS if c not in (reader.fieldnames or ())]:
            raise RejectedInput(Reason.UNKNOWN_FORMAT, f"the Retraction Watch table has no column {lacking[0]!r}")
        rows = [list(_read_row(row)) for row in reader]
    except csv.Error as error:
        line = max(reader.line_num, 1)  # 0 in the header
        raise RejectedInput(Reason.NOT_WELL_FORMED, f"broken CSV before line {line}: {error}", f"{line}:1") from error
    return _parsed("retraction_watch", [s for row in rows for s in row], n_ignored=rows.count([]))


def parse_id_list(data: bytes) -> ParsedFile:
    """One retracted paper a line: PubMed id, `PMID:1`, PMC id or DOI, or several by commas (`PMID:1,PMCID:PMC2`); lines
    that begin with ! or # are comments."""
    lines = ((n, line.strip()) for n, line in enumerate(_decode(data).splitlines(), start=1))
    return _parsed("id_list", [_read_line(n, line) for n, line in lines if line and line[0] not in "!#"])


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _parsed(name: str, statements: Sequence[Statement], n_ignored: int = 0) -> ParsedFile:
    events = [s for s in statements if isinstance(s, EventRecord)]
    refused = [s for s in statements if isinstance(s, Rejection)]
    unique = tuple(dict.fromkeys(events))
    counts = UnitCounts(len(statements) + n_ignored, valid=len(unique), quarantined=len(refused),
                        duplicate=len(events) - len(unique), ignored=n_ignored)  # fmt: skip
    return ParsedFile(name, rejections=tuple(_joined(refused)), counts={"event": counts}, events=unique)


def _joined(refused: Sequence[Rejection]) -> Iterator[Rejection]:
    """Rows refused for one reason as one unit: the same rows come with every delivery of the list."""
    for reason in dict.fromkeys(r.reason for r in refused):
        alike = [r for r in refused if r.reason == reason]
        examples = [r.locator for r in alike[:_EXAMPLES]]
        message = alike[0].message if len(alike) == 1 else f"{len(alike)} rows, the first: {alike[0].message}"
        yield Rejection("event", reason, message, payload={"examples": examples}, n=len(alike))


def _read_row(row: Mapping[str | None, str | None]) -> Iterator[Statement]:
    """One statement a paper: a row with several DOIs names several, one with no id none. A date that cannot be read is
    refused by itself: the paper is retracted whenever it was."""
    name = f"record {row['Record ID']}"
    if None in row or None in row.values():
        yield Rejection("event", Reason.NOT_WELL_FORMED, f"{name} has another number of fields than the header", name)
        return
    text = {k: (v or "").strip() for k, v in row.items()}
    event = _NATURES.get(text["RetractionNature"].lower())
    if event is None:
        yield Rejection("event", Reason.UNKNOWN_TYPE, f"{name}: unknown nature {text['RetractionNature']!r}", name)
        return
    notice = next(iter(_papers(text["RetractionDOI"], text["RetractionPubMedID"])), DocIds())
    papers = _papers(text["OriginalPaperDOI"], text["OriginalPaperPubMedID"])
    date = _read_date(text["RetractionDate"])
    stated = f" on {text['RetractionDate']}" if date is None and text["RetractionDate"] else ""
    detail = f"Retraction Watch {name}{stated}: {text['Reason']}"[:300]
    if stated and papers:
        message = f"{name}: {text['RetractionDate'][:40]!r} is no date like 4/15/2021 or 2021-04-15, it stands undated"
        yield Rejection("event", Reason.BAD_DATE, message, name)
    for paper in papers:
        target, by = _apart(paper, notice)
        yield EventRecord(target, "integrity", event, date, detail, by)


def _papers(dois: str, pmids: str) -> list[DocIds]:
    """One paper where there is one id of each kind; else one for each id, for nothing says which belong together."""
    found = [d for text in dois.split(";") if (d := normalise_doi(text))]
    numbers = [p for text in pmids.split(";") if (p := normalise_pmid(text))]
    if len(found) == 1 and len(numbers) == 1:
        return [DocIds(doi=found[0], pmid=numbers[0])]
    return [DocIds(doi=d) for d in dict.fromkeys(found)] + [DocIds(pmid=p) for p in dict.fromkeys(numbers)]


def _apart(paper: DocIds, notice: DocIds) -> tuple[DocIds, DocIds]:
    """Paper and notice with no id in common: under one PubMed id the two would become one document."""
    if paper.doi and paper.pmid == notice.pmid:
        paper = replace(paper, pmid=None)
    return paper, DocIds(
        doi=None if notice.doi == paper.doi else notice.doi, pmid=None if notice.pmid == paper.pmid else notice.pmid
    )


def _read_date(text: str) -> dt.date | None:
    match = _DATE.fullmatch(text)
    try:
        if match and match["iso"]:
            return dt.date.fromisoformat(match["iso"])
        return dt.date(int(match["year"]), int(match["month"]), int(match["day"])) if match else None
    except ValueError:
        return None


def _read_line(number: int, line: str) -> Statement:
    ids = _read_ids(line)
    if ids is None:
        return Rejection("event", Reason.NO_IDENTITY, f"line {number} is no id: {line[:60]!r}", f"line {number}")
    return EventRecord(ids, "integrity", "retraction", detail="in a list of retracted papers")


def _read_ids(line: str) -> DocIds | None:
    """The ids of one paper, at most one of each kind; None where anything else is in the line."""
    found: dict[str, str] = {}
    for word in _BETWEEN_IDS.split(line):
        named = [(kind, m[1]) for kind, pattern in _ID_FORMS.items() if (m := pattern.fullmatch(word))]
        if len(named) != 1 or named[0][0] in found:
            return None
        found.update(named)
    ids = DocIds(
        normalise_doi(found.get("doi")), normalise_pmcid(found.get("pmcid")), normalise_pmid(found.get("pmid"))
    )
    return None if ids == DocIds() else ids
