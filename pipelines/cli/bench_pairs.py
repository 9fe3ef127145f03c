"""What all benchmarks share: pairs of runs, their spread, the machine."""

from __future__ import annotations

import os
import platform
import resource
import statistics
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, minimum and maximum."""
    return {"median": round(statistics.median(values), 3), "min": round(min(values), 3), "max": round(max(values), 3)}


def median_ratio(over: Sequence[float], under: Sequence[float]) -> dict[str, float]:
    """Spread of the ratios of runs that were made in pairs, one beside the other."""
    return spread([a / b for a, b in zip(over, under, strict=True)])


def describe_machine(*packages: str) -> dict[str, Any]:
    """What the figures depend on: processor, cores, load, versions of Python and of these packages."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    model = next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), platform.processor())
    return {
        "cpu": model or platform.machine(), "cores": len(os.sched_getaffinity(0)), "system": platform.system(),
        "load_1min": round(os.getloadavg()[0], 2), "python": platform.python_version(),
        **{n: metadata.version(n) for n in packages},
    }  # fmt: skip


def peak_of_process() -> float:
    """The most memory that this process ever held, in MiB, the interpreter included."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage of a child starts at what its parent held
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
