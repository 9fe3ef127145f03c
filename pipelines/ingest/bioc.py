"""BioC XML with one document a panel (Bio-ID): curated figures with joined legends and proved offsets.

Offsets count UTF-8 bytes in Bio-ID and code points elsewhere: whichever proves right for most mentions of a file holds
for the whole file, and every mention is proved against the text on its way into the joined legend.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lxml import etree

from pipelines.core.ids import UniqueKeys, figure_key, normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.labels import Labels, load_labels
from pipelines.core.records import (
    AnnotationRecord,
    CuratedFigure,
    DocIds,
    PanelRecord,
    ParsedFile,
    Reason,
    Rejection,
)
from pipelines.core.text import first_words
from pipelines.errors import RejectedInput
from pipelines.ingest.bioid_figures import FigureName, JoinedFigure, JoinedPanel, parse_figure_name
from pipelines.ingest.curation import (
    MAX_LEGEND,
    ResolvedId,
    Tally,
    TracedText,
    mark_nested,
    merge_rows,
    resolve_raw_id,
    trace_legend,
)
from pipelines.ingest.sourcedata_tags import is_machine_made
from pipelines.ingest.xml_safety import parse_xml

#: Most panels of one figure, whose texts are all compared with each other; real ones have a few dozen.
MAX_PANELS = 200
#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "bioc"


@dataclass(frozen=True)
class _RawMention:
    """An annotation as delivered: offset and length in the file's unit, relative to its passage."""

    tag_id: str
    raw_id: str
    offset: int | None
    length: int
    text: str
    n_locations: int
    is_machine: bool = False


@dataclass(frozen=True)
class _Block:
    """A passage, or a sentence of one, and its mentions."""

    offset: int
    text: str
    mentions: tuple[_RawMention, ...]


@dataclass(frozen=True)
class _Row:
    """A proved mention in the normalised text of its document."""

    start: int
    end: int
    tag_id: str
    resolved: ResolvedId
    raw: _RawMention


@dataclass
class _Document:
    """One BioC document = one delivered panel."""

    document_id: str
    ids: DocIds
    name: FigureName
    blocks: tuple[_Block, ...]
    text: str = ""
    rows: list[_Row] = field(default_factory=list)

    @property
    def n_mentions(self) -> int:
        return sum(len(block.mentions) for block in self.blocks)


@dataclass(frozen=True)
class _Context:
    """What holds for the whole file."""

    is_bytes: bool
    labels: Labels
    tally: Tally


def _infons(element: etree._Element) -> dict[str, str]:
    return {str(i.get("key", "")): (i.text or "").strip() for i in element.findall("infon")}


_MOST_DIGITS = 12  # no passage is longer, and Python refuses to read thousands of digits


def _as_int(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _read_mention(element: etree._Element) -> _RawMention:
    infons = _infons(element)
    locations = element.findall("location")
    place = locations[0] if locations else None
    return _RawMention(
        tag_id=str(element.get("id", "")),
        raw_id=infons.get("identifier") or infons.get("type", ""),
        offset=_as_int(place.get("offset")) if place is not None else None,
        length=(_as_int(place.get("length")) or 0) if place is not None else 0,
        text=element.findtext("text") or "",
        n_locations=len(locations),
        is_machine=is_machine_made(infons, load_labels()),
    )


def _iter_blocks(document: etree._Element) -> Iterator[_Block]:
    for passage in document.findall("passage"):
        sentences = passage.findall("sentence")
        for part in sentences if sentences and not passage.findtext("text") else [passage]:
            mentions = tuple(_read_mention(a) for a in part.iter("annotation"))
            yield _Block(_as_int(part.findtext("offset")) or 0, part.findtext("text") or "", mentions)


def _read_document(element: etree._Element) -> _Document:
    infons = _infons(element)
    document_id = (element.findtext("id") or "").strip()
    local, _, rest = document_id.partition(" ")
    doi, pmcid = normalise_doi(infons.get("doi")), normalise_pmcid(infons.get("pmc_id") or infons.get("pmcid"))
    pmid = normalise_pmid(infons.get("pmid"))
    name = infons.get("figure") or infons.get("sourcedata_figure_dir") or rest or document_id
    ids = DocIds(doi, pmcid, pmid, None if doi or pmcid or pmid else local or None)
    return _Document(document_id, ids, parse_figure_name(name), tuple(_iter_blocks(element)))


def _slice(block: _Block, mention: _RawMention, is_bytes: bool) -> tuple[int, int] | None:
    """Code-point span of a mention in its block; None where it lies outside or cuts a character."""
    if mention.offset is None or mention.length <= 0:
        return None
    start, end = mention.offset - block.offset, mention.offset - block.offset + mention.length
    if not is_bytes:
        return (start, end) if start >= 0 and end <= len(block.text) else None
    raw = block.text.encode("utf-8")
    if start < 0 or end > len(raw):
        return None
    try:
        before = raw[:start].decode("utf-8")
        return len(before), len(before) + len(raw[start:end].decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _count_hits(blocks: Sequence[_Block], is_bytes: bool) -> int:
    spans = ((b, m, _slice(b, m, is_bytes)) for b in blocks for m in b.mentions)
    return sum(span is not None and b.text[span[0] : span[1]] == m.text for b, m, span in spans)


def detect_byte_offsets(blocks: Sequence[_Block]) -> bool:
    """True where offsets as UTF-8 bytes prove right for more mentions of the file than offsets as code points."""
    ascii_only = all(block.text.isascii() for block in blocks)
    return not ascii_only and _count_hits(blocks, is_bytes=True) > _count_hits(blocks, is_bytes=False)


def _check_mention(block: _Block, mention: _RawMention, is_bytes: bool) -> tuple[tuple[int, int] | None, Reason, str]:
    """The span, or None with the reason and what is wrong in words."""
    unit = "bytes" if is_bytes else "characters"
    if mention.n_locations > 1:
        return None, Reason.TEXT_MISMATCH, f"it has {mention.n_locations} locations: no single stretch of text"
    span = _slice(block, mention, is_bytes)
    if span is None:
        place = f"offset {mention.offset} and length {mention.length}"
        return None, Reason.OFFSET_OUT_OF_RANGE, f"{place} (in {unit}) do not lie in the passage"
    found = block.text[span[0] : span[1]]
    if found != mention.text:
        return None, Reason.TEXT_MISMATCH, f"the text at its offset is {first_words(found)!r}"
    return span, Reason.TEXT_MISMATCH, ""


def _reject_mention(document: _Document, mention: _RawMention, reason: Reason, why: str) -> Rejection:
    payload: dict[str, object] = {
        "document": document.document_id, "annotation": mention.tag_id, "text": mention.text, "type": mention.raw_id,
        "offset": mention.offset, "length": mention.length,
    }  # fmt: skip
    message = f"annotation {mention.tag_id} ({first_words(mention.text)!r}, {mention.raw_id!r}) was refused: {why}"
    return Rejection("annotation", reason, message, f"{document.document_id}#{mention.tag_id}", payload)


def _read_rows(document: _Document, context: _Context) -> None:
    """Normalises the document's text and proves its mentions; blocks are joined by one space."""
    for block in document.blocks:
        traced = trace_legend(" ".join(block.text.split("\n")))
        base = len(document.text) + 1 if document.text and traced.text else len(document.text)
        document.text = f"{document.text} {traced.text}".strip()
        for mention in block.mentions:
            row = _prove(document, (block, mention), traced, context)
            if isinstance(row, Rejection):
                context.tally.reject(row)
            else:
                document.rows.append(replace(row, start=row.start + base, end=row.end + base))


def _prove(
    document: _Document, place: tuple[_Block, _RawMention], traced: TracedText, context: _Context
) -> _Row | Rejection:
    """The mention in the normalised text of its block, or why it is refused."""
    block, mention = place
    span, reason, why = _check_mention(block, mention, context.is_bytes)
    if span is None:
        return _reject_mention(document, mention, reason, why)
    resolved = resolve_raw_id(mention.raw_id, context.labels)
    if resolved is None:
        return _reject_mention(document, mention, Reason.UNKNOWN_TYPE, "its id names no known database or type")
    placed = traced.map_span(*span)
    if placed is None:
        return _reject_mention(document, mention, Reason.TEXT_MISMATCH, "it is white space only")
    return _Row(placed[0], placed[1], mention.tag_id, resolved, mention)


def _make_annotation(row: _Row, legend: str, span: tuple[int, int], panel_no: int | None) -> AnnotationRecord:
    has_id = bool(row.resolved.ext_id)
    return AnnotationRecord(
        start=span[0],
        end=span[1],
        text=legend[span[0] : span[1]],
        entity_type=row.resolved.entity_type,
        raw_type=row.resolved.raw_type,
        ext_ids=(row.resolved.ext_id,) if has_id else (),
        ext_dbs=(row.resolved.ext_db,) if has_id else (),
        tag_ids=(row.tag_id,) if row.tag_id else (),
        panel_no=panel_no,
        is_machine=row.raw.is_machine,
    )


def _panel_of(panels: Sequence[JoinedPanel], at: int) -> int | None:
    return next((n for n, panel in enumerate(panels) if panel.start <= at < panel.end), None)


def _place_rows(documents: Sequence[_Document], joined: JoinedFigure, tally: Tally) -> list[AnnotationRecord]:
    out = []
    for i, document in enumerate(documents):
        for row in document.rows:
            span = joined.locate(i, row.start, row.end)
            if span is None or joined.legend[span[0] : span[1]] != document.text[row.start : row.end]:
                why = "its text does not stand in the joined legend of the figure"
                tally.reject(_reject_mention(document, row.raw, Reason.TEXT_MISMATCH, why))
            else:
                out.append(_make_annotation(row, joined.legend, span, _panel_of(joined.panels, span[0])))
    return out


def _make_panels(documents: Sequence[_Document], joined: JoinedFigure) -> tuple[PanelRecord, ...]:
    return tuple(
        PanelRecord(
            panel_no=n,
            start=panel.start,
            end=panel.end,
            labels=panel.labels,
            marker_offsets=panel.marker_offsets,
            has_marker=panel.has_marker,
            is_labelled=any(not row.raw.is_machine for d in panel.documents for row in documents[d].rows),
            external_id=documents[panel.documents[0]].document_id or None,
        )
        for n, panel in enumerate(joined.panels)
    )


def _make_figure(documents: Sequence[_Document], key: str, position: int, tally: Tally) -> CuratedFigure:
    _refuse_endless(documents)
    spans = [[(row.start, row.end) for row in document.rows] for document in documents]
    joined = JoinedFigure([d.text for d in documents], [d.name.letters for d in documents], spans)
    records, n_repeated = merge_rows(_place_rows(documents, joined, tally))
    panels = _make_panels(documents, joined)
    tally.count("annotation", "duplicate", n_repeated)
    tally.count("annotation", "valid", sum(record.n_source_rows for record in records))
    tally.count("panel", "valid", len(panels))
    tally.count("panel", "duplicate", len(documents) - len(panels))
    return CuratedFigure(
        ids=_first_ids(documents),
        key=key,
        legend=joined.legend,
        label=documents[0].name.label,
        external_id=documents[0].document_id or None,
        position=position,
        panels=panels,
        annotations=mark_nested(records),
    )


def _refuse_endless(documents: Sequence[_Document]) -> None:
    n, size = len(documents), sum(len(d.text) for d in documents)
    if n > MAX_PANELS or size > MAX_LEGEND:
        message = f"figure {documents[0].name.label or ''} has {n:,} panels with {size:,} characters; the limits are "
        raise RejectedInput(Reason.TOO_LARGE, f"{message}{MAX_PANELS} and {MAX_LEGEND:,}: no figure is like that")


def _first_ids(documents: Sequence[_Document]) -> DocIds:
    """The ids of an article from all its panels, which may each give only some of them."""
    found: dict[str, str | None] = {}
    for kind in ("doi", "pmcid", "pmid", "local_id"):
        found[kind] = next((getattr(d.ids, kind) for d in documents if getattr(d.ids, kind)), None)
    return DocIds(**found)


def _reject_document(document: _Document, reason: Reason, why: str, tally: Tally) -> None:
    where = document.document_id
    tally.reject(Rejection("panel", reason, f"document {where!r} was refused: {why}", where))
    if document.n_mentions:
        message = f"{document.n_mentions} annotations of document {where!r} were refused with it"
        tally.reject(Rejection("annotation", Reason.PARENT_REJECTED, message, where, n=document.n_mentions))


def _usable_documents(root: etree._Element, tally: Tally) -> list[_Document]:
    documents = [_read_document(element) for element in root.findall("document")]
    is_bytes = detect_byte_offsets([block for document in documents for block in document.blocks])
    context = _Context(is_bytes, load_labels(), tally)
    usable = []
    for document in documents:
        tally.count("panel", "n_in")
        tally.count("annotation", "n_in", document.n_mentions)
        if document.ids == DocIds():
            _reject_document(document, Reason.NO_IDENTITY, "it has neither DOI, PMC id, PubMed id nor id", tally)
        elif not any(block.text.strip() for block in document.blocks):
            _reject_document(document, Reason.NO_LEGEND, "it has no text", tally)
        else:
            _read_rows(document, context)
            usable.append(document)
    return usable


def _article_key(document: _Document) -> str:
    ids = document.ids
    return ids.pmcid or ids.doi or ids.pmid or ids.local_id or ""


def _group(documents: Sequence[_Document]) -> Mapping[str, Mapping[str, list[_Document]]]:
    """Documents by article, then by figure number, each in file order, which is the order of the text."""
    out: dict[str, dict[str, list[_Document]]] = {}
    for document in documents:
        out.setdefault(_article_key(document), {}).setdefault(document.name.number, []).append(document)
    return out


def _stated_date(root: etree._Element) -> dt.date | None:
    text = (root.findtext("date") or "").strip().replace("-", "")
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == 8 else None
    except ValueError:
        return None


def parse_bioc(data: bytes) -> ParsedFile:
    """Curated figures of one BioC file, with one rejection for every panel or mention that cannot be used.

    Raises RejectedInput where the file as a whole cannot be read. Counts: `document` articles, `figure` figures,
    `panel` BioC documents, `annotation` BioC annotations; repeats of a panel or mention count as duplicate.
    """
    root = parse_xml(data)
    if root.tag != "collection":
        raise RejectedInput(Reason.UNKNOWN_FORMAT, f"root element <{root.tag}> is not BioC: expected collection")
    tally = Tally()
    figures: list[CuratedFigure] = []
    for by_number in _group(_usable_documents(root, tally)).values():
        keys = UniqueKeys()
        ids = _first_ids(list(itertools.chain(*by_number.values())))
        for position, documents in enumerate(by_number.values()):
            key = keys.add(figure_key(documents[0].name.label, position))
            figures.append(_make_figure(documents, key, position, tally))
        stated = _stated_date(root)
        figures[-len(keys) :] = [replace(f, ids=ids, stated_date=stated) for f in figures[-len(keys) :]]
        for kind in ("n_in", "valid"):
            tally.count("document", kind)
            tally.count("figure", kind, len(keys))
    return ParsedFile(FORMAT, (), tuple(figures), tuple(tally.rejections), tally.balance())
