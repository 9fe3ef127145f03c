"""One real Airflow for the tests of this folder that need one."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

import fake_interpreter
import pytest
from airflow_home import CHECKOUT, RunningAirflow, running_airflow
from processes import wait_until

ENDING_DAGS = CHECKOUT / "tests" / "support" / "ending_dags"
LINGERING = {"marked_failed", "cleared", "runner_killed", "supervisor_killed", "timed_out"}
CASES = LINGERING | {"exit1", "exit2", "exit3", "exit4", "exit5", "crash", "skipping"}


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAirflow]:
    """All cases started at once, so that they wait for each other's process starts only."""
    extra = {
        "NIGHTCAP_RUNTIME__PYTHON": shlex.join([sys.executable, fake_interpreter.__file__]),
        "AIRFLOW__CORE__PARALLELISM": "12",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
    }
    with running_airflow(tmp_path_factory.mktemp("endings"), ENDING_DAGS, extra) as airflow:
        wait_until(lambda: airflow.client.dag_ids() >= CASES, 240.0, "the DAGs are parsed")
        for case in sorted(CASES):
            airflow.client.trigger(case, {})
        yield airflow
