"""Airflow's own backfill over a DAG with the schedule of nightly_corpus: each run is given its own night."""

from __future__ import annotations

import json
from typing import Any

from airflow_home import RunningAirflow
from processes import wait_until

DEADLINE_S = 240.0


def test_each_run_of_a_backfill_gets_its_night(airflow: RunningAirflow) -> None:
    wanted = {
        "dag_id": "backfilled", "from_date": "2026-11-01T00:00:00Z", "to_date": "2026-11-02T23:00:00Z",
        "run_backwards": False, "max_active_runs": 1, "dag_run_conf": {},
    }  # fmt: skip
    wait_until(lambda: "backfilled" in airflow.client.dag_ids(), DEADLINE_S, "the DAG is parsed")
    wait_until(lambda: is_started(airflow, wanted), DEADLINE_S, "the backfill is made")
    wait_until(lambda: states(airflow) == ["success", "success"], DEADLINE_S, "both nights are done")
    calls = [json.loads(line) for line in (airflow.home / "nightly_corpus.calls").read_text().splitlines()]
    nights = [words[words.index("--date") + 1] for words in calls]
    assert [n for n in nights if n < "2026-11-03"] == ["2026-11-01", "2026-11-02"]


def is_started(airflow: RunningAirflow, wanted: dict[str, Any]) -> bool:
    """Asked again while SQLite is busy with the scheduler (503) and once it is made (409)."""
    answer = airflow.client.call("POST", "/backfills", ok=(503, 409), json=wanted)
    return "id" in answer or bool(states(airflow))


def states(airflow: RunningAirflow) -> list[Any]:
    return [run["state"] for run in airflow.client.runs("backfilled") if run["run_type"] == "backfill"]
