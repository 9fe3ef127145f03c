"""A few supervised processes that start in order, and of which nothing is left when they are stopped.

Every process below carries a mark in its environment (NIGHTCAP_STACK=<folder>), which children inherit: Airflow's
tasks lead process groups of their own and their steps sessions of their own, so neither a group nor a session finds
all of them, but the mark does; also those that an earlier start left behind when it was killed outright.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "NIGHTCAP_STACK"
STOP_GRACE_S = 8.0
_POLL_S = 0.2


class ComponentFailed(Exception):
    """A component ended or did not become ready; the message ends with the tail of its log."""


@dataclass
class Component:
    """One process: how it is started, when it counts as ready, and where its output goes."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool] = lambda: True
    ready_timeout_s: float = 180.0
    process: subprocess.Popen[bytes] | None = None
    restarts: list[float] = field(default_factory=list)


class Components:
    """Processes of one folder, as a context manager: leaving it stops them all, whatever happened."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.logs = folder / "logs" / "components"
        self.mark = str(folder.resolve())
        # SPT_NOENV: setproctitle, which Airflow uses, else overwrites the environment that the mark is read from
        self._environ = {**environ, MARK: self.mark, "SPT_NOENV": "1", "PYTHONUNBUFFERED": "1"}
        self._started: list[Component] = []

    def __enter__(self) -> Components:
        self.stop_marked()
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, component: Component) -> None:
        """Start it and wait until it is ready. Errors: ComponentFailed."""
        self._spawn(component)
        self._started.append(component)
        deadline = time.monotonic() + component.ready_timeout_s
        while not component.is_ready():
            self.check(component)
            if time.monotonic() > deadline:
                raise ComponentFailed(f"{component.name} was not ready in time\n{self.tail(component)}")
            time.sleep(_POLL_S)

    def _spawn(self, component: Component) -> None:
        with (self.logs / f"{component.name}.log").open("ab") as log:
            component.process = subprocess.Popen(
                list(component.command), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=self._environ, start_new_session=True,
            )  # fmt: skip

    def check(self, component: Component) -> None:
        """Errors: ComponentFailed where it has ended."""
        code = component.process.poll() if component.process else None
        if code is not None:
            raise ComponentFailed(f"{component.name} ended with exit code {code}\n{self.tail(component)}")

    def check_all(self) -> None:
        for component in self._started:
            self.check(component)

    def restart(self, component: Component) -> None:
        """Start a component again that ended or hangs. Errors: ComponentFailed at the fourth time in five minutes."""
        now = time.monotonic()
        component.restarts = [t for t in component.restarts if now - t < 300] + [now]
        if len(component.restarts) > 3:
            raise ComponentFailed(f"{component.name} ends again and again\n{self.tail(component)}")
        _signal_group(component, signal.SIGKILL)
        self._spawn(component)

    def by_name(self, name: str) -> Component:
        return next(c for c in self._started if c.name == name)

    def ended(self) -> list[Component]:
        return [c for c in self._started if c.process is not None and c.process.poll() is not None]

    def tail(self, component: Component, lines: int = 15) -> str:
        with contextlib.suppress(OSError):
            text = (self.logs / f"{component.name}.log").read_text(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""

    def stop(self) -> None:
        """SIGTERM to the groups, last started first, then whatever is left is killed. To the groups, for a scheduler
        that alone gets SIGTERM waits for its tasks, without end."""
        for component in reversed(self._started):
            _signal_group(component, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_S
        while time.monotonic() < deadline and any(c.process and c.process.poll() is None for c in self._started):
            time.sleep(_POLL_S)
        self.stop_marked()
        for component in self._started:
            if component.process is not None:
                component.process.wait()
        self._started.clear()

    def stop_marked(self) -> int:
        """End every process with the mark: SIGTERM and a short wait (a task ends its step), then SIGKILL."""
        found = list(self.iter_marked())
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        psutil.wait_procs(found, timeout=STOP_GRACE_S / 2)
        deadline = time.monotonic() + 30.0
        while (left := list(self.iter_marked())) and time.monotonic() < deadline:
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(left, timeout=1.0)
        return len(found)

    def iter_marked(self) -> Iterator[psutil.Process]:
        """Living processes that carry the mark of this folder."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                is_marked = process.pid != os.getpid() and process.environ().get(MARK) == self.mark
                if is_marked and process.status() != psutil.STATUS_ZOMBIE:
                    yield process


def _signal_group(component: Component, number: signal.Signals) -> None:
    process = component.process
    if process is None or process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    if number == signal.SIGKILL:
        process.wait()
