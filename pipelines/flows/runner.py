"""Runs one step of a flow as a child process: the one path that `nightcap night` and the Airflow tasks share.

A fresh interpreter a step means: no fork after torch, no import cost in Airflow's processes, and a kill that reaches
everything the step started. What makes that true (each part was needed, see infra/docs/architecture.md):

- the child leads a session of its own, so that one signal to its group reaches all of it;
- SIGTERM raises here (Airflow's own handler does not), and on the way out the group gets SIGTERM, then SIGKILL,
  in less than the five seconds that Airflow leaves;
- a waiter thread kills what is left of the group when the child exits: a grandchild that holds the output open
  would otherwise hang the reader for ever;
- the child holds a lifeline (`lifeline.py`) for the case that this process is killed outright;
- where the process above may be killed too (Airflow's supervisor), the kernel sends SIGTERM here when it goes.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import selectors
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType, MappingProxyType
from typing import IO

from pipelines import settings
from pipelines.errors import PermanentError, PipelineError, QualityError, TransientError, UsageError

STOP_GRACE_S = 3.0  # Airflow kills a task 5 s after SIGTERM: the group must be gone before
_FLAGS = frozenset({"force"})
_PREFIX = re.compile(r"^nightcap: \w+: ")  # how the command starts an error message
_TAIL_LINES = 20
_POLL_S = 0.5
_PR_SET_PDEATHSIG = 1


class StepBug(PermanentError):
    """The step ended as no step should: exit code 1, or 0 without a result on its last line."""

    exit_code = 1


class StepStopped(TransientError):
    """The step was stopped from outside or ran out of time; it can be run again."""


_ERRORS: dict[int, type[PipelineError]] = {2: UsageError, 3: PermanentError, 4: TransientError, 5: QualityError}


class _SigTerm(BaseException):
    """Raised by the SIGTERM handler; a BaseException, so that no logging handler or library swallows it."""


def run_step(
    flow: str,
    step: str,
    *,
    options: Mapping[str, str],
    on_line: Callable[[str], None],
    python: str | None = None,
    timeout_s: float | None = None,
    is_bound_to_parent: bool = False,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, object]:
    """Run one step to its end and return the JSON object of its last line.

    `options` are those of `nightcap run` without dashes (empty values are left out, `force` is a flag); `on_line`
    gets every line of the step's log, in this thread; `python` is a command line in front of `-m pipelines`, by
    default the setting runtime.python, else this interpreter; `timeout_s` by default is runtime.step_timeout_minutes.
    `is_bound_to_parent` stops the step when this process's parent dies: for a task of Airflow, not for a shell.
    `environment` holds variables beside those of this process: credentials, which stand in no argument.

    Errors, by exit code: 2 UsageError, 3 PermanentError, 4 TransientError, 5 QualityError, else StepBug; death by a
    signal TransientError; SIGTERM here or no time left StepStopped. No process of the step is left in any case.
    """
    configured = settings.current(options.get("home") or None, options.get("config") or None).runtime
    command = [*shlex.split(python or configured.python or shlex.quote(sys.executable)), "-m", "pipelines"]
    deadline = time.monotonic() + (timeout_s or configured.step_timeout_minutes * 60.0)
    with _raising_on_sigterm(is_bound_to_parent) as signals:
        child = _Child([*command, *_arguments(flow, step, options)], environment)
        try:
            signals.arm()
            child.stream(on_line, deadline)
        except _SigTerm as stop:
            raise StepStopped(f"{flow} {step}: stopped by SIGTERM") from stop
        finally:
            signals.ignore()
            child.stop()
    if signals.is_pending:
        raise StepStopped(f"{flow} {step}: stopped by SIGTERM as it ended")
    return _result(f"{flow} {step}", child)


def _arguments(flow: str, step: str, options: Mapping[str, str]) -> list[str]:
    words = ["run", flow, "--only", step]
    for name, value in options.items():
        if value:
            words += [f"--{name}"] if name in _FLAGS else [f"--{name}", value]
    return [*words, "--json"]


def _start(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # COLUMNS: rich folds a message at 80 columns where there is no terminal; the last line is the error's message
    ours = {"PYTHONUNBUFFERED": "1", "NIGHTCAP_LIFELINE": "1", "COLUMNS": "1000"}
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**settings.child_environment(), **environment, **ours}, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise UsageError(f"cannot start {command[0]}: {error}; see the setting runtime.python") from error


class _Child:
    """The running step: its process group, its two streams and what it said last."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.process = _start(command, environment)
        self.out: deque[str] = deque(maxlen=_TAIL_LINES)
        self.log: deque[str] = deque(maxlen=_TAIL_LINES)
        self._waiter = threading.Thread(target=self._wait, name="step-waiter", daemon=True)
        self._waiter.start()

    @property
    def code(self) -> int:
        return self.process.wait()

    def stream(self, on_line: Callable[[str], None], deadline: float) -> None:
        """Pass on both streams until the step has ended; of its output the last line is held back: the result."""
        takers = ((self.process.stdout, self._take_out(on_line)), (self.process.stderr, self._take_log(on_line)))
        with selectors.DefaultSelector() as selector:
            for stream, take in takers:
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ, _Lines(take))
            while selector.get_map() and self._read_some(selector):
                if time.monotonic() >= deadline:
                    raise StepStopped("the step ran out of time and was stopped (setting runtime.step_timeout_minutes)")
        self._waiter.join()

    def _read_some(self, selector: selectors.BaseSelector) -> bool:
        """Read what is there; False where the step is gone and nothing came: a process that left its group may hold
        the pipes open for ever."""
        is_running = self._waiter.is_alive()
        ready = selector.select(timeout=_POLL_S)
        for key, _ in ready:
            if not key.data.read_from(key.fileobj):
                selector.unregister(key.fileobj)
        return is_running or bool(ready)

    def stop(self) -> None:
        """End the group: SIGTERM, SIGKILL after the grace; then release the pipes. Harmless where it has ended."""
        self._signal(signal.SIGTERM)
        self._waiter.join(STOP_GRACE_S)
        self._signal(signal.SIGKILL)
        self._waiter.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _signal(self, number: signal.Signals) -> None:
        """Only while the leader is not reaped: until then its id, and so the group's, cannot be someone else's."""
        if self._waiter.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def _wait(self) -> None:
        """See the leader exit without reaping it, kill what is left of its group, then reap it."""
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _take_out(self, on_line: Callable[[str], None]) -> Callable[[str], None]:
        def take(line: str) -> None:
            if self.out:
                on_line(self.out[-1])
            self.out.append(line)

        return take

    def _take_log(self, on_line: Callable[[str], None]) -> Callable[[str], None]:
        def take(line: str) -> None:
            self.log.append(line)
            on_line(line)

        return take


@dataclass
class _Lines:
    """Cuts a stream into lines without blocking on a half-written one."""

    take: Callable[[str], None]
    rest: bytes = field(default=b"")

    def read_from(self, stream: IO[bytes]) -> bool:
        """Read what is there; False at the end of the stream."""
        data = os.read(stream.fileno(), 65536)
        *lines, self.rest = (self.rest + data).split(b"\n")
        if not data and self.rest:
            lines, self.rest = [self.rest], b""
        for line in lines:
            if text := line.decode("utf-8", "replace").rstrip():
                self.take(text)
        return bool(data)


def _result(name: str, child: _Child) -> dict[str, object]:
    said = _last_object(child.out)
    code = child.code
    if code == 0:
        if said is None:
            raise StepBug(f"{name}: ended without a result on its last line ({_last_words(child)})")
        return said
    number = -code if code < 0 else code - 128
    if code < 0 or (code > 128 and number in (signal.SIGINT, signal.SIGKILL, signal.SIGTERM)):
        raise TransientError(f"{name}: killed by {_signal_name(number)}")
    message = str((said or {}).get("message") or _last_words(child))
    raise _ERRORS.get(code, StepBug)(f"{name}: {message}")


def _last_object(lines: deque[str]) -> dict[str, object] | None:
    try:
        value = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError):
        return None
    return value if isinstance(value, dict) else None


def _last_words(child: _Child) -> str:
    return _PREFIX.sub("", child.log[-1]) if child.log else f"exit code {child.code}, nothing said"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _Signals:
    """SIGTERM while a step runs. Until armed it is only noted: raised between fork and assignment, the child's
    handle would be lost."""

    def __init__(self) -> None:
        self.is_armed = False
        self.is_pending = False

    def arm(self) -> None:
        self.is_armed = True
        if self.is_pending:
            raise _SigTerm

    def ignore(self) -> None:
        """From here on the group is being ended already: a second signal must not break that off."""
        self.is_armed = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.is_pending = True
        if self.is_armed:
            raise _SigTerm


@contextlib.contextmanager
def _raising_on_sigterm(is_bound_to_parent: bool) -> Iterator[_Signals]:
    signals = _Signals()
    if threading.current_thread() is not threading.main_thread():  # handlers can be set in the main thread only
        yield signals
        return
    before = signal.signal(signal.SIGTERM, signals)
    if is_bound_to_parent:
        _set_parent_death_signal(signal.SIGTERM)
    try:
        yield signals
    finally:
        signal.signal(signal.SIGTERM, before)


def _set_parent_death_signal(number: int) -> None:
    """Linux only; elsewhere the lifeline alone must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
