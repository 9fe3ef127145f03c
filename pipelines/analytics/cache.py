"""Results that are worked out once a content and kept: alignments and segments, as Parquet parts in staging/."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core.hashing import sha256_bytes
from pipelines.core.tables import parquet_bytes


class Store(Protocol):
    """What a cache needs of an object store."""

    def read(self, key: str) -> bytes: ...
    def write(self, key: str, data: bytes) -> None: ...
    def iter_objects(self, prefix: str = "") -> Iterator[Any]: ...


def load_parts(store: Store, prefix: str, schema: pa.Schema) -> pa.Table:
    """All parts below a prefix, as one table."""
    keys = sorted(item.key for item in store.iter_objects(prefix) if item.key.endswith(".parquet"))
    parts = [pq.read_table(io.BytesIO(store.read(key)), schema=schema) for key in keys]
    return pa.concat_tables(parts) if parts else schema.empty_table()


def save_part(store: Store, prefix: str, table: pa.Table) -> None:
    """Add one part, named by its content: written twice it is the same part."""
    if table.num_rows:
        data = parquet_bytes(table)
        store.write(f"{prefix}part-{sha256_bytes(data)[:16]}.parquet", data)
