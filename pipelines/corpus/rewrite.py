"""Rewriting files of the corpus without changing a row: merged months, and months without a purged document. Pure.

A rewritten file holds rows of many nights and versions: each row carries the night, seq and part that its first file
stood for, so that `current`, as-of, withdrawals and the index read it as they read the first file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.core.tables import corpus_schema, parquet_bytes

#: Columns of a rewritten file beside those of its table.
ORIGIN = (("night", pa.date32()), ("seq", pa.int64()), ("part", pa.int32()))
#: The column that says whose row it is; what stands before # in a figure's id is its document.
_DOCUMENT_COLUMN = {
    "documents": "doc_id", "figures": "doc_id", "panels": "figure_id", "annotations": "figure_id",
    "document_events": "doc_id", "id_aliases": "doc_id", "splits": "doc_id", "benchmark": "doc_id",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One file as read. `origin` is its (night, seq, part), None where its rows carry their own."""

    table: str
    relpath: str
    month: str
    origin: tuple[str, int, int] | None
    data: pa.Table


def rewritten_path(table: str, month: str, seq: int) -> str:
    """Where version `seq` puts the rows of a table's month, below data/."""
    return f"{table}/month={month}/part-{seq}.parquet"


def rewritten_schema(table: str) -> pa.Schema:
    """Columns of a rewritten file; all may be null, for an old file may lack a column that came later."""
    return pa.schema([*(f.with_nullable(True) for f in corpus_schema(table)), *(pa.field(n, t) for n, t in ORIGIN)])


def merge(parts: Sequence[Part]) -> bytes:
    """All rows of the parts, of one table, as one file; by version, then in the order they had."""
    schema = rewritten_schema(parts[0].table)
    merged = pa.concat_tables([_with_origin(p, schema) for p in parts]).combine_chunks()
    numbered = merged.append_column("_place", pa.array(range(merged.num_rows), pa.int64()))
    order = pc.sort_indices(numbered, sort_keys=[("seq", "ascending"), ("_place", "ascending")])
    return parquet_bytes(merged.take(order))


def _with_origin(part: Part, schema: pa.Schema) -> pa.Table:
    n, found = part.data.num_rows, set(part.data.schema.names)
    stated: Mapping[str, object] = {}
    if part.origin:
        night, seq, number = part.origin
        stated = {"night": dt.date.fromisoformat(night), "seq": seq, "part": number}
    columns = [
        part.data[f.name].cast(f.type)
        if f.name in found and f.name not in stated
        else pa.array([stated.get(f.name)] * n, f.type)
        for f in schema
    ]
    return pa.table(columns, schema=schema)


def mergeable(files: Iterable[tuple[str, str, str]], newest_night: str) -> dict[tuple[str, str], list[str]]:
    """(table, month) → paths to merge, of months before that of the newest night in which a table has several files.

    `files`: (table, night or month, path). A month that is merged already and got a late night is merged again.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for table, night, path in files:
        if night[:7] < newest_night[:7]:
            groups.setdefault((table, night[:7]), []).append(path)
    return {k: sorted(paths) for k, paths in sorted(groups.items()) if len(paths) > 1}


def split_documents(part: Part, names: Collection[str]) -> tuple[Part, pa.Table]:
    """(the part without the rows of the document with these names, those rows)."""
    column = _DOCUMENT_COLUMN.get(part.table)
    if column is None:
        return part, part.data.slice(0, 0)
    ids = part.data[column]
    if column == "figure_id":
        ids = pc.replace_substring_regex(ids, pattern="#[^#]*$", replacement="")
    is_gone = pc.is_in(ids, value_set=pa.array(sorted(names), pa.string()))
    return replace(part, data=part.data.filter(pc.invert(is_gone))), part.data.filter(is_gone)
