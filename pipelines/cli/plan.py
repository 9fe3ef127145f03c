"""`nightcap plan`: what a night would pull and why, and how long as much took in earlier nights."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pipelines.clients.objectstore import open_part
from pipelines.core.runs import Run
from pipelines.errors import PipelineError, exit_code_of
from pipelines.flows.execute import next_night_run, read_result, step_names
from pipelines.settings import Settings
from pipelines.sources.manifests import read_manifest
from pipelines.sources.step import places_of, preview

_NIGHTLY = "nightly_corpus"
_OTHERS = ("retrain_tagger", "reload_predictions")
_ARTICLE_BYTES = 136_000  # mean size of a JATS file (303 articles), where a source does not say sizes
_UNPACKED = 4.5  # how much larger JATS is than its .tar.gz (measured on 303 articles)

Report = dict[str, Any]


def make_plan(settings: Settings, options: Mapping[str, str]) -> Report:
    """One object: the run, each source with what is new and why, the minutes expected of each flow."""
    key, request, done = next_night_run(settings, options)
    run = Run(_NIGHTLY, key, dt.date.fromisoformat(str(request["night"])), request)
    sources = [_look(settings, run, source, place) for source, place in places_of(run).items()]
    errors = [s["exit_code"] for s in sources if s.get("error")]
    size = sum(s["n_bytes"] + s["n_packed"] * (_UNPACKED - 1) for s in sources if "n_bytes" in s)
    is_new = any(s.get("n_new", 0) + s.get("n_changed", 0) + s.get("n_withdrawn", 0) for s in sources)
    return {
        "night": request["night"], "run": key, "why": _why(key, done), "steps_done": done, "sources": sources,
        "bytes": sum(s.get("n_bytes", 0) for s in sources), "has_work": is_new or bool(done and "close" not in done),
        "estimate": _estimate(settings, size) if is_new else {},
        "exit_code": min(errors) if len(errors) == len(sources) else 0,
    }  # fmt: skip


def _why(key: str, done: Sequence[str]) -> str:
    if "pull" in done:
        return f"run {key} is not closed: it goes on after {done[-1]} with the files it has, and lists nothing again"
    if "." in key:
        return f"the night is closed: a further run {key} takes what has come since"
    return "the night has not run yet"


def _look(settings: Settings, run: Run, source: str, location: str) -> Report:
    try:
        seen = asdict(preview(settings, run, source))
    except PipelineError as error:
        return {"source": source, "location": location, "error": str(error), "exit_code": exit_code_of(error)}
    seen["n_bytes"] += seen["n_unsized"] * _ARTICLE_BYTES
    return {"source": source, "location": location, **seen}


# how long


def fit_line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(fixed seconds, seconds a byte) through what earlier nights took; neither below zero."""
    sizes, seconds = [p[0] for p in points], [p[1] for p in points]
    if len(set(sizes)) < 2:
        return statistics.fmean(seconds), 0.0
    slope = max(0.0, statistics.linear_regression(sizes, seconds).slope)
    fixed = statistics.fmean(seconds) - slope * statistics.fmean(sizes)
    if fixed < 0:
        return 0.0, sum(seconds) / sum(sizes)
    return fixed, slope


def _night_points(settings: Settings) -> list[tuple[float, float]]:
    """(bytes pulled, seconds of all steps) of each closed run."""
    landing, points = open_part(settings, "landing"), []
    for run in _run_keys(settings, _NIGHTLY):
        results = [read_result(settings, _NIGHTLY, run, s) for s in step_names(_NIGHTLY)]
        if any(r is None or r.get("skipped") for r in results):
            continue
        night, _, n = run.partition(".")
        key = f"nights/{night}/manifest-{n or 0}.jsonl"
        if landing.exists(key):
            entries = read_manifest(landing, key)["entries"]
            size = sum(int(e["size"]) for e in entries if e["status"] == "valid")
            points.append((float(size), sum(float(r["seconds"]) for r in results if r)))
    return points


def _run_keys(settings: Settings, flow: str) -> list[str]:
    folder = settings.path("runs", flow)
    return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []


def _estimate(settings: Settings, size: float) -> Report:
    """Minutes by flow with the number of runs they rest on; a flow that never ran is left out."""
    out: Report = {}
    if points := _night_points(settings):
        fixed, slope = fit_line(points)
        out[_NIGHTLY] = {"minutes": _minutes(fixed + slope * size), "from_runs": len(points)}
    for flow in _OTHERS:
        runs = [[read_result(settings, flow, k, s) for s in step_names(flow)] for k in _run_keys(settings, flow)]
        took = [sum(float(r["seconds"]) for r in steps if r) for steps in runs if all(steps)]
        if took:
            out[flow] = {"minutes": _minutes(statistics.median(took)), "from_runs": len(took)}
    return out


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 2)


# for a person


def render_plan(report: Report) -> None:
    """A line a source, then what it will take."""
    from rich.markup import escape
    from rich.table import Table

    from pipelines.cli.common import table_console

    out = table_console()
    out.print(f"Night {report['night']}, run {report['run']}: {escape(report['why'])}")
    table = Table("source", "new", "changed", "unchanged", "ignored", "gone", "MB", "for example", "from")
    for row in report["sources"]:
        if "error" in row:
            out.print(f"[bold red]{row['source']}[/] cannot be listed: {escape(row['error'])}")
            continue
        counts = [str(row[k]) for k in ("n_new", "n_changed", "n_unchanged", "n_ignored", "n_vanished")]
        example = escape(", ".join(row["examples"][:1]))
        size = f"{'about ' if row['n_unsized'] else ''}{row['n_bytes'] / 1e6:.1f}"
        table.add_row(row["source"], *counts, size, example, escape(row["location"]))
    out.print(table)
    for row in report["sources"]:
        for note in row.get("notes", ()):
            out.print(f"{row['source']}: {escape(note)}")
    for flow, row in report["estimate"].items():
        out.print(f"{flow}: about {row['minutes']:g} minutes (from {row['from_runs']} earlier runs)")
    if not report["has_work"]:
        out.print("Nothing to do: the sources hold nothing new.")
    elif not report["estimate"]:
        out.print("No earlier night to estimate minutes from, or the run only goes on.")
