"""What all tasks share. Only transient failures reach Airflow's retries (tasks.py fails the others at once)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

#: A step stops itself at the setting runtime.step_timeout_minutes (120); Airflow's own limit stands behind it.
EXECUTION_TIMEOUT = timedelta(minutes=150)


def dag_defaults(owner: str) -> dict[str, Any]:
    """Arguments of every task of a DAG: who answers for it, and how it is tried again."""
    return {
        "owner": owner,
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=20),
        "execution_timeout": EXECUTION_TIMEOUT,
    }


def force_param() -> Param:
    """Do the steps again although their results are complete."""
    return Param(False, type="boolean", title="Force", description="Do every step again, although nothing changed.")


def night_params() -> dict[str, Param]:
    """Parameters of a night: what to read, as what date. Empty means: as configured, and the run's own date."""
    return {
        "date": Param(
            None, type=["null", "string"], format="date", title="Night",
            description="The night to run, YYYY-MM-DD; empty: the run's own date (UTC).",
        ),
        "articles": _location("Publications", "in place of all configured sources"),
        "curation": _location("Curator deliveries", "in place of all configured sources"),
        "config": Param(
            None, type=["null", "string"], title="Configuration",
            description="demo, nightly or the path of a .toml file; empty: the one that the home was made with.",
        ),
        "force": force_param(),
    }  # fmt: skip


def _location(title: str, purpose: str) -> Param:
    return Param(
        None, type=["null", "string"], title=title, description=f"A folder or s3:// prefix, {purpose}; empty: none."
    )
