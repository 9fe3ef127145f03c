"""`make up` with real processes: behind a login, gone after SIGTERM, and cleaned up after a SIGKILL."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from airflow_home import CHECKOUT, Components, free_port
from processes import is_running, wait_gone, wait_until

READY_S = 240.0


@contextlib.contextmanager
def up(home: Path, airflow_port: int, mlflow_port: int) -> Iterator[subprocess.Popen[str]]:
    """The script that the Makefile runs, until it has printed its addresses."""
    script = CHECKOUT / "infra" / "local" / "up.py"
    words = [sys.executable, str(script), "--home", str(home)]
    words += ["--airflow-port", str(airflow_port), "--mlflow-port", str(mlflow_port)]
    out = home.with_suffix(".out")
    with out.open("w") as stream, subprocess.Popen(words, stdout=stream, stderr=stream, text=True) as process:
        try:
            wait_until(lambda: "Ctrl-C" in out.read_text() or process.poll() is not None, READY_S, "make up is ready")
            assert process.poll() is None, out.read_text()
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def status(url: str, auth: tuple[str, str] | None = None) -> int:
    return httpx.get(url, auth=auth, timeout=30.0, trust_env=False).status_code


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    Components(tmp_path / "home" / "airflow", {}).stop_marked()


@pytest.mark.slow
def test_up_is_private_and_leaves_nothing_even_after_sigkill(home: Path) -> None:
    ports = free_port(), free_port()
    marked = Components(home / "airflow", {})
    with up(home, *ports) as first:
        first.kill()
    orphans = [process.pid for process in marked.iter_marked()]
    assert len(orphans) >= 4, "API server, scheduler, DAG processor and MLflow outlive a SIGKILL"

    with up(home, *ports) as second:
        assert not any(map(is_running, orphans)), "a start ends what a killed one left"
        check_private(home, *ports)
        running = [process.pid for process in marked.iter_marked()]
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=60) == 0
    assert len(running) >= 4
    wait_gone(running)
    assert list(marked.iter_marked()) == []


def check_private(home: Path, airflow_port: int, mlflow_port: int) -> None:
    """Both answer, neither without the login, and what holds the login is for its owner only."""
    printed = home.with_suffix(".out").read_text()
    password = next(line.split()[3] for line in printed.splitlines() if line.strip().startswith("login"))
    airflow, mlflow = f"http://127.0.0.1:{airflow_port}", f"http://127.0.0.1:{mlflow_port}"
    assert status(f"{airflow}/api/v2/dags") == 401
    token = httpx.post(f"{airflow}/auth/token", json={"username": "admin", "password": password}, trust_env=False)
    assert token.status_code == 201
    assert status(f"{airflow}/") == 200
    assert status(f"{mlflow}/") == 401
    assert status(f"{mlflow}/", ("admin", password)) == 200
    for path in [home / "airflow", *(home / "airflow").glob("*.json"), home / "airflow" / "env.sh"]:
        assert path.stat().st_mode & 0o077 == 0, path
