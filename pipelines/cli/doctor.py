"""`nightcap doctor`: what a person on call wants to know of this home and machine, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from pipelines.cli import checks, checks_home
from pipelines.cli.checks import Check
from pipelines.cli.common import table_console
from pipelines.errors import PermanentError, TransientError
from pipelines.settings import Settings

Step = Callable[[Settings], Iterator[Check]]
STEPS: Mapping[str, Step] = {
    "python": checks.check_python, "packages": checks.check_packages, "programs": checks.check_programs,
    "disk": checks.check_disk, "memory": checks.check_memory, "gpu": checks.check_gpu,
    "home": checks_home.check_home, "parts": checks_home.check_parts, "state": checks_home.check_state,
    "corpus": checks_home.check_corpus, "mlflow": checks_home.check_mlflow,
    "published": checks_home.check_published, "sources": checks_home.check_sources,
}  # fmt: skip
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def examine(settings: Settings, *, say: Callable[[str], None], steps: Mapping[str, Step] = STEPS) -> list[Check]:
    """All lines; a check that breaks is itself a finding, and the others go on."""
    found: list[Check] = []
    for name, step in steps.items():
        say(name)
        try:
            found += step(settings)
        except Exception as error:  # noqa: BLE001 - what is ill may be ill in any way
            message = f"{type(error).__name__}: {error}"
            found.append(Check(name, "fail", message, "the check itself failed: report it with this line"))
    return found


def exit_code(found: list[Check]) -> int:
    """0 where nothing failed; 3 where something needs a change, else 4: what failed may heal by itself."""
    failed = [c for c in found if c.state == "fail"]
    if not failed:
        return 0
    return TransientError.exit_code if all(c.is_transient for c in failed) else PermanentError.exit_code


def to_report(settings: Settings, found: list[Check]) -> dict[str, Any]:
    """The lines as one object."""
    counts = {state: sum(c.state == state for c in found) for state in _COLOURS}
    return {"home": str(settings.root), "config": settings.config_name, **counts, "exit_code": exit_code(found),
            "checks": [asdict(c) for c in found]}  # fmt: skip


def render(settings: Settings, found: list[Check]) -> None:
    """A table, then what to do, the failed lines first."""
    out = table_console()
    table = Table(Column("check"), Column(""), Column("what was found", overflow="fold"), title=None, box=None)
    for check in found:
        table.add_row(check.name, f"[{_COLOURS[check.state]}]{check.state}[/]", escape(check.message))
    out.print(table)
    for state in ("fail", "warn"):
        for check in (c for c in found if c.state == state):
            out.print(f"[{_COLOURS[state]}]{check.name}[/]: {escape(check.advice)}")
    if all(c.state == "ok" for c in found):
        out.print(f"All is well with {settings.root}.")
