"""What a check of `nightcap doctor` says, and the checks of the machine: versions, programs, disk, memory, GPU."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pipelines.settings import Settings

_GIB = 1 << 30
_FAIL_FREE, _WARN_FREE, _WARN_MEMORY = 2 * _GIB, 10 * _GIB, 4 * _GIB
_NAMED = 4
_PROGRAM_S = 60.0


@dataclass(frozen=True)
class Check:
    """One line: `state` is ok, warn or fail; `advice` what to do where it is not ok; `is_transient` that it may
    heal by itself."""

    name: str
    state: str
    message: str
    advice: str = ""
    is_transient: bool = False


def check_python(_: Settings) -> Iterator[Check]:
    """The one Python version that the pins are made for."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == (3, 11):
        yield Check("python", "ok", f"{version}, {sys.executable}")
    else:
        yield Check("python", "fail", f"{version}, but 3.11 is needed", "make install PYTHON=/path/to/python3.11")


def normal_name(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(text: str) -> dict[str, str]:
    """Normal name → version of a constraints file."""
    found = (line.split(";")[0].strip().partition("==") for line in text.splitlines())
    return {normal_name(name): version for name, sign, version in found if sign and not name.startswith("#")}


def check_packages(_: Settings) -> Iterator[Check]:
    """What is installed against constraints.txt, and whether all that Nightcap needs is there."""
    installed = {
        normal_name(str(d.metadata["Name"])): d.version for d in metadata.distributions() if d.metadata["Name"]
    }
    needed = (r for r in metadata.requires("nightcap") or [] if "extra ==" not in r)
    names = [normal_name(re.split(r"[^\w.-]", r, maxsplit=1)[0]) for r in needed]
    if absent := sorted(n for n in names if n not in installed):
        yield Check("packages", "fail", f"not installed: {', '.join(absent)}", "make install")
        return
    path = Path(__file__).resolve().parents[2] / "constraints.txt"
    if not path.is_file():
        yield Check("packages", "ok", f"all {len(names)} there; no constraints.txt beside the package to compare with")
        return
    pins = read_pins(path.read_text())
    other = sorted(f"{n} {installed[n]}, pinned {v}" for n, v in pins.items() if n in installed and installed[n] != v)
    if other:
        more = f" and {len(other) - _NAMED} more" if len(other) > _NAMED else ""
        message = f"{len(other)} differ from constraints.txt: {'; '.join(other[:_NAMED])}{more}"
        yield Check("packages", "warn", message, "make install (or remove .venv first, then make install)")
    else:
        yield Check("packages", "ok", f"{sum(n in installed for n in pins)} packages as pinned in constraints.txt")


def check_programs(_: Settings) -> Iterator[Check]:
    """git and DVC start."""
    if shutil.which("git") is None:
        yield Check("git", "fail", "no git on PATH: nothing can be frozen", "install git")
    else:
        yield _program("git", ["git", "--version"])
    yield _program("dvc", [sys.executable, "-m", "dvc", "--version"])


def _program(name: str, command: list[str]) -> Check:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROGRAM_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, "fail", f"does not start: {error}", "make install")
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing said"]
        return Check(name, "fail", f"does not start: {said[0]}", "make install")
    return Check(name, "ok", done.stdout.strip().removeprefix("git version "))


def existing(path: Path) -> Path:
    """The path, else the nearest folder above it that is there."""
    return next(p for p in (path, *path.parents) if p.exists())


def check_disk(settings: Settings) -> Iterator[Check]:
    """Room for a night: publishing builds a whole new file beside the old ones."""
    published = settings.path("analytics", "analytics.duckdb")
    size = published.stat().st_size if published.exists() else 0
    free = shutil.disk_usage(existing(settings.root)).free
    message = f"{free / _GIB:.1f} GiB free at {settings.root}"
    if free < max(_FAIL_FREE, 2 * size):
        yield Check("disk", "fail", message, "free space before the next night: it needs twice the published file")
    elif free < max(_WARN_FREE, 5 * size):
        yield Check("disk", "warn", message, "lower analytics.keep_generations, or give the home more room")
    else:
        yield Check("disk", "ok", message)


def check_memory(_: Settings) -> Iterator[Check]:
    """What training and publishing may take."""
    import psutil

    available = psutil.virtual_memory().available
    state = "warn" if available < _WARN_MEMORY else "ok"
    advice = "end other programs, or lower analytics.memory_limit" if state == "warn" else ""
    yield Check("memory", state, f"{available / _GIB:.1f} GiB available", advice)


def check_gpu(settings: Settings) -> Iterator[Check]:
    """Whether training finds a GPU; without one the compact encoder is trained, which is no fault."""
    from pipelines.taggers.hub import has_gpu

    if has_gpu():
        yield Check("gpu", "ok", "torch sees a GPU")
    elif shutil.which("nvidia-smi"):
        yield Check("gpu", "warn", "nvidia-smi is here, but torch sees no GPU", "check the driver and torch's build")
    else:
        chosen = "compact" if settings.train.encoder == "auto" else settings.train.encoder
        yield Check("gpu", "ok", f"none; the encoder is {chosen}, trained on CPU")
