"""Kill a step before each of its side effects, run it again, compare what is left with an undisturbed run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

TRACED = Path(__file__).parent / "traced"
DEADLINE_S = 240.0


def run_nightcap(
    *args: str, environ: dict[str, str] | None = None, timeout_s: float = 600.0
) -> subprocess.CompletedProcess[str]:
    """`nightcap …` in a child; AssertionError with its log where it fails."""
    done = subprocess.run([sys.executable, "-m", "pipelines", *args], capture_output=True, text=True,
                          env={**os.environ, **(environ or {})}, timeout=timeout_s, check=False)  # fmt: skip
    assert done.returncode == 0, (
        f"nightcap {' '.join(args)}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    )
    return done


def run_steps(home: Path, options: dict[str, str], steps: Sequence[str], config: str = "demo") -> None:
    """Steps of the nightly flow one after the other, each a child of its own."""
    words = [w for name, value in options.items() for w in (f"--{name}", value)]
    key: list[str] = []
    for step in steps:
        run_nightcap("run", "nightly_corpus", "--only", step, *words, *key, "--config", config, "--home", str(home))
        key = ["--run", options["date"]]


def _environ(home: Path, trace: Path, stop_at: int) -> dict[str, str]:
    return {"PYTHONPATH": str(TRACED), "NC_TRACE": str(trace), "NC_STOP_AT": str(stop_at), "NC_ROOT": str(home)}


def trace_run(home: Path, args: Sequence[str]) -> list[str]:
    """Side effects of an undisturbed run, in order."""
    trace = home.with_name(home.name + ".nc-trace")
    run_nightcap(*args, "--home", str(home), environ=_environ(home, trace, -1))
    return trace.read_text().splitlines()


def kill_before(home: Path, args: Sequence[str], number: int) -> None:
    """Start the step, wait until it is about to do side effect `number`, and SIGKILL its process group."""
    trace = home.with_name(home.name + f".{number}.nc-trace")
    stopped = Path(f"{trace}.stopped")
    command = [sys.executable, "-m", "pipelines", *args, "--home", str(home)]
    process = subprocess.Popen(command, env={**os.environ, **_environ(home, trace, number)}, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    deadline = time.monotonic() + DEADLINE_S
    while not stopped.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert stopped.exists(), f"the step ended ({process.poll()}) before side effect {number}"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def iter_killed(
    template: Path, work: Path, args: Sequence[str], numbers: Sequence[int], snapshot: Callable[[Path], object]
) -> Iterator[tuple[int, object]]:
    """For each number: a copy of the template, killed there, run again; its snapshot."""
    for number in numbers:
        home = work / f"killed-{number}"
        shutil.copytree(template, home, symlinks=True)
        kill_before(home, args, number)
        run_nightcap(*args, "--home", str(home))
        yield number, snapshot(home)
        shutil.rmtree(home)


def spread(events: Sequence[str], most: int) -> list[int]:
    """Numbers (from 1) of at most `most` side effects: every kind that writes the shared state, then evenly spread."""
    telling = [i + 1 for i, e in enumerate(events) if any(w in e for w in _TELLING)]
    rest = [i + 1 for i in range(len(events)) if i + 1 not in telling]
    step = max(1, len(rest) // max(1, most - len(telling))) if rest else 1
    return sorted({*telling[:most], *rest[::step][: max(0, most - len(telling))]})


_TELLING = (" dvc ", "git commit", "git tag -f", "git push", "index.db", "os.symlink", "analytics.duckdb")
