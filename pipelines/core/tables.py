"""Tables as the DDL files state them: the one source for Arrow schemas, DuckDB, the suites and the data dictionary."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import pyarrow as pa
import pyarrow.parquet as pq

_COLUMN = re.compile(r"^\s{2}(\w+) (VARCHAR\[\]|INTEGER\[\]|[A-Z]+)( NOT NULL)?,?$")
_TABLE_COMMENT = re.compile(r"COMMENT ON TABLE (\w+) IS '((?:[^']|'')*)';")
_COLUMN_COMMENT = re.compile(r"COMMENT ON COLUMN (\w+)\.(\w+) IS '((?:[^']|'')*)';")
_TYPES = {
    "VARCHAR": pa.string(), "INTEGER": pa.int32(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR[]": pa.list_(pa.string()), "INTEGER[]": pa.list_(pa.int32()),
}  # fmt: skip

#: Tables of the corpus with the total order of their rows in a file, and of their rows in the digest.
SORT_KEYS: dict[str, tuple[str, ...]] = {
    "documents": ("doc_id", "kind", "record_sha256", "delivery_id", "raw_sha256"),
    "figures": ("doc_id", "figure_id", "record_sha256", "position", "delivery_id", "raw_sha256"),
    "panels": ("figure_id", "record_sha256", "panel_no", "delivery_id", "raw_sha256"),
    "annotations": ("figure_id", "record_sha256", "start_offset", "end_offset", "entity_type", "annotation_id",
                    "delivery_id", "raw_sha256"),
    "document_events": ("doc_id", "kind", "event", "event_id", "raw_sha256"),
    "id_aliases": ("alias", "doc_id", "source", "raw_sha256"),
    "deliveries": ("delivery_id",),
    "tombstones": ("target_kind", "target"),
    "splits": ("doc_id", "kind", "split"),
    "benchmark": ("task", "benchmark_version", "figure_id", "record_sha256"),
}  # fmt: skip
CORPUS_TABLES = tuple(SORT_KEYS)
ROW_GROUP_SIZE = 65_536


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    is_nullable: bool
    comment: str


@dataclass(frozen=True)
class Table:
    """One DDL file: `layer` is the folder below schemas/ (corpus or out)."""

    layer: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    ddl: str

    @property
    def arrow(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, _TYPES[c.type], c.is_nullable) for c in self.columns])


def _read(layer: str, name: str, ddl: str) -> Table:
    comments = {c: t.replace("''", "'") for _, c, t in _COLUMN_COMMENT.findall(ddl)}
    head = ddl[: ddl.index(");")].splitlines()[1:]
    columns = []
    for line in head:
        match = _COLUMN.match(line)
        if match is None:
            raise ValueError(f"schemas/{layer}/{name}.sql: cannot read the column line {line!r}")
        columns.append(Column(match[1], match[2], match[3] is None, comments[match[1]]))
    table_comment = _TABLE_COMMENT.search(ddl)
    if table_comment is None:
        raise ValueError(f"schemas/{layer}/{name}.sql has no COMMENT ON TABLE")
    return Table(layer, name, table_comment[2].replace("''", "'"), tuple(columns), ddl)


@cache
def load_tables(layer: str) -> Mapping[str, Table]:
    """Tables of a layer (corpus or out) by name."""
    folder = resources.files("pipelines") / "schemas" / layer
    found = sorted((p.name.removesuffix(".sql"), p.read_text()) for p in folder.iterdir() if p.name.endswith(".sql"))
    return {name: _read(layer, name, ddl) for name, ddl in found}


def corpus_schema(table: str) -> pa.Schema:
    return load_tables("corpus")[table].arrow


def rows_to_table(rows: Iterable[Mapping[str, object]], schema: pa.Schema) -> pa.Table:
    """Rows (dicts) as an Arrow table in exactly this schema; a missing key is null, an unknown one an error."""
    rows = list(rows)
    names = set(schema.names)
    if rows and (unknown := set(rows[0]) - names):
        raise ValueError(f"columns not in the schema: {sorted(unknown)}")
    return pa.table({n: pa.array([r.get(n) for r in rows], schema.field(n).type) for n in schema.names}, schema=schema)


def _order(row: Mapping[str, object], keys: Sequence[str]) -> list[tuple[bool, object]]:
    return [(row[k] is not None, _comparable(row[k])) for k in keys]


def _comparable(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value if value is not None else 0


def sort_rows(table: str, rows: Iterable[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Rows in the table's total order (nulls first), so that equal sets of rows give equal bytes."""
    return sorted(rows, key=lambda r: _order(r, SORT_KEYS[table]))


def parquet_bytes(table: pa.Table) -> bytes:
    """Byte-reproducible Parquet: equal rows in equal order give equal bytes on every machine (pyarrow 25).

    Fixed: zstd 3, format 2.6, data page 1.0, row groups of 65,536 rows, no schema metadata, no stored Arrow schema.
    """
    sink = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(None), sink, compression="zstd", compression_level=3, version="2.6",
        data_page_version="1.0", store_schema=False, row_group_size=ROW_GROUP_SIZE, write_statistics=True,
    )  # fmt: skip
    return sink.getvalue()
