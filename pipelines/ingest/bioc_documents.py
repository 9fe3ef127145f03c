"""BioC in both of its spellings, XML and JSON, read into the same documents."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from pipelines.core.ids import normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.labels import load_labels
from pipelines.core.records import DocIds, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.bioid_figures import FigureName, parse_figure_name
from pipelines.ingest.json_safety import iter_objects, load_json, text_of
from pipelines.ingest.mentions import Block, RawMention, Row, as_int
from pipelines.ingest.sourcedata_tags import is_machine_made
from pipelines.ingest.xml_safety import parse_xml

_BETWEEN_IDS = re.compile(r"\s*[|;,]\s*")


@dataclass
class Document:
    """One BioC document = one delivered panel, or one text; `text` and `rows` are filled as it is proved."""

    document_id: str
    ids: DocIds
    name: FigureName
    blocks: tuple[Block, ...]
    text: str = ""
    rows: list[Row] = field(default_factory=list)

    @property
    def n_mentions(self) -> int:
        return sum(len(block.mentions) for block in self.blocks)


def _make_document(document_id: str, infons: Mapping[str, str], blocks: tuple[Block, ...]) -> Document:
    local, _, rest = document_id.partition(" ")
    doi, pmcid = normalise_doi(infons.get("doi")), normalise_pmcid(infons.get("pmc_id") or infons.get("pmcid"))
    pmid = normalise_pmid(infons.get("pmid"))
    name = infons.get("figure") or infons.get("sourcedata_figure_dir") or rest
    name = name or ("" if document_id.isdigit() else document_id)  # a bare number is an id of the text, not of a figure
    ids = DocIds(doi, pmcid, pmid, None if doi or pmcid or pmid else local or None)
    return Document(document_id, ids, parse_figure_name(name), blocks)


def make_mention(
    tag_id: str, infons: Mapping[str, str], places: tuple[tuple[int | None, int], ...], text: str
) -> RawMention:
    """A mention whose infons give its type and, where there are some, its ids."""
    raw_ids = tuple(i for i in _BETWEEN_IDS.split(infons.get("identifier", "")) if i)
    is_machine = is_machine_made(infons, load_labels())
    return RawMention(tag_id, infons.get("type", ""), raw_ids, places, text, is_machine=is_machine)


# XML


def _infons(element: etree._Element) -> dict[str, str]:
    return {str(i.get("key", "")): (i.text or "").strip() for i in element.findall("infon")}


def _read_mention(element: etree._Element) -> RawMention:
    places = tuple((as_int(p.get("offset")), as_int(p.get("length")) or 0) for p in element.findall("location"))
    return make_mention(str(element.get("id", "")), _infons(element), places, element.findtext("text") or "")


def _iter_blocks(document: etree._Element) -> Iterator[Block]:
    for passage in document.findall("passage"):
        sentences = passage.findall("sentence")
        for part in sentences if sentences and not passage.findtext("text") else [passage]:
            mentions = tuple(_read_mention(a) for a in part.iter("annotation"))
            yield Block(as_int(part.findtext("offset")) or 0, part.findtext("text") or "", mentions)


def read_xml(data: bytes) -> tuple[list[Document], dt.date | None]:
    """(documents, date that the collection states) of BioC XML."""
    root = parse_xml(data)
    if root.tag != "collection":
        raise RejectedInput(Reason.UNKNOWN_FORMAT, f"root element <{root.tag}> is not BioC: expected collection")
    documents = [
        _make_document((d.findtext("id") or "").strip(), _infons(d), tuple(_iter_blocks(d)))
        for d in root.findall("document")
    ]
    return documents, _stated_date(root.findtext("date") or "")


# JSON


def _texts(value: object) -> dict[str, str]:
    return {str(k): text_of(v).strip() for k, v in value.items()} if isinstance(value, dict) else {}


def _read_json_mention(raw: Mapping[str, object]) -> RawMention:
    places = tuple((as_int(p.get("offset")), as_int(p.get("length")) or 0) for p in iter_objects(raw.get("locations")))
    return make_mention(text_of(raw.get("id")), _texts(raw.get("infons")), places, text_of(raw.get("text")))


def _iter_json_blocks(document: Mapping[str, object]) -> Iterator[Block]:
    for passage in iter_objects(document.get("passages")):
        sentences = list(iter_objects(passage.get("sentences")))
        is_split = bool(sentences) and not passage.get("text")
        for part in sentences if is_split else [passage]:
            found = [part, *(() if is_split else sentences)]  # of a passage with a text of its own, its sentences', too
            mentions = tuple(_read_json_mention(a) for p in found for a in iter_objects(p.get("annotations")))
            yield Block(as_int(part.get("offset")) or 0, text_of(part.get("text")), mentions)


def _iter_collections(value: object) -> Iterator[Mapping[str, object]]:
    """Collections in any of their wrappings: alone, in a list, as PubTator's export, or a document without one."""
    for part in value if isinstance(value, list) else [value]:
        if not isinstance(part, dict):
            continue
        if "passages" in part:
            yield {"documents": [part]}
        elif isinstance(found := part.get("documents", part.get("PubTator3")), list):
            yield {**part, "documents": found}


def read_json(data: bytes) -> tuple[list[Document], dt.date | None]:
    """(documents, date that the first collection states) of BioC JSON."""
    collections = list(_iter_collections(load_json(data)))
    if not collections:
        raise RejectedInput(Reason.UNKNOWN_FORMAT, "no BioC JSON: expected an object with documents")
    documents = [
        _make_document(text_of(d.get("id")).strip(), _texts(d.get("infons")), tuple(_iter_json_blocks(d)))
        for c in collections
        for d in iter_objects(c.get("documents"))
    ]
    return documents, _stated_date(text_of(collections[0].get("date")))


def _stated_date(text: str) -> dt.date | None:
    text = text.strip().replace("-", "")
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == 8 else None
    except ValueError:
        return None
