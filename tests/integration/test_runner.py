"""The step runner with real processes: what comes back, and that nothing is left running, however it ends."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fake_interpreter
import pytest
from processes import read_pids, wait_gone

from pipelines.errors import PermanentError, PipelineError, QualityError, TransientError, UsageError
from pipelines.flows.runner import StepBug, StepStopped, run_step

FAKE = shlex.join([sys.executable, fake_interpreter.__file__])


def run(behaviour: str, lines: list[str] | None = None, timeout_s: float = 60.0, **options: str) -> dict[str, object]:
    take = (lines if lines is not None else []).append
    return run_step("maintenance", behaviour, options=options, on_line=take, python=FAKE, timeout_s=timeout_s)


def test_result_and_log_come_back() -> None:
    lines: list[str] = []
    result = run("well", lines, run="2026-11-20", date="", force="true", articles="a b'c")
    assert result["run"] == "key-1"
    assert result["counts"] == {"rows": 1}
    assert result["args"] == ["--run", "2026-11-20", "--force", "--articles", "a b'c", "--json"]
    assert result["stdin"] == "", "a step has no input: the lifeline is taken off it"
    assert lines == ["this is well"]


def test_skip_is_a_result() -> None:
    assert run("skip")["skipped"] == "nothing to do"


@pytest.mark.parametrize(
    ("code", "error"),
    [(1, StepBug), (2, UsageError), (3, PermanentError), (4, TransientError), (5, QualityError), (77, StepBug)],
)
def test_exit_code_becomes_its_error(code: int, error: type[PipelineError]) -> None:
    with pytest.raises(PipelineError, match="the reason in words") as caught:
        run(f"exit{code}")
    assert type(caught.value) is error


@pytest.mark.parametrize("behaviour", ["crash", "exit137", "exit143"])
def test_death_by_signal_is_transient(behaviour: str) -> None:
    with pytest.raises(TransientError, match="killed by SIG"):
        run(behaviour)


def test_no_result_is_a_bug() -> None:
    with pytest.raises(StepBug, match="without a result"):
        run("mute")


def test_much_output_does_not_block() -> None:
    lines: list[str] = []
    assert run("flood", lines)["step"] == "flood"
    assert len(lines) == 50_002  # its greeting, the flood, and the long line that was not the result


def test_missing_interpreter_is_usage() -> None:
    with pytest.raises(UsageError, match=r"runtime\.python"):
        run_step("maintenance", "verify", options={}, on_line=print, python="/nowhere/python")


def test_grandchild_holding_the_output_neither_hangs_nor_stays(tmp_path: Path) -> None:
    began = time.monotonic()
    assert run("leave", home=str(tmp_path / "pids"))["step"] == "leave"
    assert time.monotonic() - began < 30
    wait_gone(read_pids(tmp_path / "pids"))


@pytest.mark.parametrize("behaviour", ["linger", "stubborn"])
def test_timeout_ends_the_whole_group(behaviour: str, tmp_path: Path) -> None:
    with pytest.raises(StepStopped, match="ran out of time"):
        run(behaviour, timeout_s=6.0, home=str(tmp_path / "pids"))
    wait_gone(read_pids(tmp_path / "pids"))


def test_error_in_the_log_reader_ends_the_group(tmp_path: Path) -> None:
    def fail(line: str) -> None:
        read_pids(tmp_path / "pids")
        raise BrokenPipeError(line)

    with pytest.raises(BrokenPipeError):
        run_step(
            "maintenance", "linger", options={"home": str(tmp_path / "pids")}, on_line=fail, python=FAKE, timeout_s=60
        )
    wait_gone(read_pids(tmp_path / "pids"))


@pytest.mark.parametrize("behaviour", ["linger", "stubborn"])
def test_sigterm_here_ends_the_whole_group_in_time(behaviour: str, tmp_path: Path) -> None:
    stopped_at: list[float] = []

    def stop_when_running() -> None:
        read_pids(tmp_path / "pids")
        stopped_at.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    killer = threading.Thread(target=stop_when_running)
    killer.start()
    with pytest.raises(StepStopped, match="SIGTERM"):
        run(behaviour, home=str(tmp_path / "pids"))
    assert time.monotonic() - stopped_at[0] < 5.0, "Airflow sends SIGKILL 5 s after SIGTERM"
    killer.join()
    wait_gone(read_pids(tmp_path / "pids"), timeout_s=1.0)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


_RUNNER = """
import sys
from pipelines.flows.runner import run_step
run_step("maintenance", sys.argv[1], options={"home": sys.argv[2]}, on_line=print, python=sys.argv[3],
         is_bound_to_parent=True)
"""
_PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"


@pytest.mark.parametrize("behaviour", ["linger", "stubborn"])
def test_sigkill_of_the_runner_leaves_nothing(behaviour: str, tmp_path: Path) -> None:
    words = [sys.executable, "-c", _RUNNER, behaviour, str(tmp_path / "pids"), FAKE]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as runner:
        pids = read_pids(tmp_path / "pids")
        runner.kill()
    wait_gone(pids)


def test_sigkill_of_the_process_above_leaves_nothing(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _PARENT, _RUNNER, "linger", str(tmp_path / "pids"), FAKE]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as supervisor:
        pids = read_pids(tmp_path / "pids")
        supervisor.kill()
    wait_gone(pids)
