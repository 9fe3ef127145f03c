"""The one place that reads a run's date: Airflow 3 gives runs started by an asset or by hand no logical date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

#: Only this flow has a night; the others work out from stored state what is pending.
FLOWS_WITH_NIGHT = frozenset({"nightly_corpus"})


def night_of(flow: str, context: Mapping[str, Any]) -> str | None:
    """The night (YYYY-MM-DD) that a run stands for, None for a flow without one.

    The parameter `date`, else the run's logical date in UTC, else the UTC day from which the run could start: unlike
    the clock, that stays the same when a task is tried again after midnight.
    """
    if flow not in FLOWS_WITH_NIGHT:
        return None
    if date := context["params"].get("date"):
        return str(date)
    moment: datetime = context.get("logical_date") or context["dag_run"].run_after
    return moment.astimezone(UTC).date().isoformat()
