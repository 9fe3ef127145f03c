"""Accounts: where every unit of a stage went, as rows of out.accounting."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.core.hashing import canonical_json
from pipelines.core.records import UnitCounts
from pipelines.core.runs import Run
from pipelines.errors import PermanentError


def account_lines(run: Run, stage: str, counts: Mapping[str, UnitCounts]) -> bytes:
    """Rows of out.accounting as JSON lines; PermanentError (a bug, not an input) where a unit does not balance."""
    lines = []
    for unit, count in sorted(counts.items()):
        if not count.balances:
            raise PermanentError(f"accounting of {stage}/{unit} does not balance: {count}")
        row = {"night": str(run.night), "run_key": run.key, "stage": stage, "unit": unit, **vars(count)}
        lines.append(canonical_json(row) + "\n")
    return "".join(lines).encode()
