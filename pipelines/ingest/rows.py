"""Records as rows of the corpus tables, with provisional ids (freeze gives the final ones). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipelines.core.hashing import content_hash, sha256_text, short_hash
from pipelines.core.ids import aliases_of, doc_id_for
from pipelines.core.records import CuratedFigure, DocIds, DocumentRecord, EventRecord, ParsedFile

Row = dict[str, object]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Origin:
    """Where a record came from: what every row of it carries. `guideline`: what its delivery annotates; another
    guideline makes another revision of the same tags, for it says which words are unlabelled. Figures of an auxiliary
    delivery are of another kind, under keys of their own: nothing that asks for curated figures meets them."""

    source: str
    delivery_id: str
    raw_sha256: str
    parser_version: int
    stated_date: dt.date | None
    is_synthetic: bool
    sender: str
    review_stage: str
    guideline: tuple[str, ...] = ()
    is_auxiliary: bool = False

    @property
    def kind(self) -> str:
        return "auxiliary" if self.is_auxiliary else "curation"

    def columns(self, stated_date: dt.date | None, stated_version: int, record_sha256: str) -> Row:
        return {
            "source": self.source, "delivery_id": self.delivery_id, "raw_sha256": self.raw_sha256,
            "parser_version": self.parser_version, "stated_date": stated_date or self.stated_date,
            "stated_version": stated_version, "record_sha256": record_sha256, "is_synthetic": self.is_synthetic,
        }  # fmt: skip

    def date_of(self, figure: CuratedFigure) -> dt.date | None:
        """The date of a curated revision: the later of its file's and its delivery's. Who dates a delivery says that it
        is the newest word; the date inside a file often stays when the file is corrected."""
        dates = [d for d in (figure.stated_date, self.stated_date) if d]
        return max(dates, default=None)


def rows_of(parsed: ParsedFile, origin: Origin) -> Tables:
    """All rows of one file by table."""
    out: Tables = {}
    for document in parsed.documents:
        _add_document(out, document, origin)
    by_document: dict[DocIds, list[CuratedFigure]] = {}
    for figure in parsed.curated:
        by_document.setdefault(figure.ids, []).append(figure)
    for ids, figures in by_document.items():
        if not all(f.is_deleted for f in figures):
            _add_curated_document(out, ids, figures, origin)
    for figure in parsed.curated:
        _add_curated_figure(out, figure, origin)
    for event in parsed.events:
        _add_statement(out, event, origin)
    for ids in dict.fromkeys((*parsed.aliases, *(e.target for e in parsed.events))):
        _add_alias_set(out, ids, origin)
    return out


def _add(out: Tables, table: str, row: Row) -> None:
    out.setdefault(table, []).append(row)


def _add_aliases(out: Tables, ids: DocIds, doc_id: str, origin: Origin) -> None:
    for alias in dict.fromkeys((*aliases_of(ids, origin.source), doc_id)):
        _add(out, "id_aliases", {"alias": alias, "doc_id": doc_id, "source": origin.source,
                                 "raw_sha256": origin.raw_sha256})  # fmt: skip


def _add_alias_set(out: Tables, ids: DocIds, origin: Origin) -> None:
    """Ids that belong together, of a document that need not be here: one id alone says nothing."""
    aliases = aliases_of(ids, origin.source)
    if len(aliases) > 1:
        _add_aliases(out, ids, aliases[0], origin)


def _id_columns(ids: DocIds, origin: Origin, doc_id: str) -> Row:
    by_kind: Row = {"doi": None, "pmcid": None, "pmid": None}
    for alias in aliases_of(ids, origin.source):
        if alias.startswith("10."):
            by_kind["doi"] = alias
        elif alias.startswith("pmc:"):
            by_kind["pmcid"] = f"PMC{alias[4:]}"
        elif alias.startswith("pmid:"):
            by_kind["pmid"] = alias[5:]
    return {"doc_id": doc_id, "local_id": ids.local_id, **by_kind}


def _add_document(out: Tables, document: DocumentRecord, origin: Origin) -> None:
    sha = content_hash(replace(document, stated_date=None, stated_version=0, events=()))
    doc_id = doc_id_for(document.ids, origin.source, sha)  # files may hold several articles without an id
    common = origin.columns(document.stated_date, document.stated_version, sha)
    _add(out, "documents", {
        **_id_columns(document.ids, origin, doc_id), "kind": "publication", "title": document.title,
        "abstract": document.abstract, "journal": document.journal, "publisher": document.publisher,
        "pub_date": document.pub_date, "article_type": document.article_type, "language": document.language,
        "licence": document.licence, "licence_evidence": document.licence_evidence,
        "n_figures": len(document.figures), **common,
    })  # fmt: skip
    _add_aliases(out, document.ids, doc_id, origin)
    for f in document.figures:
        _add(out, "figures", {
            "figure_id": f"{doc_id}#{f.key}", "doc_id": doc_id, "kind": "publication", "label": f.label,
            "jats_id": f.jats_id, "parent_figure_id": f"{doc_id}#{f.parent_key}" if f.parent_key else None,
            "position": f.position, "legend": f.legend, "legend_sha256": sha256_text(f.legend) if f.legend else None,
            "caption_xml": f.caption_xml, "graphics": list(f.graphics), "fig_type": f.fig_type, "place": f.place,
            "licence": f.licence, "is_deleted": False, **common,
        })  # fmt: skip
    for event in document.events:
        _add_event(out, event, doc_id, origin, common)


def _add_statement(out: Tables, event: EventRecord, origin: Origin) -> None:
    """A statement that stands by itself, in a list or a record of PubMed."""
    _add_event(out, event, None, origin, origin.columns(None, 0, content_hash(event)))


def _add_event(
    out: Tables, event: EventRecord, notice_id: str | None, origin: Origin, common: Mapping[str, object]
) -> None:
    target = doc_id_for(event.target, origin.source, origin.raw_sha256)
    notice_id = next(iter(aliases_of(event.notice, origin.source)), notice_id)
    event_id = short_hash(target, event.kind, event.event, event.event_date, origin.source, notice_id, event.detail)
    _add(out, "document_events", {
        "event_id": event_id, "doc_id": target, "kind": event.kind, "event": event.event,
        "event_date": event.event_date, "notice_id": notice_id, "detail": event.detail, **common,
    })  # fmt: skip


def _add_curated_document(out: Tables, ids: DocIds, figures: list[CuratedFigure], origin: Origin) -> None:
    doc_id = doc_id_for(ids, origin.source, origin.raw_sha256)
    common = origin.columns(origin.date_of(figures[0]), figures[0].stated_version, content_hash(ids))
    _add(out, "documents", {
        **_id_columns(ids, origin, doc_id), "kind": origin.kind, "licence": "unknown", "n_figures": len(figures),
        **common,
    })  # fmt: skip
    _add_aliases(out, ids, doc_id, origin)


def _add_curated_figure(out: Tables, figure: CuratedFigure, origin: Origin) -> None:
    doc_id = doc_id_for(figure.ids, origin.source, origin.raw_sha256)
    figure_id = f"{doc_id}#{origin.kind[:3]}-{origin.source}-{figure.key}"
    about = [origin.sender, origin.review_stage, *origin.guideline]
    sha = content_hash([replace(figure, stated_date=None, stated_version=0), about])
    common = origin.columns(origin.date_of(figure), figure.stated_version, sha)
    legend_sha256 = None if figure.is_deleted else sha256_text(figure.legend)
    _add(out, "figures", {
        "figure_id": figure_id, "doc_id": doc_id, "kind": origin.kind, "label": figure.label,
        "jats_id": figure.external_id, "position": figure.position,
        "legend": None if figure.is_deleted else figure.legend, "legend_sha256": legend_sha256,
        "graphics": list(figure.graphics), "place": "body",
        "is_deleted": figure.is_deleted, **common,
    })  # fmt: skip
    for p in figure.panels:
        _add(out, "panels", {
            "figure_id": figure_id, "panel_no": p.panel_no, "start_offset": p.start, "end_offset": p.end,
            "labels": list(p.labels), "marker_offsets": list(p.marker_offsets), "has_marker": p.has_marker,
            "is_labelled": p.is_labelled, "external_id": p.external_id, "coords": list(p.coords), **common,
        })  # fmt: skip
    for a in figure.annotations:
        annotation_id = short_hash(
            figure_id, legend_sha256, a.start, a.end, a.entity_type, sha, a.panel_no, a.text, a.tag_ids, a.is_machine
        )
        _add(out, "annotations", {
            "annotation_id": annotation_id, "figure_id": figure_id, "panel_no": a.panel_no, "start_offset": a.start,
            "end_offset": a.end, "text": a.text, "entity_type": a.entity_type, "raw_type": a.raw_type, "role": a.role,
            "raw_role": a.raw_role, "ext_ids": list(a.ext_ids), "ext_dbs": list(a.ext_dbs),
            "tag_ids": list(a.tag_ids), "n_source_rows": a.n_source_rows, "is_floating": a.is_floating,
            "is_nested": a.is_nested, "annotator": origin.sender,
            "review_stage": "machine" if a.is_machine else origin.review_stage,
            "legend_sha256": legend_sha256, **common,
        })  # fmt: skip
