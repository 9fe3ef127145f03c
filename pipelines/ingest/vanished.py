"""What a provider withdrew, as pull noted it: a statement that the document is no longer there. Pure."""

from __future__ import annotations

from pipelines.core.ids import normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, EventRecord, ParsedFile, UnitCounts
from pipelines.ingest.json_records import JsonObject, date_of, load_object, text_of

PARSER_VERSION = 1


def is_record(value: JsonObject) -> bool:
    """True for a record that pull writes of an item that a source no longer lists."""
    return value.get("nightcap") == "vanished"


def parse_record(data: bytes) -> ParsedFile:
    """One event `deletion`, dated by the listing that no longer had it. RejectedInput: as load_object."""
    record = load_object(data)
    key = text_of(record, "key")
    ids = DocIds(normalise_doi(text_of(record, "doi")), normalise_pmcid(text_of(record, "pmcid")),
                 normalise_pmid(text_of(record, "pmid")))  # fmt: skip
    target = ids if ids != DocIds() else DocIds(local_id=key)
    detail = f"{key} is no longer listed by {text_of(record, 'source')}"
    event = EventRecord(target, "deletion", "deletion", date_of(text_of(record, "date")), detail)
    return ParsedFile("vanished", counts={"event": UnitCounts(n_in=1, valid=1)}, events=(event,))
