"""The rows of one night between parsing and freezing, and what was found about them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.core.records import Reason
from pipelines.core.tables import corpus_schema
from pipelines.quality.drift import NightCounts
from pipelines.quality.run_suites import ROW_ID, Outcome


class Verdict(NamedTuple):
    """Why a row was rejected: `rule` is the first critical one that failed, or what became of its parent."""

    reason: Reason
    message: str
    rule: str


@dataclass
class NightRows:
    """`tables` carry row_id; `rejections` are the parsers'; `names`: raw_sha256 → file name."""

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
