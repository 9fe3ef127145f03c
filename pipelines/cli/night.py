"""Running flows from the command line: the same runner, the same child per step, as the DAGs."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipelines import settings as settings_module
from pipelines.core.dates import parse_day
from pipelines.errors import PipelineError, UsageError, exit_code_of
from pipelines.flows.execute import execute, step_names
from pipelines.settings import Settings

_EXIT_ORDER = (1, 2, 3, 5, 4)
_ENDS_BACKFILL = {1, 2, 4}
_NIGHT_FLOWS = ("nightly_corpus", "retrain_tagger", "reload_predictions")
_LINE_EVERY_S = 5.0
log = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass
class Outcome:
    """What ran: one entry per step, and the exit code of it all."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    exit_codes: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        return next((c for c in _EXIT_ORDER if c in self.exit_codes), 0)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "exit_code": self.exit_code}


def _line_progress() -> Callable[[int, int, str], None]:
    """Progress of a child: one line every five seconds, for a log."""
    last = [time.monotonic()]

    def show(done: int, total: int, what: str) -> None:
        if time.monotonic() - last[0] >= _LINE_EVERY_S:
            last[0] = time.monotonic()
            print(f"{done}/{total} {what}", file=sys.stderr, flush=True)

    return show


@contextmanager
def _bar() -> Iterator[Callable[[int, int, str], None]]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=log, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda done, total, what: progress.update(task, completed=done, total=total, description=what[-60:])


def run_one_step(
    settings: Settings, flow: str, step: str, key: str | None, options: Mapping[str, str], *, force: bool
) -> dict[str, Any]:
    """One step in this process: what the runner's child does."""
    if settings_module.is_child():
        from pipelines.flows.lifeline import hold_lifeline

        hold_lifeline()
    if log.is_terminal:
        with _bar() as progress:
            result = execute(settings, flow, step, key, options, force=force, progress=progress)
    else:
        result = execute(settings, flow, step, key, options, force=force, progress=_line_progress())
    if not settings_module.is_child():  # else the runner's caller says it
        print(f"{flow}.{step} {result['run']}: {describe(result)}", file=sys.stderr, flush=True)
    return result


def describe(result: Mapping[str, Any]) -> str:
    """A result in one line."""
    if result.get("skipped"):
        return f"skipped: {result['skipped']}"
    return f"{result.get('message') or 'done'} ({result.get('seconds', 0):.1f} s)"


def _child_options(settings: Settings, key: str | None, options: Mapping[str, str], *, force: bool) -> dict[str, str]:
    given = {k: v for k, v in options.items() if v}
    out = {**given, "home": str(settings.root), "config": settings.config_name}
    if key:
        out["run"] = key
    if force:
        out["force"] = "1"
    return out


def _run_flow(
    settings: Settings, flow: str, key: str | None, options: Mapping[str, str], outcome: Outcome, *, force: bool
) -> None:
    from pipelines.flows.runner import run_step

    for step in step_names(flow):
        started = time.monotonic()
        status = log.status(f"{flow}.{step}") if log.is_terminal else None
        if status:
            status.start()
        try:
            result = run_step(
                flow, step, options=_child_options(settings, key, options, force=force), on_line=_forward(status)
            )
        except PipelineError as error:
            outcome.exit_codes.append(exit_code_of(error))
            outcome.steps.append({"flow": flow, "step": step, "run": key, "error": str(error),
                                  "exit_code": exit_code_of(error)})  # fmt: skip
            log.print(f"[bold red]✗[/] {flow}.{step}: ", end="")
            log.print(str(error), markup=False)
            return
        finally:
            if status:
                status.stop()
        key = str(result["run"])
        outcome.steps.append(dict(result))
        mark = "[yellow]–[/]" if result.get("skipped") else "[green]✓[/]"
        log.print(f"{mark} {flow}.{step} ", end="")
        log.print(f"{describe(result)} [{time.monotonic() - started:.0f} s]", markup=False)


def _forward(status: Any) -> Callable[[str], None]:
    def show(line: str) -> None:
        if status:
            status.update(line[-100:])
        else:
            print(f"    {line}", file=sys.stderr, flush=True)

    return show


def run_whole_flow(
    settings: Settings, flow: str, key: str | None, options: Mapping[str, str], *, force: bool
) -> Outcome:
    """All steps of one flow, each in its child."""
    outcome, started = Outcome(), time.monotonic()
    _run_flow(settings, flow, key, options, outcome, force=force)
    outcome.seconds = round(time.monotonic() - started, 1)
    return outcome


def nights_between(first: str, last: str) -> list[str]:
    """The nights of a backfill, oldest first. UsageError where an end is no date or comes before the beginning."""
    start, end = parse_day(first, "--date"), parse_day(last, "--to")
    if end < start:
        raise UsageError(f"--to {last} lies before --date {first}: a backfill runs from the older night to the newer")
    return [(start + dt.timedelta(n)).isoformat() for n in range((end - start).days + 1)]


def run_nights(settings: Settings, flow: str, nights: Sequence[str], options: Mapping[str, str]) -> Outcome:
    """One flow night by night. `{date}` in an option stands for the night.

    A night whose data are at fault does not keep the later ones from running; what would meet every night (a bug, a
    wrong command, a service that is down) ends the backfill: run it again, and what is done is passed over quickly.
    """
    outcome, started = Outcome(), time.monotonic()
    for number, night in enumerate(nights, start=1):
        log.print(f"[{number}/{len(nights)}] {flow} {night}", markup=False)
        mine = {name: value.replace("{date}", night) for name, value in options.items()}
        _run_flow(settings, flow, None, {**mine, "date": night}, outcome, force=False)
        if set(outcome.exit_codes) & _ENDS_BACKFILL:
            log.print(f"stopped at {night}, {len(nights) - number} nights left: run the same command again")
            break
    outcome.seconds = round(time.monotonic() - started, 1)
    return outcome


def run_night(settings: Settings, options: Mapping[str, str]) -> Outcome:
    """The three flows of a night. Retraining that fails does not keep the tables from analysts; a corpus that fails
    leaves the last good version served."""
    outcome, started = Outcome(), time.monotonic()
    for flow in _NIGHT_FLOWS:
        chosen = options if flow == "nightly_corpus" else {}
        _run_flow(settings, flow, None, chosen, outcome, force=False)
    outcome.seconds = round(time.monotonic() - started, 1)
    log.print(f"night {options['date']}: {outcome.seconds:.0f} s, exit code {outcome.exit_code}")
    return outcome
