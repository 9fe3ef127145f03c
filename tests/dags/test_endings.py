"""Tasks under a real scheduler: how each ending of a step is translated, and that no process outlives its task."""

from __future__ import annotations

from typing import Any

import psutil
import pytest
from airflow_home import RunningAirflow
from processes import is_running, read_pids, wait_gone, wait_until

DEADLINE_S = 240.0


def task_of(airflow: RunningAirflow, case: str) -> dict[str, Any]:
    (task,) = airflow.client.tasks(case)
    return task


def pids_of(airflow: RunningAirflow, case: str) -> list[int]:
    """Step and grandchild of a lingering task, both running."""
    pids = read_pids(airflow.home / f"{case}.pids", DEADLINE_S)
    assert all(map(is_running, pids))
    return pids


def wait_state(airflow: RunningAirflow, case: str, *states: str) -> None:
    wait_until(lambda: task_of(airflow, case)["state"] in states, DEADLINE_S, f"{case} is {states}")


def test_timed_out_task_leaves_no_process(airflow: RunningAirflow) -> None:
    pids = read_pids(airflow.home / "timed_out.pids", DEADLINE_S)
    wait_gone(pids, DEADLINE_S)
    wait_state(airflow, "timed_out", "failed")


def test_task_marked_failed_leaves_no_process(airflow: RunningAirflow) -> None:
    pids, task = pids_of(airflow, "marked_failed"), task_of(airflow, "marked_failed")
    airflow.client.set_task_state("marked_failed", task["dag_run_id"], task["task_id"], "failed")
    wait_gone(pids, DEADLINE_S)


def test_cleared_task_ends_its_first_try(airflow: RunningAirflow) -> None:
    pids, task = pids_of(airflow, "cleared"), task_of(airflow, "cleared")
    file = airflow.home / "cleared.pids"
    file.unlink()
    airflow.client.clear("cleared", task["dag_run_id"], task["task_id"])
    second = read_pids(file, DEADLINE_S)
    wait_gone(pids, 30.0)
    assert not set(second) & set(pids)
    airflow.client.set_task_state("cleared", task["dag_run_id"], task["task_id"], "failed")
    wait_gone(second, DEADLINE_S)


@pytest.mark.parametrize(("case", "above"), [("runner_killed", 0), ("supervisor_killed", 1)])
def test_sigkill_above_the_step_leaves_no_process(airflow: RunningAirflow, case: str, above: int) -> None:
    pids = pids_of(airflow, case)
    runner_and_supervisor = psutil.Process(pids[0]).parents()[:2]
    runner_and_supervisor[above].kill()
    wait_gone([*pids, runner_and_supervisor[0].pid], DEADLINE_S)


@pytest.mark.parametrize("case", ["exit1", "exit2", "exit3", "exit5"])
def test_permanent_failure_is_not_retried(airflow: RunningAirflow, case: str) -> None:
    wait_state(airflow, case, "failed")
    assert task_of(airflow, case)["try_number"] == 1


@pytest.mark.parametrize("case", ["exit4", "crash"])
def test_transient_failure_and_death_by_signal_are_retried(airflow: RunningAirflow, case: str) -> None:
    wait_state(airflow, case, "failed")
    assert task_of(airflow, case)["try_number"] == 2


def test_skip_propagates_and_none_failed_runs(airflow: RunningAirflow) -> None:
    """And the run's key, said by the first task, reaches the last one past the skipped one."""
    wait_until(lambda: airflow.client.runs("skipping")[0]["state"] == "success", DEADLINE_S, "the run has ended")
    states = {task["task_id"]: task["state"] for task in airflow.client.tasks("skipping")}
    assert states == {"well": "success", "skip": "skipped", "mute_if_reached": "skipped", "last": "success"}
    run_id = airflow.client.runs("skipping")[0]["dag_run_id"]
    assert airflow.client.xcom("skipping", run_id, "last")["run"] == "key-1"
