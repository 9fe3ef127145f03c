"""A record of Europe PMC (search with resultType=core): an article's ids, licence and integrity.

The full text comes as JATS in a file of its own. Values may be wrapped in lists of one element, or the record may lie
under `full`: so do tools write them that people collect records with. Pure: bytes in, records out.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from pipelines.core.ids import normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, EventRecord, ParsedFile, Reason, Rejection, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest.json_records import JsonObject, date_of, load_object, objects_of, single, text_of, texts_of
from pipelines.ingest.licences import class_of_code

PARSER_VERSION = 1
#: Statement → (event, whether the record's own article is the one concerned).
_STATEMENTS = {
    "retraction in": ("retraction", True), "retraction of": ("retraction", False),
    "partial retraction in": ("correction", True), "partial retraction of": ("correction", False),
    "expression of concern in": ("expression_of_concern", True),
    "expression of concern for": ("expression_of_concern", False),
    "erratum in": ("correction", True), "erratum for": ("correction", False),
    "corrected and republished in": ("correction", True), "corrected and republished from": ("correction", False),
    "preprint of": ("preprint_of", True), "preprint in": ("preprint_of", False),
}  # fmt: skip
#: Statements that change nothing about an article.
_IGNORED = {
    "comment in", "comment on", "cites", "republished in", "republished from", "reprint in", "reprint of", "update in",
    "update of", "original report in", "summary for patients in", "dataset described in", "dataset use reported in",
}  # fmt: skip
_RETRACTED = "retracted publication"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CITED_DATE = re.compile(rf"(?i)\b(1[6-9]\d\d|20\d\d) ({'|'.join(_MONTHS)})[a-z]*\.?(?: (\d{{1,2}}))?\b")
_MARKS = {"journalInfo", "pubTypeList", "inEPMC", "isOpenAccess", "authorString"}


def is_record(value: JsonObject) -> bool:
    """True for a record of Europe PMC, however wrapped."""
    record = _unwrap(value)
    return {"id", "source"} <= set(record) and not _MARKS.isdisjoint(record)


def _unwrap(value: JsonObject) -> JsonObject:
    inner = single(value.get("full"))
    return inner if isinstance(inner, dict) and "id" in inner else value


@dataclass
class _Statements:
    events: list[EventRecord] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    n_ignored: int = 0


def parse_record(data: bytes) -> ParsedFile:
    """Ids and statements of one record. RejectedInput: as load_object; no_identity where it names no article."""
    record = _unwrap(load_object(data))
    ids = read_ids(record)
    if ids == DocIds():
        raise RejectedInput(Reason.NO_IDENTITY, "the record has no DOI, PubMed id, PMC id or id of its source")
    found = _Statements()
    for statement in objects_of(record, "commentCorrectionList", "commentCorrection"):
        _read_statement(statement, record, ids, found)
    _add_marked_retraction(record, ids, found)
    if code := text_of(record, "license"):
        found.events.append(EventRecord(ids, "licence", "licence_stated", None, f"{code} ({class_of_code(code)})"))
    events = tuple(dict.fromkeys(found.events))
    counts = UnitCounts(
        n_in=len(found.events) + len(found.rejections) + found.n_ignored, valid=len(events),
        quarantined=len(found.rejections), duplicate=len(found.events) - len(events), ignored=found.n_ignored,
    )  # fmt: skip
    return ParsedFile("europepmc", rejections=tuple(found.rejections), counts={"event": counts}, events=events,
                      aliases=(ids,))  # fmt: skip


def read_ids(record: JsonObject) -> DocIds:
    """The article's ids; an id that only Europe PMC gives (a preprint's PPR…) is the local one."""
    own = _ids_of(text_of(record, "source"), text_of(record, "id"))
    return DocIds(
        doi=normalise_doi(text_of(record, "doi")),
        pmcid=normalise_pmcid(text_of(record, "pmcid")) or own.pmcid,
        pmid=normalise_pmid(text_of(record, "pmid")) or own.pmid,
        local_id=own.local_id,
    )


def _ids_of(source: str, name: str) -> DocIds:
    if source.upper() == "MED":
        return DocIds(pmid=normalise_pmid(name))
    if source.upper() == "PMC":
        return DocIds(pmcid=normalise_pmcid(name))
    return DocIds(local_id=name or None)


def _read_statement(statement: JsonObject, record: JsonObject, ids: DocIds, found: _Statements) -> None:
    kind, reference = text_of(statement, "type"), text_of(statement, "reference")
    if kind.lower() in _IGNORED:
        found.n_ignored += 1
        return
    other = _ids_of(text_of(statement, "source"), text_of(statement, "id"))
    if not {other.pmid, other.pmcid, other.local_id}.isdisjoint({ids.pmid, ids.pmcid, ids.local_id} - {None}):
        other = DocIds()  # itself: it names no other
    name = f"{kind}, {reference}" if reference else kind
    if kind.lower() not in _STATEMENTS:
        found.rejections.append(_rejected(Reason.UNKNOWN_TYPE, f"unknown statement {name!r}", ids))
        return
    event, is_own = _STATEMENTS[kind.lower()]
    if other == DocIds() and not is_own:
        found.rejections.append(_rejected(Reason.NO_IDENTITY, f"{name!r} names no other article", ids))
        return
    target, notice = (ids, other) if is_own else (other, ids)
    is_twin = event == "preprint_of"
    date = _cited_date(reference) if is_own else date_of(text_of(record, "firstPublicationDate"))
    found.events.append(EventRecord(target, "identity" if is_twin else "integrity", event, date, name[:300], notice))


def _add_marked_retraction(record: JsonObject, ids: DocIds, found: _Statements) -> None:
    """The publication type says it too; it counts where no statement names the notice."""
    is_marked = _RETRACTED in {t.lower() for t in texts_of(record, "pubTypeList", "pubType")}
    if is_marked and not any(e.event == "retraction" and e.target == ids for e in found.events):
        found.events.append(EventRecord(ids, "integrity", "retraction", None, "publication type Retracted Publication"))


def _cited_date(reference: str) -> dt.date | None:
    """Date of a citation, `J Foo. 2018 Sep 7;11:49`; the first of the month where it gives no day, None without one."""
    match = _CITED_DATE.search(reference)
    if not match:
        return None
    try:
        return dt.date(int(match.group(1)), _MONTHS.index(match.group(2).lower()) + 1, int(match.group(3) or 1))
    except ValueError:
        return None


def _rejected(reason: Reason, message: str, ids: DocIds) -> Rejection:
    return Rejection("event", reason, message[:300], ids.doi or ids.pmcid or ids.pmid or ids.local_id or "")
