"""The metadata of an article version in PMC's bucket: its ids, its licence code, and whether it is retracted.

The article itself comes as JATS in a file of its own. Every record states a licence, "none" where it has no code: by
that a record is known, and what an article's last one does not say any more holds no longer. Types are read leniently:
booleans may be words. Pure.
"""

from __future__ import annotations

from pipelines.core.ids import normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, EventRecord, ParsedFile, Reason, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest.json_records import JsonObject, load_object, single, text_of
from pipelines.ingest.licences import class_of_code

PARSER_VERSION = 2
_MARKS = {"license_code", "is_pmc_openaccess", "is_retracted", "xml_url"}
_YES = {"true", "yes", "y", "1"}


def is_record(value: JsonObject) -> bool:
    """True for the metadata of one article version."""
    return "pmcid" in value and not _MARKS.isdisjoint(value)


def parse_record(data: bytes) -> ParsedFile:
    """Ids and statements of one record. RejectedInput: as load_object; no_identity where it names no article."""
    record = load_object(data)
    ids = DocIds(normalise_doi(text_of(record, "doi")), normalise_pmcid(text_of(record, "pmcid")),
                 normalise_pmid(text_of(record, "pmid")))  # fmt: skip
    if ids == DocIds():
        raise RejectedInput(Reason.NO_IDENTITY, "the metadata have no DOI, PubMed id or PMC id", "pmcid")
    events = []
    if is_true(record, "is_retracted"):
        events.append(EventRecord(ids, "integrity", "retraction", None, "is_retracted in PMC's metadata"))
    code = text_of(record, "license_code")
    events.append(EventRecord(ids, "licence", "licence_stated", None, f"{code or 'none'} ({class_of_code(code)})"))
    counts = {"event": UnitCounts(n_in=len(events), valid=len(events))}
    return ParsedFile("pmc-metadata", counts=counts, events=tuple(events), aliases=(ids,))


def is_true(record: JsonObject, name: str) -> bool:
    """A yes in one of its spellings: true, "yes", "Y", 1."""
    value = single(record.get(name))
    return value if isinstance(value, bool) else str(value).strip().lower() in _YES
