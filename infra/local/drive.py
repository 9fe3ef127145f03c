"""Runs nights through a running Airflow and waits for all that they start: for `make demo` and the tests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_client import AirflowClient
from local_airflow import DAGS, LocalAirflow

Tick = Callable[[list[dict[str, Any]]], None]

_POLL_S = 1.0
_FINAL = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
_LOG_LINES = 15
_STALL_S = 180.0


class NightFailed(Exception):
    """A run failed, or an asset event did not start the flow that waits for it."""


@dataclass
class NightRun:
    """What one night started: the runs of all flows, and the task instances seen last."""

    run_id: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    changed_at: float = field(default_factory=time.monotonic)

    def state_of(self, dag_id: str, task_id: str) -> str:
        """State of a task of this night's first run of a DAG, "" where there is none."""
        found = [t["state"] for t in self.tasks if (t["dag_id"], t["task_id"]) == (dag_id, task_id)]
        return str(found[0]) if found else ""

    def triggered(self, dag_id: str) -> list[dict[str, Any]]:
        """The runs of a DAG that an asset event started."""
        return [r for r in self.runs if r["dag_id"] == dag_id and r["run_type"] == "asset_triggered"]


def wait_parsed(client: AirflowClient, check: Callable[[], None], timeout_s: float = 180.0) -> None:
    """Until Airflow knows all DAGs. Errors: NightFailed with the import error, or when time runs out."""
    deadline = time.monotonic() + timeout_s
    while not client.dag_ids() >= DAGS:
        check()
        if errors := client.import_errors():
            raise NightFailed("a DAG file cannot be imported\n" + "\n".join(errors))
        if time.monotonic() > deadline:
            raise NightFailed(f"Airflow does not know {sorted(DAGS - client.dag_ids())}")
        time.sleep(0.3)


def run_night(
    client: AirflowClient, conf: Mapping[str, Any], *, check: Callable[[], None], tick: Tick, timeout_s: float = 1800.0
) -> NightRun:
    """Start nightly_corpus by hand and wait until every flow is idle again.

    `check` raises where Airflow itself has died, `tick` gets the task instances of this night at each look.
    Errors: NightFailed as soon as a run failed, when time runs out, or where an expected flow was not started.
    """
    known = {run["dag_run_id"] for run in client.runs()}
    began = time.monotonic()
    night = NightRun(client.trigger("nightly_corpus", conf))
    while not _is_over(client, night, known):
        check()
        tick(night.tasks)
        if time.monotonic() - began > timeout_s or _is_stalled(night):
            raise NightFailed(f"not finished after {time.monotonic() - began:.0f} s: {_unfinished(night)}")
        time.sleep(_POLL_S)
    tick(night.tasks)
    night.seconds = time.monotonic() - began
    _check_events(night)
    return night


def _is_over(client: AirflowClient, night: NightRun, known: set[str]) -> bool:
    before = _states(night)
    night.runs = [r for r in client.runs() if r["dag_run_id"] not in known and r["run_type"] != "scheduled"]
    ids = {(run["dag_id"], run["dag_run_id"]) for run in night.runs}
    night.tasks = [task for task in client.tasks() if (task["dag_id"], task["dag_run_id"]) in ids]
    if _states(night) != before:
        night.changed_at = time.monotonic()
    if failed := [run for run in night.runs if run["state"] == "failed"]:
        raise NightFailed(f"{failed[0]['dag_id']} failed")
    if any(run["state"] not in _FINAL for run in night.runs) or not client.is_idle(set(DAGS)):
        return False
    late = [r["dag_run_id"] for r in client.runs() if r["run_type"] != "scheduled"]
    return set(late) <= known | {run["dag_run_id"] for run in night.runs}


def _states(night: NightRun) -> set[tuple[str, str]]:
    return {(item.get("id") or item["dag_run_id"], str(item["state"])) for item in (*night.runs, *night.tasks)}


def _is_stalled(night: NightRun) -> bool:
    """Nothing runs and nothing changes: Airflow lost an event, or its executor hangs."""
    is_running = any(task["state"] in ("running", "up_for_retry") for task in night.tasks)
    return not is_running and time.monotonic() - night.changed_at > _STALL_S


def _unfinished(night: NightRun) -> str:
    names = [f"{t['dag_id']}.{t['task_id']} ({t['state']})" for t in night.tasks if t["state"] not in _FINAL]
    return ", ".join(names) or "no task is left to run, but an asset event started no flow"


def _check_events(night: NightRun) -> None:
    """An asset event that started nothing is a fault that makes no noise: look for it."""
    for task, flow in (("freeze", "retrain_tagger"), ("close", "reload_predictions")):
        if night.state_of("nightly_corpus", task) == "success" and not night.triggered(flow):
            raise NightFailed(f"nightly_corpus.{task} succeeded, but {flow} was not started by its asset")


def failed_tasks(client: AirflowClient) -> list[dict[str, Any]]:
    return [task for task in client.tasks() if task["state"] == "failed"]


def log_tail(airflow: LocalAirflow, task: Mapping[str, Any], lines: int = _LOG_LINES) -> str:
    """The end of a task's log, as a person reads it."""
    folder = airflow.folder / "logs" / f"dag_id={task['dag_id']}" / f"run_id={task['dag_run_id']}"
    found = sorted((folder / f"task_id={task['task_id']}").glob("attempt=*.log"), key=lambda p: p.stat().st_mtime)
    return "\n".join(list(_iter_messages(found[-1]))[-lines:]) if found else "(no log was written)"


def _iter_messages(path: Path) -> Iterator[str]:
    for line in path.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            yield line
            continue
        yield f"{entry.get('level', ''):<8} {entry.get('event', '')}"
