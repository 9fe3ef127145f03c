"""The one task factory: a task runs one step of a flow in a child process and translates how it ended.

Nothing of the pipeline is imported here but the runner and the errors, so the scheduler, the DAG processor and the
API server stay light, and DAG, CLI and tests run a step in the same way.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Asset, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from nightcap_airflow.connections import connection_environment
from nightcap_airflow.nights import night_of
from pipelines.errors import PermanentError, UsageError
from pipelines.flows.runner import run_step

log = logging.getLogger(__name__)

_XCOM = "return_value"
_PARAMS = ("articles", "curation", "config")


def step(flow: str, name: str, *, outlets: Sequence[Asset] = (), **arguments: Any) -> Any:
    """A task that runs one step of a flow; its id is the step's name. `arguments` go to Airflow's @task.

    The first task of the DAG works out the run's key and says it in its XCom; the others pass it on to their step.
    Ends: done → an XCom {run, uri, counts}; {"skipped": …} → skipped, no asset event; transient failure or death by a
    signal → retried; bad input, bad data, wrong usage, a bug → failed at once.
    """

    @task(task_id=name, outlets=list(outlets), multiple_outputs=False, **arguments)
    def run() -> dict[str, Any]:
        return run_in_task(flow, name)

    return run()


def run_in_task(flow: str, name: str) -> dict[str, Any]:
    """Run a step inside the current Airflow task; what goes to XCom is small."""
    context: Mapping[str, Any] = get_current_context()
    try:
        options = _options(flow, context)
        result = run_step(flow, name, options=options, on_line=log.info, is_bound_to_parent=True,
                          environment=connection_environment() if name == "pull" else {})  # fmt: skip
    except PermanentError as error:
        raise AirflowFailException(f"{error} — runbook: infra/runbooks/{flow}.md") from error
    small = {key: result.get(key) for key in ("run", "uri", "counts")}
    if reason := result.get("skipped"):
        context["ti"].xcom_push(_XCOM, small)  # a skipped first step has a run key all the same
        raise AirflowSkipException(str(reason))
    log.info("%s", result.get("message") or "done")
    return small


def _options(flow: str, context: Mapping[str, Any]) -> dict[str, str]:
    params = context["params"]
    options = {"config": str(params.get("config") or ""), "force": "yes" if params.get("force") else ""}
    if context["task"].upstream_task_ids:
        return options | {"run": _key_of_run(context)}
    options |= {name: str(params.get(name) or "") for name in _PARAMS}
    return options | {"date": night_of(flow, context) or ""}


def _key_of_run(context: Mapping[str, Any]) -> str:
    """The key that the first task of this DAG run worked out."""
    (first,) = context["task"].get_dag().roots
    said = context["ti"].xcom_pull(task_ids=first.task_id, key=_XCOM)
    if not said or not said.get("run"):
        raise UsageError(f"the first step, {first.task_id}, has left no run key: clear it and the steps after it")
    return str(said["run"])
