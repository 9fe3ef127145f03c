"""Rows as the step parse leaves them, valid to begin with, for tests to spoil one cell at a time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core.hashing import sha256_text
from pipelines.core.runs import Run
from pipelines.core.tables import corpus_schema
from pipelines.settings import Settings

NIGHT = dt.date(2026, 1, 2)
TABLES = ("deliveries", "documents", "id_aliases", "figures", "panels", "annotations", "document_events")
Row = dict[str, Any]
Tables = dict[str, list[Row]]

LEGEND = "(A) Western blot of LC3 in HeLa cells. (B) Survival of mice, 5 µm sections."


def _origin(source: str, world: int, record: str) -> Row:
    return {
        "source": source, "delivery_id": f"{source}:2026-01-02:{world}",
        "raw_sha256": sha256_text(f"{source}{world}"), "parser_version": 1,
        "stated_date": dt.date(2026, 1, 1), "stated_version": 0, "record_sha256": sha256_text(f"{record}{world}"),
        "is_synthetic": True,
    }  # fmt: skip


def _figure(doc_id: str, key: str, kind: str, origin: Row) -> Row:
    return {
        "figure_id": f"{doc_id}#{key}", "doc_id": doc_id, "kind": kind, "label": "Figure 1", "jats_id": "F1",
        "parent_figure_id": None, "position": 0, "legend": LEGEND, "legend_sha256": sha256_text(LEGEND),
        "caption_xml": None, "graphics": [], "fig_type": None, "place": "body", "licence": None,
        "is_deleted": False, **origin,
    }  # fmt: skip


def _document(doc_id: str, kind: str, origin: Row) -> Row:
    return {
        "doc_id": doc_id, "kind": kind, "doi": doc_id, "pmcid": "PMC1", "pmid": "1", "local_id": None,
        "title": "A title", "abstract": None, "journal": "J", "publisher": "P", "pub_date": dt.date(2025, 12, 1),
        "article_type": "research-article", "language": "en", "licence": "open", "licence_evidence": "CC BY 4.0",
        "n_figures": 1, **origin,
    }  # fmt: skip


def annotation(text: str, entity_type: str, panel_no: int, *, world: int = 1, **changes: Any) -> Row:
    """A mention of the first place where `text` stands in the legend of the curated figure."""
    start = LEGEND.index(text)
    row = {
        "annotation_id": sha256_text(f"{text}{entity_type}{world}")[:16],
        "figure_id": f"10.1234/cur{world}#cur-curation-fig-1",
        "panel_no": panel_no, "start_offset": start, "end_offset": start + len(text), "text": text,
        "entity_type": entity_type, "raw_type": entity_type.lower(), "role": None, "raw_role": None, "ext_ids": [],
        "ext_dbs": [], "tag_ids": ["t1"], "n_source_rows": 1, "is_floating": False, "is_nested": False,
        "annotator": "Ann", "review_stage": "curator", "legend_sha256": sha256_text(LEGEND),
        **_origin("curation", world, "curated figure"),
    }  # fmt: skip
    return {**row, **changes}


def _panel(world: int, panel_no: int, start: int, end: int) -> Row:
    return {
        "figure_id": f"10.1234/cur{world}#cur-curation-fig-1", "panel_no": panel_no,
        "start_offset": start, "end_offset": end,
        "labels": ["AB"[panel_no]], "marker_offsets": [start], "has_marker": True, "is_labelled": True,
        "external_id": f"p{panel_no}", "coords": [], **_origin("curation", world, "curated figure"),
    }  # fmt: skip


def valid_tables(world: int = 1) -> Tables:
    """One publication with a figure, one curated figure with two panels and four mentions, one event.

    Worlds of different numbers share nothing, so that many can stand in one night (`merge`).
    """
    article, curated = _origin("deposit", world, "article"), _origin("curation", world, "curated figure")
    art, cur = f"10.1234/art{world}", f"10.1234/cur{world}"
    b = LEGEND.index("(B)")
    return {
        "deliveries": [
            {"delivery_id": f"{s}:2026-01-02:{world}", "source": s, "sender": "Ann", "format": f,
             "review_stage": "curator", "annotated_types": ["TISSUE"], "has_roles": True,
             "is_synthetic": True, "stated_date": None, "name": s,
             "content_sha256": sha256_text(s)}
            for s, f in (("deposit", "jats"), ("curation", "sourcedata"))
        ],
        "documents": [
            _document(art, "publication", article),
            {**_document(cur, "curation", {**curated, "record_sha256": sha256_text(f"ids{world}")}),
             "licence": "unknown", "licence_evidence": None},
        ],
        "id_aliases": [
            {"alias": alias, "doc_id": art, "source": "deposit", "raw_sha256": article["raw_sha256"]}
            for alias in (art, "pmc:1", "pmid:1")
        ],
        "figures": [
            _figure(art, "fig-1", "publication", article),
            _figure(cur, "cur-curation-fig-1", "curation", curated),
        ],
        "panels": [_panel(world, 0, 0, b - 1), _panel(world, 1, b, len(LEGEND))],
        "annotations": [
            annotation("LC3", "GENEPROD", 0, world=world, role="measured", raw_role="assayed", ext_ids=["Q9GZQ8"],
                       ext_dbs=["Uniprot"], n_source_rows=3),
            annotation("HeLa", "CELL_LINE", 0, world=world, ext_ids=["CVCL_0030"], ext_dbs=["CVCL"]),
            annotation("mice", "ORGANISM", 1, world=world, ext_ids=["10090"], ext_dbs=["NCBI taxon"]),
            annotation("µm", "TISSUE", 1, world=world),
        ],
        "document_events": [
            {"event_id": f"e{world}", "doc_id": "10.1234/old", "kind": "integrity", "event": "retraction",
             "event_date": dt.date(2025, 12, 31), "notice_id": art, "detail": "retracted", **article}
        ],
    }  # fmt: skip


def merge(worlds: Iterable[Tables]) -> Tables:
    """The rows of several worlds as those of one night."""
    out: Tables = {name: [] for name in TABLES}
    for tables in worlds:
        for name, rows in tables.items():
            out[name] += rows
    return out


def write_staging(
    settings: Settings, tables: Mapping[str, Sequence[Row]], rejections: Sequence[Row] = (), key: str = str(NIGHT)
) -> Run:
    """What the step parse leaves: one Parquet file a table with row_id, the rejections, the names of the files."""
    folder = settings.path("staging", key, "parse")
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        _write_table(folder / f"{name}.parquet", name, tables.get(name, ()))
    (folder / "rejections.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rejections))
    names = [
        {"raw_sha256": sha256_text(f"{source}{world}"), "name": f"{source}{world}.xml"}
        for world in range(1, 101)
        for source in ("deposit", "curation")
    ]
    pq.write_table(pa.Table.from_pylist(names), folder / "files.parquet")
    return Run("nightly_corpus", key, NIGHT)


def _write_table(path: Path, name: str, rows: Sequence[Row]) -> None:
    fields = [pa.field(f.name, f.type) for f in corpus_schema(name)]
    schema = pa.schema([*fields, pa.field("row_id", pa.int64())])
    numbered = [{**row, "row_id": 100 + i} for i, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(numbered, schema=schema), path)


def rejection(unit: str, n: int = 1, **changes: Any) -> Row:
    """A row of the parsers' rejections."""
    row = {
        "source": "deposit", "unit": unit, "reason": "not_well_formed", "message": "line 3: tag mismatch",
        "name": "bad.xml", "locator": "line 3", "delivery_id": "deposit:2026-01-02:1", "raw_sha256": "0" * 64,
        "payload": {}, "n": n,
    }  # fmt: skip
    return {**row, **changes}
