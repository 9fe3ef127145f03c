"""The rows of one night between parsing and freezing, and what was found about them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.core.records import DELETION, Reason
from pipelines.core.tables import corpus_schema
from pipelines.quality.drift import NightCounts
from pipelines.quality.run_suites import ROW_ID, Outcome

#: (table, row_id) of a rejected row that tells of those that go with it.
Head = tuple[str, int]


class Verdict(NamedTuple):
    """Why a row was rejected: `rule` is the first critical one that failed, or what became of its parent. One that has
    a `head` is counted there and is no issue of its own."""

    reason: Reason
    message: str
    rule: str
    head: Head | None = None


@dataclass
class NightRows:
    """`tables` carry row_id; `rejections` are the parsers'; `names`: raw_sha256 → file name; `purged_raw`: raw files of
    purged documents alone."""

    tables: dict[str, pa.Table]
    rejections: list[dict[str, Any]]
    names: dict[str, str]
    outcomes: list[Outcome] = field(default_factory=list)
    rejected: dict[str, dict[int, Verdict]] = field(default_factory=dict)
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    counts: NightCounts = field(default_factory=NightCounts)
    measures: dict[str, float | None] = field(default_factory=dict)
    purged_raw: set[str] = field(default_factory=set)

    def valid(self, table: str) -> pa.Table:
        """Rows that no rule rejected, without row_id, in the schema of the corpus."""
        rows = self.tables[table]
        bad = pa.array(sorted(self.rejected.get(table, {})), pa.int64())
        kept = rows.filter(pc.invert(pc.is_in(rows[ROW_ID], value_set=bad)))
        return kept.drop_columns([ROW_ID]).select(corpus_schema(table).names).cast(corpus_schema(table))

    def bad_rows(self, table: str) -> list[dict[str, Any]]:
        rows = self.tables[table]
        bad = pa.array(sorted(self.rejected.get(table, {})), pa.int64())
        found: list[dict[str, Any]] = rows.filter(pc.is_in(rows[ROW_ID], value_set=bad)).to_pylist()
        return found

    def weights(self, table: str) -> dict[int, int]:
        """row_id → how many delivered units it stands for: joined tags count as often as they were delivered."""
        rows = self.tables[table]
        ids = rows[ROW_ID].to_pylist()
        if table != "annotations":
            return dict.fromkeys(ids, 1)
        return {i: 1 if n is None else n for i, n in zip(ids, rows["n_source_rows"].to_pylist(), strict=True)}

    def units(self, table: str, unit: str) -> dict[str, dict[int, int]]:
        """Unit → weights of the table's rows that are such: a figure that its sender takes back is a deletion."""
        weights = self.weights(table)
        if table != "figures":
            return {unit: weights}
        rows = self.tables[table]
        gone = {i for i, d in zip(rows[ROW_ID].to_pylist(), rows["is_deleted"].to_pylist(), strict=True) if d}
        found = {unit: {i: w for i, w in weights.items() if i not in gone}}
        return found | ({DELETION: {i: weights[i] for i in gone}} if gone else {})
