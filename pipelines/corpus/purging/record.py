"""What a purge takes and what its manifest says of it: hashes and counts, never a word of the document. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from pipelines.core.hashing import purge_hash
from pipelines.corpus.rewrite import Part, merge, rewritten_path, split_documents

#: Columns that name the raw bytes and the legends of a document.
_RAW, _LEGEND = "raw_sha256", "legend_sha256"


@dataclass
class Taken:
    """What holds the document. `objects`: md5 → path of every file of any version; `parts`: the files of the newest
    version, without it."""

    rows: dict[str, int] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    raw: set[str] = field(default_factory=set)
    legends: set[str] = field(default_factory=set)
    other_raw: set[str] = field(default_factory=set)
    other_legends: set[str] = field(default_factory=set)

    def look(self, part: Part, md5: str, names: Collection[str], *, is_current: bool) -> None:
        """Note what a file holds of the document, and which raw bytes and legends others share with it."""
        rest, gone = split_documents(part, names)
        self.other_raw |= _values(rest.data, _RAW)
        self.other_legends |= _values(rest.data, _LEGEND)
        if not gone.num_rows:
            return
        self.objects[md5] = part.relpath
        self.raw |= _values(gone, _RAW)
        self.legends |= _values(gone, _LEGEND)
        if is_current:
            self.rows[part.table] = self.rows.get(part.table, 0) + gone.num_rows
            self.parts.append(rest)

    def settle(self) -> None:
        """Once every file was looked at: raw bytes and legends of the document alone."""
        self.raw -= {""}
        self.legends -= self.other_legends

    def files(self, seq: int) -> dict[str, bytes]:
        """The files of the new version: what the touched files hold without the document, one a table and month."""
        groups: dict[tuple[str, str], list[Part]] = {}
        for part in self.parts:
            if part.data.num_rows:
                groups.setdefault((part.table, part.month), []).append(part)
        return {rewritten_path(t, m, seq): merge(parts) for (t, m), parts in sorted(groups.items())}


def _values(rows: pa.Table, column: str) -> set[str]:
    return set(rows[column].drop_null().unique().to_pylist()) if column in rows.schema.names else set()


def lost_versions(manifests: Sequence[Mapping[str, Any]], removed: Collection[str]) -> list[int]:
    """seq of the versions that listed one of these paths: they cannot be rebuilt any more."""
    listed: set[str] = set()
    lost = []
    for manifest in manifests:
        listed |= {str(f["path"]) for f in manifest["files"]}
        listed -= set(manifest.get("dropped", ()))
        if listed & set(removed):
            lost.append(int(manifest["seq"]))
    return lost


def hash_names(names: Iterable[str]) -> list[str]:
    """Names of a document as a purge remembers them: so that it can be recognised, not read."""
    return sorted(purge_hash(name) for name in names)


def purge_of(manifests: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The manifest of the purge that took the document of this name, None where none did."""
    [wanted] = hash_names([name])
    return next((m for m in reversed(manifests) if wanted in m.get("purged", {}).get("names", ())), None)


def benchmarks_without(rows: Iterable[Mapping[str, Any]], names: Collection[str]) -> list[dict[str, Any]]:
    """Rows of the benchmark versions that follow those which hold the document; none where nothing else is in one.

    `rows`: the newest benchmark of every task.
    """
    by_task: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_task.setdefault(str(row["task"]), []).append(row)
    out = []
    for mine in by_task.values():
        if any(r["doc_id"] in names for r in mine):
            stated = {"benchmark_version": int(mine[0]["benchmark_version"]) + 1, "reason": "without a purged document"}
            out += [{**r, **stated} for r in mine if r["doc_id"] not in names]
    return out
