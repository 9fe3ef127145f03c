"""PubAnnotation JSON: one document or a list of them, each a text with denotations in code points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipelines.core.ids import normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, ParsedFile, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.curation import Tally
from pipelines.ingest.json_safety import iter_objects, load_json, text_of
from pipelines.ingest.mentions import RawMention, as_int
from pipelines.ingest.texts import MarkedText, parse_texts

#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "pubannotation"
#: Attributes that say what a denotation means to its database; other attributes are not kept.
_ID_ATTRIBUTES = frozenset({"identifier", "id", "norm", "normalization", "normalisation", "resource"})


def _ids(document: Mapping[str, object]) -> DocIds:
    base, local = text_of(document.get("sourcedb")).strip(), text_of(document.get("sourceid")).strip()
    if not local:
        return DocIds()
    if base.lower() == "pubmed" and (pmid := normalise_pmid(local)):
        return DocIds(pmid=pmid)
    if base.lower() == "pmc" and (pmcid := normalise_pmcid(local)):
        return DocIds(pmcid=pmcid)
    return DocIds(local_id=f"{base}:{local}" if base else local)


def _key(document: Mapping[str, object]) -> str:
    division = text_of(document.get("divid")).strip()
    return f"div-{division}" if division else "text"


def _attributes(document: Mapping[str, object]) -> dict[str, list[str]]:
    """Ids that attributes give, by the denotation they are about."""
    out: dict[str, list[str]] = {}
    for attribute in iter_objects(document.get("attributes")):
        if text_of(attribute.get("pred")).strip().lower() in _ID_ATTRIBUTES:
            out.setdefault(text_of(attribute.get("subj")), []).append(text_of(attribute.get("obj")).strip())
    return out


def _place(span: Mapping[str, object]) -> tuple[int | None, int]:
    begin, end = as_int(span.get("begin")), as_int(span.get("end"))
    return begin, end - begin if begin is not None and end is not None else 0


def _iter_mentions(document: Mapping[str, object]) -> Iterator[RawMention]:
    """Denotations; one in several pieces has a list of spans. An `obj` with a prefix (`UBERON:0000955`) is an id itself
    and its prefix the type."""
    attributes = _attributes(document)
    for denotation in iter_objects(document.get("denotations")):
        span, obj = denotation.get("span"), text_of(denotation.get("obj")).strip()
        spans = iter_objects(span) if isinstance(span, list) else iter_objects([span])
        tag_id = text_of(denotation.get("id"))
        is_id = ":" in obj and "/" not in obj
        raw_ids = (*((obj,) if is_id else ()), *attributes.get(tag_id, ()))
        raw_type = obj.partition(":")[0] if is_id else obj
        yield RawMention(tag_id, raw_type, tuple(i for i in raw_ids if i), tuple(_place(s) for s in spans))


def _iter_texts(value: object) -> Iterator[MarkedText]:
    for n, document in enumerate(iter_objects(value if isinstance(value, list) else [value]), start=1):
        ids = _ids(document)
        source = f"{text_of(document.get('sourcedb'))}:{text_of(document.get('sourceid'))}".strip(":")
        where = f"document {source or n}"
        yield MarkedText(where, text_of(document.get("text")), tuple(_iter_mentions(document)), ids, _key(document))


def parse_pubannotation(data: bytes, labels: str = "") -> ParsedFile:
    """Curated texts of one PubAnnotation file; relations between denotations are ignored and counted.

    Offsets are code points, as the format says: it does not repeat the text of a denotation, so only their range can be
    proved. Raises RejectedInput where the file as a whole cannot be read.
    """
    value = load_json(data)
    documents = list(iter_objects(value if isinstance(value, list) else [value]))
    if not any(isinstance(document.get("text"), str) for document in documents):
        raise RejectedInput(Reason.UNKNOWN_FORMAT, "no PubAnnotation: expected an object, or a list of them, with text")
    tally = Tally()
    n_relations = sum(1 for d in documents for _ in iter_objects(d.get("relations")))
    tally.count("annotation", "n_in", n_relations)
    tally.count("annotation", "ignored", n_relations)
    return parse_texts(list(_iter_texts(value)), FORMAT, labels, tally)
