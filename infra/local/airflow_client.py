"""Airflow's REST API, as far as `make up`, `make demo` and the tests need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

_ACTIVE = ("queued", "running")


class AirflowClient:
    """Calls as the generated admin. Times are Airflow's own; ids are Airflow's ids."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._login = {"username": user, "password": password}
        self._http = httpx.Client(base_url=url, timeout=60.0, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def is_up(self) -> bool:
        """True as soon as the server answers: tasks may start only then."""
        try:
            return self._http.get("/api/v2/version", timeout=5.0).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def health(self) -> Mapping[str, Any]:
        return dict(self._http.get("/api/v2/monitor/health").json())

    def token(self) -> str:
        """A new token of the admin."""
        return str(self._http.post("/auth/token", json=self._login).raise_for_status().json()["access_token"])

    def call(self, method: str, path: str, *, ok: tuple[int, ...] = (), **arguments: Any) -> Any:
        """One call, with a new token where the old one has run out. Errors: httpx.HTTPStatusError."""
        answer = self._http.request(method, f"/api/v2{path}", **arguments)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._http.headers["Authorization"] = f"Bearer {self.token()}"
            answer = self._http.request(method, f"/api/v2{path}", **arguments)
        if answer.status_code not in ok:
            answer.raise_for_status()
        return answer.json() if answer.content else {}

    def create_pools(self, pools: Mapping[str, Mapping[str, Any]]) -> None:
        """Pools that are there already stay as they are: an operator may have changed them."""
        for name, pool in pools.items():
            self.call("POST", "/pools", ok=(httpx.codes.CONFLICT,), json={"name": name, **pool})

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self.call("GET", "/dags", params={"limit": 100})["dags"]}

    def import_errors(self) -> list[str]:
        found = self.call("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in found]

    def set_paused(self, dag_id: str, *, is_paused: bool) -> None:
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": is_paused})

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Start a run by hand; the answer is its id."""
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": dict(conf)})
        return str(run["dag_run_id"])

    def runs(self, dag_id: str = "~") -> list[dict[str, Any]]:
        """Runs of a DAG, or of all, oldest first."""
        params = {"limit": 100, "order_by": "id"}
        return list(self.call("GET", f"/dags/{dag_id}/dagRuns", params=params)["dag_runs"])

    def tasks(self, dag_id: str = "~", run_id: str = "~") -> list[dict[str, Any]]:
        path, params = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", {"limit": 100, "order_by": "-start_date"}
        return list(self.call("GET", path, params=params)["task_instances"])

    def set_task_state(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        self.call("PATCH", path, json={"new_state": state})

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "only_failed": False}
        self.call("POST", f"/dags/{dag_id}/clearTaskInstances", json=body)

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task returned."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.call("GET", path, params={"deserialize": False})["value"]

    def has_queued_events(self, dag_id: str) -> bool:
        """True where an asset event waits for a run of this DAG to be made."""
        answer = self.call("GET", f"/dags/{dag_id}/assets/queuedEvents", ok=(httpx.codes.NOT_FOUND,))
        return bool(answer.get("total_entries"))

    def is_idle(self, dag_ids: set[str]) -> bool:
        """True where no run is queued or running and none is about to be made. In this order: an event becomes a run
        between the two looks, never the other way round."""
        if any(self.has_queued_events(dag_id) for dag_id in sorted(dag_ids)):
            return False
        params = {"limit": 1, "state": list(_ACTIVE)}
        return not self.call("GET", "/dags/~/dagRuns", params=params)["total_entries"]
