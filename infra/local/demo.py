"""`make demo`: the shipped sample's nights through the real DAGs, in a home of its own, from nothing to tables.

A real API server, scheduler and DAG processor; SQLite, local folders and no other service. The sample is synthetic:
its scores say that the machinery works, nothing about real legends.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import drive
from components import ComponentFailed, Components
from demo_screen import CannotAsk, show_end
from local_airflow import CHECKOUT, DAGS, LocalAirflow, free_port, prepare, start
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=120)  # a log has no width of its own
_MARKER = ".nightcap-demo"
_TASKS_A_NIGHT = 17  # 5 + 4 + twice 4: only the bar's length hangs on it


class Stop(BaseException):
    """SIGTERM: as final as Ctrl-C."""


def parse_arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--home", type=Path, default=CHECKOUT / "var" / "demo", help="default var/demo; emptied first")
    parser.add_argument("--nights", type=int, default=3)
    parser.add_argument("--port", type=int, default=0, help="Airflow's port; default: a free one")
    return parser.parse_args(words)


def clear(home: Path) -> None:
    """Empty the demo's home, and end what a killed demo left. Refuses a folder that no demo made."""
    if not home.exists():
        return
    if any(home.iterdir()) and not (home / _MARKER).exists():
        raise SystemExit(f"{home} was not made by a demo: give another --home, or remove it yourself")
    left = Components(home / "airflow", {}).stop_marked()
    ended = f", {left} processes of it ended" if left else ""
    console.print(f"[dim]starting from nothing: the earlier demo in {home} is removed{ended}[/]", soft_wrap=True)
    shutil.rmtree(home)


def write_sample(home: Path, nights: int) -> list[tuple[str, dict[str, str]]]:
    """The sample's nights: date, and the parameters of its run."""
    from pipelines.sources.sample import write_sample as write

    summary = write(home / "sample", nights=nights)
    console.print(
        f"sample: {summary.n_files} files in {home / 'sample'}, written from a seed, [bold]synthetic[/]", soft_wrap=True
    )
    return [(night.isoformat(), _parameters(home / "sample" / night.isoformat())) for night in summary.nights]


def _parameters(folder: Path) -> dict[str, str]:
    return {
        "date": folder.name, "articles": str(folder / "articles"), "curation": str(folder / "curation"),
        "config": "demo",
    }  # fmt: skip


class Display:
    """One line per finished step, and on a terminal a bar with what runs now."""

    def __init__(self, nights: int) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._bar = self._progress.add_task("starting Airflow", total=nights * _TASKS_A_NIGHT)
        self._seen: set[tuple[str, str]] = set()
        self._night = 0

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        with self._progress:
            yield

    def begin_night(self, number: int, date: str) -> None:
        self._night = number
        console.print(f"[bold]night {number}, {date}[/]")

    def tick(self, tasks: list[dict[str, Any]]) -> None:
        """Show what is new. A task instance's id changes with each try."""
        for task in sorted(tasks, key=lambda t: str(t["end_date"])):
            if (key := (task["id"], task["state"])) not in self._seen:
                self._seen.add(key)
                self._show(task)
        running = [f"{t['dag_id']}.{t['task_id']}" for t in tasks if t["state"] == "running"]
        done = sum(t["end_date"] is not None for t in tasks) + (self._night - 1) * _TASKS_A_NIGHT
        self._progress.update(self._bar, completed=done, description=", ".join(running) or "…")

    def _show(self, task: dict[str, Any]) -> None:
        marks = {
            "success": "[green]✓[/]",
            "skipped": "[yellow]–[/]",
            "failed": "[red]✗[/]",
            "up_for_retry": "[yellow]↻[/]",
        }
        if mark := marks.get(task["state"]):
            seconds = f"{task['duration']:.0f} s" if task["duration"] is not None else task["state"]
            console.print(f"  {mark} {task['dag_id']}.{task['task_id']}  [dim]{seconds}[/]")


def run_nights(airflow: LocalAirflow, nights: list[tuple[str, dict[str, str]]]) -> None:
    """All nights, one after the other, each until every flow is idle. Errors: drive.NightFailed, ComponentFailed."""
    client, display = airflow.client(), Display(len(nights))
    with Components(airflow.folder, airflow.environ) as components, display.shown():
        start(airflow, components, client)
        console.print(f"Airflow is up at {airflow.url} (login admin / {airflow.password})")
        drive.wait_parsed(client, components.check_all)
        for dag_id in sorted(DAGS):
            client.set_paused(dag_id, is_paused=False)
        try:
            for number, (date, conf) in enumerate(nights, 1):
                display.begin_night(number, date)
                drive.run_night(client, conf, check=components.check_all, tick=display.tick)
            client.set_paused("nightly_corpus", is_paused=True)  # no source is configured: its cron would only fail
        except drive.NightFailed:
            show_failures(airflow)
            raise


def show_failures(airflow: LocalAirflow) -> None:
    """Which task failed, the end of its log, and the page that says what to do."""
    for task in drive.failed_tasks(airflow.client()):
        console.print(f"\n[bold red]{task['dag_id']}.{task['task_id']} failed[/] (try {task['try_number']}):")
        console.print(drive.log_tail(airflow, task), markup=False)
        console.print(f"runbook: infra/runbooks/{task['dag_id']}.md")


def demo(arguments: argparse.Namespace) -> None:
    home = arguments.home.resolve()
    began = time.monotonic()
    clear(home)
    home.mkdir(parents=True)
    (home / _MARKER).write_text("made by make demo, which removes it when it starts again\n")
    nights = write_sample(home, arguments.nights)
    run_nights(prepare(home, arguments.port or free_port(), extra=_extra()), nights)
    show_end(console, home, minutes=(time.monotonic() - began) / 60)


def _extra() -> dict[str, str]:
    """What the demo sets in Airflow's environment."""
    return {"NIGHTCAP_CONFIG": "demo"}


def _raise_stop(number: int, frame: FrameType | None) -> None:
    raise Stop


def main() -> int:
    signal.signal(signal.SIGTERM, _raise_stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, _raise_stop)
    try:
        demo(parse_arguments(sys.argv[1:]))
    except (KeyboardInterrupt, Stop):
        console.print("stopped; every process is ended. `make demo` starts from nothing.")
        return 130
    except (drive.NightFailed, ComponentFailed, CannotAsk) as error:
        console.print("\n[bold red]make demo failed:[/] ", end="")
        console.print(str(error), markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
