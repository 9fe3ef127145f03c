"""A record of the bioRxiv/medRxiv API: a version of a preprint (`details`) or its journal article (`pubs`).

Both say which article a preprint became; `details` says that a preprint was withdrawn. Pure: bytes in, records out.
"""

from __future__ import annotations

import datetime as dt

from pipelines.core.ids import normalise_doi
from pipelines.core.records import DocIds, EventRecord, ParsedFile, Reason, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest.json_records import JsonObject, date_of, load_object, text_of

PARSER_VERSION = 1
_PREPRINT = ("preprint_doi", "biorxiv_doi", "medrxiv_doi")


def is_record(value: JsonObject) -> bool:
    """True for a record of either kind."""
    is_details = {"doi", "version", "date", "category"} <= set(value)
    return is_details or ("published_doi" in value and any(name in value for name in _PREPRINT))


def parse_record(data: bytes) -> ParsedFile:
    """The statements of one record. RejectedInput: as load_object; bad_doi where it names no preprint."""
    record = load_object(data)
    events = _of_pubs(record) if "published_doi" in record else _of_details(record)
    return ParsedFile("biorxiv", counts={"event": UnitCounts(n_in=len(events), valid=len(events))}, events=events)


def _doi(record: JsonObject, *names: str) -> str:
    doi = next((d for name in names if (d := normalise_doi(text_of(record, name)))), None)
    if doi is None:
        stated = next((t for name in names if (t := text_of(record, name))), "")
        raise RejectedInput(Reason.BAD_DOI, f"{names[0]} is {stated!r}, no DOI", names[0])
    return doi


def _of_pubs(record: JsonObject) -> tuple[EventRecord, ...]:
    preprint, article = _doi(record, *_PREPRINT), _doi(record, "published_doi")
    journal = text_of(record, "published_journal")
    detail = f"published in {journal}" if journal else "published"
    return (_twin(preprint, article, detail, date_of(text_of(record, "published_date"))),)


def _twin(preprint: str, article: str, detail: str, date: dt.date | None = None) -> EventRecord:
    return EventRecord(DocIds(doi=preprint), "identity", "preprint_of", date, detail, DocIds(doi=article))


def _of_details(record: JsonObject) -> tuple[EventRecord, ...]:
    preprint, events = _doi(record, "doi"), []
    version = text_of(record, "version")
    if article := normalise_doi(text_of(record, "published")):
        events.append(_twin(preprint, article, "published"))
    if text_of(record, "type").lower() == "withdrawn":
        date, detail = date_of(text_of(record, "date")), f"withdrawn in version {version}"
        events.append(EventRecord(DocIds(doi=preprint), "integrity", "retraction", date, detail))
    return tuple(events)
