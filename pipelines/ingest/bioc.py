"""BioC with one document a panel (Bio-ID) or a text: curated figures with joined legends and proved offsets."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.core.ids import UniqueKeys, figure_key
from pipelines.core.labels import load_labels
from pipelines.core.records import (
    AnnotationRecord,
    CuratedFigure,
    DocIds,
    PanelRecord,
    ParsedFile,
    Reason,
    Rejection,
)
from pipelines.errors import RejectedInput
from pipelines.ingest.bioc_documents import Document, read_json, read_xml
from pipelines.ingest.bioid_figures import JoinedFigure, JoinedPanel
from pipelines.ingest.curation import MAX_LEGEND, Tally, mark_nested, merge_rows, trace_legend
from pipelines.ingest.json_safety import refuse_control_characters
from pipelines.ingest.mentions import Context, detect_byte_offsets, make_annotation, prove, reject_mention

#: Most panels of one figure, whose texts are all compared with each other; real ones have a few dozen.
MAX_PANELS = 200
#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "bioc"


def _read_rows(document: Document, context: Context) -> None:
    """Normalises the document's text and proves its mentions; blocks are joined by one space."""
    for block in document.blocks:
        refuse_control_characters(block.text)
        traced = trace_legend(" ".join(block.text.split("\n")))
        base = len(document.text) + 1 if document.text and traced.text else len(document.text)
        document.text = f"{document.text} {traced.text}".strip()
        for mention in block.mentions:
            row = prove(document.document_id, block, mention, traced, context)
            if isinstance(row, Rejection):
                context.tally.reject(row)
            else:
                document.rows.append(replace(row, start=row.start + base, end=row.end + base))


def _panel_of(panels: Sequence[JoinedPanel], at: int) -> int | None:
    return next((n for n, panel in enumerate(panels) if panel.start <= at < panel.end), None)


def _place_rows(documents: Sequence[Document], joined: JoinedFigure, tally: Tally) -> list[AnnotationRecord]:
    out = []
    for i, document in enumerate(documents):
        for row in document.rows:
            span = joined.locate(i, row.start, row.end)
            if span is None or joined.legend[span[0] : span[1]] != document.text[row.start : row.end]:
                why = "its text does not stand in the joined legend of the figure"
                tally.reject(reject_mention(document.document_id, row.raw, Reason.TEXT_MISMATCH, why))
            else:
                panel_no = _panel_of(joined.panels, span[0])
                out.append(make_annotation(row, joined.legend, span, load_labels(), panel_no))
    return out


def _make_panels(documents: Sequence[Document], joined: JoinedFigure) -> tuple[PanelRecord, ...]:
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


def _make_figure(documents: Sequence[Document], key: str, position: int, tally: Tally) -> CuratedFigure:
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


def _refuse_endless(documents: Sequence[Document]) -> None:
    n, size = len(documents), sum(len(d.text) for d in documents)
    if n > MAX_PANELS or size > MAX_LEGEND:
        message = f"figure {documents[0].name.label or ''} has {n:,} panels with {size:,} characters; the limits are "
        raise RejectedInput(Reason.TOO_LARGE, f"{message}{MAX_PANELS} and {MAX_LEGEND:,}: no figure is like that")


def _first_ids(documents: Sequence[Document]) -> DocIds:
    """The ids of an article from all its panels, which may each give only some of them."""
    found: dict[str, str | None] = {}
    for kind in ("doi", "pmcid", "pmid", "local_id"):
        found[kind] = next((getattr(d.ids, kind) for d in documents if getattr(d.ids, kind)), None)
    return DocIds(**found)


def _reject_document(document: Document, reason: Reason, why: str, tally: Tally) -> None:
    where = document.document_id
    tally.reject(Rejection("panel", reason, f"document {where!r} was refused: {why}", where))
    if document.n_mentions:
        message = f"{document.n_mentions} annotations of document {where!r} were refused with it"
        tally.reject(Rejection("annotation", Reason.PARENT_REJECTED, message, where, n=document.n_mentions))


def _usable_documents(documents: Sequence[Document], labels: str, tally: Tally) -> list[Document]:
    is_bytes = detect_byte_offsets([block for document in documents for block in document.blocks])
    context = Context(is_bytes, load_labels(), load_labels().maps.get(labels), tally)
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


def _article_key(document: Document) -> str:
    ids = document.ids
    return ids.pmcid or ids.doi or ids.pmid or ids.local_id or ""


def _group(documents: Sequence[Document]) -> Mapping[str, Mapping[str, list[Document]]]:
    """Documents by article, then by figure number, each in file order, which is the order of the text."""
    out: dict[str, dict[str, list[Document]]] = {}
    for document in documents:
        out.setdefault(_article_key(document), {}).setdefault(document.name.number, []).append(document)
    return out


def parse_bioc(data: bytes, labels: str = "", *, is_json: bool = False) -> ParsedFile:
    """Curated figures of one BioC file, with one rejection for every panel or mention that cannot be used.

    `labels` names a map of labels.toml, "" where types are SourceData's. Raises RejectedInput where the file as a
    whole cannot be read. Counts: `document` articles, `figure` figures, `panel` BioC documents, `annotation` BioC
    annotations; repeats of a panel or mention count as duplicate.
    """
    found, stated = read_json(data) if is_json else read_xml(data)
    tally = Tally()
    figures: list[CuratedFigure] = []
    for by_number in _group(_usable_documents(found, labels, tally)).values():
        keys = UniqueKeys()
        ids = _first_ids(list(itertools.chain(*by_number.values())))
        for position, documents in enumerate(by_number.values()):
            key = keys.add(figure_key(documents[0].name.label, position))
            figures.append(_make_figure(documents, key, position, tally))
        figures[-len(keys) :] = [replace(f, ids=ids, stated_date=stated) for f in figures[-len(keys) :]]
        for kind in ("n_in", "valid"):
            tally.count("document", kind)
            tally.count("figure", kind, len(keys))
    return ParsedFile(FORMAT, (), tuple(figures), tuple(tally.rejections), tally.balance())
