"""`make demo` as something that is started, broken off and started again (that it succeeds: tests/dags)."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_home import CHECKOUT, Components, clean_environ
from processes import is_running, wait_gone, wait_until

SCRIPT = CHECKOUT / "infra" / "local" / "demo.py"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    Components(tmp_path / "home" / "airflow", {}).stop_marked()


def _hear_ctrl_c() -> None:
    """A shell's background job ignores SIGINT and hands that down: these tests may run in one, a demo hears it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def started(home: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, str(SCRIPT), "--home", str(home), "--nights", "1"]
    with home.with_suffix(".out").open("w") as out:
        process = subprocess.Popen(
            words, stdout=out, stderr=out, text=True, env=clean_environ(), preexec_fn=_hear_ctrl_c
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for_step(home: Path) -> list[int]:
    """Until a step of this demo's night runs; every process of the demo."""
    marked, out = Components(home / "airflow", {}), home.with_suffix(".out")
    wait_until(lambda: "night 1" in out.read_text(), 240.0, "Airflow is up")

    def is_step_running() -> bool:
        return any("--only" in process.cmdline() for process in marked.iter_marked())

    wait_until(is_step_running, 240.0, "a step runs")
    return [process.pid for process in marked.iter_marked()]


@pytest.mark.slow
def test_broken_off_demo_leaves_nothing_and_can_start_again(home: Path) -> None:
    with started(home) as killed:
        orphans = wait_for_step(home)
        killed.kill()
    assert any(map(is_running, orphans)), "a SIGKILL leaves processes: the next start has to end them"

    with started(home) as interrupted:
        pids = wait_for_step(home)
        assert not any(map(is_running, orphans))
        assert "processes of it ended" in home.with_suffix(".out").read_text()
        interrupted.send_signal(signal.SIGINT)
        assert interrupted.wait(timeout=240) == 130
    wait_gone(pids)
    assert list(Components(home / "airflow", {}).iter_marked()) == []
    assert "stopped" in home.with_suffix(".out").read_text()


def test_demo_never_empties_a_folder_that_it_did_not_make(home: Path) -> None:
    home.mkdir()
    (home / "precious.txt").write_text("work of a curator")
    with started(home) as process:
        assert process.wait(timeout=120) == 1
    assert "was not made by a demo" in home.with_suffix(".out").read_text()
    assert (home / "precious.txt").read_text() == "work of a curator"
