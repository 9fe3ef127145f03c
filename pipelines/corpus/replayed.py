"""What a night's revisions have in the corpus, for a replay to compare with. Pure, but for reading Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

#: Tables whose rows count: figures of a publication, panels and annotations of a curated figure.
_TABLES = ("documents", "figures", "panels", "annotations")


class StoredFile(Protocol):
    """A file of the corpus: its table, the seq under which it was written, where it lies, and which nights it holds."""

    @property
    def table(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def path(self) -> Path: ...
    @property
    def is_rewritten(self) -> bool: ...
    def may_hold(self, night: str) -> bool: ...


def stored_parts(files: Iterable[StoredFile], night: str) -> dict[str, int]:
    """record_sha256 → rows below it: figures of a publication, panels and annotations of a curated figure.

    Of a revision that was written several times the most. Reads the files of that night (or its month) alone.
    """
    counts: Counter[tuple[str, int, str]] = Counter()
    for file in files:
        if file.table not in _TABLES or not file.may_hold(night):
            continue
        names = ["record_sha256", "delivery_id"] + (["kind"] if file.table in ("figures", "documents") else [])
        own = ["night", "seq"] if file.is_rewritten else []
        for row in pq.read_table(file.path, columns=[*names, *own]).to_pylist():
            if str(row.get("night", night)) == night:
                is_part = file.table != "documents" and row.get("kind") != "curation"
                counts[row["record_sha256"], int(row.get("seq", file.seq)), row["delivery_id"]] += is_part
    most: dict[str, int] = {}
    for (sha, _, _), n in counts.items():
        most[sha] = max(most.get(sha, 0), n)
    return most
