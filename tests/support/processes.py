"""What is running: for tests that must leave nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil


def is_running(pid: int) -> bool:
    """True for a process that still works; a zombie does not (in a container nobody may reap it)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until(what: Callable[[], object], timeout_s: float, message: str) -> None:
    """Poll until `what` is true; generous deadlines cost nothing where it becomes true soon."""
    deadline = time.monotonic() + timeout_s
    while not what():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {message}")
        time.sleep(0.05)


def read_pids(path: Path, timeout_s: float = 60.0) -> list[int]:
    """Process ids that a step wrote to a file, as soon as it has."""
    wait_until(path.exists, timeout_s, f"{path} is written")
    return [int(line) for line in path.read_text().split()]


def wait_gone(pids: Iterable[int], timeout_s: float = 30.0) -> None:
    left = list(pids)
    wait_until(lambda: not any(map(is_running, left)), timeout_s, f"processes {left} are gone")
