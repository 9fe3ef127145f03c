"""What a night's revisions have in the corpus, for a replay to compare with. Pure, but for reading Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

_PARTS = {"figures": "publication", "panels": "", "annotations": ""}


class StoredFile(Protocol):
    """A file of the corpus: its table, the night and the seq under which it was written, where it lies."""

    @property
    def table(self) -> str: ...
    @property
    def night(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def path(self) -> Path: ...


def stored_parts(files: Iterable[StoredFile], night: str) -> dict[str, int]:
    """record_sha256 → rows below it: figures of a publication, panels and annotations of a curated figure.

    Of a revision that was written several times the most. Reads the files of that night alone.
    """
    counts: Counter[tuple[str, int, str]] = Counter()
    for file in files:
        if file.night != night or file.table not in (*_PARTS, "documents"):
            continue
        names = ["record_sha256", "delivery_id"] + (["kind"] if file.table in ("figures", "documents") else [])
        for row in pq.read_table(file.path, columns=names).to_pylist():
            is_part = file.table != "documents" and row.get("kind") != "curation"
            counts[row["record_sha256"], file.seq, row["delivery_id"]] += is_part
    most: dict[str, int] = {}
    for (sha, _, _), n in counts.items():
        most[sha] = max(most.get(sha, 0), n)
    return most
