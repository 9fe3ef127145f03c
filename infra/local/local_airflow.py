"""An Airflow on this machine over one home: SQLite, LocalExecutor, generated secrets, API server first.

Not `airflow standalone`: it starts the scheduler before the API server listens (the first tasks lose a try) and
leaves its children running when it is stopped.
"""

from __future__ import annotations

import base64
import json
import secrets
import shlex
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_client import AirflowClient
from components import Component, ComponentFailed, Components

from pipelines.settings import child_environment

CHECKOUT = Path(__file__).resolve().parents[2]
POOLS = CHECKOUT / "infra" / "airflow" / "pools.json"
DAGS = frozenset({"maintenance", "nightly_corpus", "reload_predictions", "retrain_tagger"})
USER = "admin"


@dataclass(frozen=True)
class LocalAirflow:
    """Where it lives and how it is reached. `environ` is what every Airflow command of it needs."""

    folder: Path
    port: int
    password: str
    environ: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> AirflowClient:
        return AirflowClient(self.url, USER, self.password)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(
    home: Path, port: int, *, dags: Path = CHECKOUT / "dags", extra: Mapping[str, str] | None = None
) -> LocalAirflow:
    """Make the folder <home>/airflow ready: secrets (0600, kept over starts), environment file, migrated database."""
    folder = home.resolve() / "airflow"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    kept = _secrets(folder)
    settings = _settings(folder, port, kept, dags) | {"NIGHTCAP_HOME": str(home.resolve())} | dict(extra or {})
    _write_private(folder / "passwords.json", json.dumps({USER: kept["password"]}) + "\n")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    _write_private(folder / "env.sh", "\n".join(["# . this file: `airflow` then works on this home", *lines, ""]))
    airflow = LocalAirflow(folder, port, kept["password"], _inherited() | settings)
    _migrate(airflow)
    return airflow


def _inherited() -> dict[str, str]:
    """This environment without the settings of some other Airflow; connections may come that way."""
    kept = child_environment().items()
    return {k: v for k, v in kept if not k.startswith("AIRFLOW_") or k.startswith("AIRFLOW_CONN_")}


def _secrets(folder: Path) -> dict[str, str]:
    path = folder / "secrets.json"
    if not path.exists():
        fernet = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        made = {name: secrets.token_urlsafe(32) for name in ("api", "jwt")}
        _write_private(path, json.dumps({**made, "fernet": fernet, "password": secrets.token_urlsafe(12)}))
    return dict(json.loads(path.read_text()))


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)


def _settings(folder: Path, port: int, kept: Mapping[str, str], dags: Path) -> dict[str, str]:
    """Airflow's settings as environment variables. The intervals are those of one small machine."""
    sections = {
        "CORE": {
            "DAGS_FOLDER": str(dags), "PLUGINS_FOLDER": str(CHECKOUT / "plugins"), "EXECUTOR": "LocalExecutor",
            "PARALLELISM": "4", "LOAD_EXAMPLES": "False", "FERNET_KEY": kept["fernet"],
            "EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/", "KILLED_TASK_CLEANUP_TIME": "10",
            "SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        },
        "DATABASE": {"SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}"},
        "API": {"HOST": "127.0.0.1", "PORT": str(port), "BASE_URL": f"http://127.0.0.1:{port}",
                "SECRET_KEY": kept["api"], "WORKERS": "1"},
        "API_AUTH": {"JWT_SECRET": kept["jwt"]},
        "SCHEDULER": {"SCHEDULER_IDLE_SLEEP_TIME": "0.5", "ENABLE_HEALTH_CHECK": "False"},
        "DAG_PROCESSOR": {"PARSING_PROCESSES": "1", "MIN_FILE_PROCESS_INTERVAL": "60", "REFRESH_INTERVAL": "60",
                          "DAG_VERSION_INFLATION_CHECK_LEVEL": "error"},
        "LOGGING": {"BASE_LOG_FOLDER": str(folder / "logs")},
        "USAGE_DATA_COLLECTION": {"ENABLED": "False"},
    }  # fmt: skip
    named = {f"AIRFLOW__{s}__{k}": v for s, values in sections.items() for k, v in values.items()}
    return {"AIRFLOW_HOME": str(folder), **named}


def airflow_command(*words: str) -> list[str]:
    """The `airflow` command of this interpreter's environment, found without PATH."""
    return [sys.executable, "-m", "airflow", *words]


def _migrate(airflow: LocalAirflow) -> None:
    done = subprocess.run(
        airflow_command("db", "migrate"), env=dict(airflow.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ComponentFailed(f"airflow db migrate ended with exit code {done.returncode}\n{done.stderr[-2000:]}")


def start(airflow: LocalAirflow, components: Components, client: AirflowClient) -> None:
    """API server, then pools, then the scheduler and the DAG processor. (No flow defers: no triggerer is needed.)"""
    components.start(Component("api-server", airflow_command("api-server"), client.is_up))
    client.create_pools(json.loads(POOLS.read_text()))
    components.start(Component("dag-processor", airflow_command("dag-processor")))
    components.start(Component("scheduler", airflow_command("scheduler", "--skip-serve-logs")))
