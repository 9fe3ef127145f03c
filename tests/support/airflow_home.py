"""A real Airflow for tests: the same code that `make up` and `make demo` use, over a temporary home."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / "infra" / "local"))

from airflow_client import AirflowClient  # noqa: E402 - found through the line above
from components import Components  # noqa: E402
from local_airflow import free_port, prepare, start  # noqa: E402


def clean_environ() -> dict[str, str]:
    """This environment without settings of Nightcap: fixtures of a session are made before any variable is removed."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("NIGHTCAP_", "AIRFLOW"))}


@dataclass(frozen=True)
class RunningAirflow:
    home: Path
    client: AirflowClient
    components: Components


@contextlib.contextmanager
def running_airflow(home: Path, dags: Path, extra: Mapping[str, str]) -> Iterator[RunningAirflow]:
    """API server, scheduler and DAG processor over a fresh SQLite home; nothing of them is left afterwards."""
    airflow = prepare(home, free_port(), dags=dags, extra=extra)
    client = airflow.client()
    with Components(airflow.folder, airflow.environ) as components:
        start(airflow, components, client)
        yield RunningAirflow(home, client, components)
    client.close()
    assert list(components.iter_marked()) == []
