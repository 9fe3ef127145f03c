"""`make up`: Airflow and MLflow on this machine over one home, as supervised processes, behind a generated login.

Ctrl-C and SIGTERM end everything it started; a start ends what an earlier, killed one left. Both listen on 127.0.0.1
only: for other machines, put a reverse proxy with TLS in front.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import httpx
from airflow_client import AirflowClient
from components import Component, ComponentFailed, Components
from local_airflow import CHECKOUT, USER, LocalAirflow, free_port, prepare, start
from rich.console import Console

from pipelines.settings import Settings, current

console = Console(highlight=False, soft_wrap=True)
_WATCH_S = 1.0
_HEALTH_EVERY_S = 30.0
_UNHEALTHY_LIMIT = 3


class Stop(BaseException):
    """SIGTERM: as final as Ctrl-C."""


def parse_arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--home", type=Path, help="home folder; default var/home, else var/demo where only that exists")
    parser.add_argument("--airflow-port", type=int, default=8080)
    parser.add_argument("--mlflow-port", type=int, default=5000)
    return parser.parse_args(words)


def mlflow_component(settings: Settings, airflow: LocalAirflow, port: int) -> Component:
    """MLflow's server with its basic-auth app; its users lie in the home's Airflow folder, private like the rest."""
    from pipelines.clients.mlflow_client import artifact_root, tracking_uri

    folder = airflow.folder / "mlflow"
    folder.mkdir(mode=0o700, exist_ok=True)
    config = folder / "basic_auth.ini"
    config.touch(mode=0o600)
    config.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder / 'users.db'}\n"
        f"admin_username = {USER}\nadmin_password = {airflow.password}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    (settings.root / "mlflow").mkdir(exist_ok=True)
    command = [
        sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--backend-store-uri", tracking_uri(settings),
        "--no-serve-artifacts", "--default-artifact-root", str(artifact_root(settings)),
    ]  # fmt: skip
    return Component("mlflow", command, lambda: _answers(f"http://127.0.0.1:{port}/health"))


def mlflow_environ(airflow: LocalAirflow) -> dict[str, str]:
    return {
        "MLFLOW_AUTH_CONFIG_PATH": str(airflow.folder / "mlflow" / "basic_auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": airflow.environ["AIRFLOW__API__SECRET_KEY"],
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def show_addresses(settings: Settings, airflow: LocalAirflow, mlflow: str) -> None:
    console.print(f"\n[bold]Nightcap[/] over {settings.root} ({settings.home.data_kind} data)")
    console.print(f"  Airflow  {airflow.url}")
    console.print(f"  MLflow   {mlflow}")
    console.print(f"  login    {USER} / {airflow.password}    (both; kept in {airflow.folder / 'secrets.json'})")
    console.print(f"  logs     {airflow.folder / 'logs' / 'components'}")
    console.print(f"  the airflow command on this home: . {airflow.folder / 'env.sh'}")
    console.print("Ctrl-C stops everything.")


def watch(components: Components, airflow: LocalAirflow) -> None:
    """Start again what ends; the scheduler also where it no longer gives a sign of life (its executor can hang)."""
    client, last_look, unhealthy = airflow.client(), time.monotonic(), 0
    while True:
        time.sleep(_WATCH_S)
        for component in components.ended():
            console.print(f"[yellow]{component.name} ended; starting it again[/]")
            components.restart(component)
        if time.monotonic() - last_look >= _HEALTH_EVERY_S:
            last_look = time.monotonic()
            unhealthy = 0 if _is_scheduler_healthy(client) else unhealthy + 1
            if unhealthy >= _UNHEALTHY_LIMIT:
                console.print("[yellow]the scheduler gives no sign of life; starting it again[/]")
                components.restart(components.by_name("scheduler"))
                unhealthy = 0


def _is_scheduler_healthy(client: AirflowClient) -> bool:
    try:
        return bool(client.health()["scheduler"]["status"] == "healthy")
    except (httpx.HTTPError, KeyError, ValueError):
        return True  # the API server is seen to by `ended`


def run(arguments: argparse.Namespace) -> None:
    settings = current(arguments.home or _default_home())
    console.print(f"[dim]starting Airflow and MLflow over {settings.root} …[/]")
    settings.root.mkdir(parents=True, exist_ok=True)
    airflow = prepare(settings.root, arguments.airflow_port or free_port())
    mlflow_port = arguments.mlflow_port or free_port()
    with Components(airflow.folder, {**airflow.environ, **mlflow_environ(airflow)}) as components:
        start(airflow, components, airflow.client())
        mlflow = settings.storage.mlflow
        if not mlflow.startswith("http"):  # else there is a server already
            components.start(mlflow_component(settings, airflow, mlflow_port))
            mlflow = f"http://127.0.0.1:{mlflow_port}"
        show_addresses(settings, airflow, mlflow)
        try:
            watch(components, airflow)
        finally:
            console.print("stopping …")


def _default_home() -> Path | None:
    from pipelines.settings import default_home, has_home_variable

    return None if has_home_variable() else default_home(CHECKOUT)[0]


def _raise_stop(number: int, frame: FrameType | None) -> None:
    raise Stop


def main() -> int:
    signal.signal(signal.SIGTERM, _raise_stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, _raise_stop)
    try:
        run(parse_arguments(sys.argv[1:]))
    except (KeyboardInterrupt, Stop):
        console.print("stopped")
        return 0
    except ComponentFailed as error:
        console.print(f"[bold red]make up:[/] {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
