"""`nightcap bench night-cost` and `bench freeze`: what a night costs, and what it costs on a corpus ten times larger.

Two homes hold made corpora (cli.bench_corpus) of as many nights, one with ten times the annotations. The same delivery
is run through the whole of nightly_corpus on a copy of each in turn: files that are never rewritten (the DVC cache and
remote) are linked into the copy, all others copied; the copy always stands at the same path, so that DVC knows it.
Seconds and bytes are those of the command and every program that it waits for.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.cli.bench_corpus import FIGURES, LAST_NIGHT, PER_FIGURE, NightRows, build_corpus, known_doi
from pipelines.cli.bench_pairs import describe_machine, median_ratio, peak_of_process, spread
from pipelines.clients.meter import io_bytes
from pipelines.core.splits import split_of
from pipelines.core.tables import corpus_schema, parquet_bytes, rows_to_table
from pipelines.errors import PermanentError, UsageError
from pipelines.settings import Settings, load

Say = Callable[[str], None]
NIGHT = LAST_NIGHT + dt.timedelta(days=1)
_NEVER_REWRITTEN = ("corpus/.dvc/cache/", "remotes/dvc/")
_KNOWN = 10  # articles of the night that revise a document of the corpus
STEPS = ("pull", "parse", "check", "freeze", "close")


# the delivery


def write_delta(folder: Path, articles: int, curated: int) -> dict[str, int]:
    """One night's delivery: JATS articles, a quarter of them revisions of known documents, the curation of about so
    many figures, and a retraction of a known document. Returns what it holds."""
    from pipelines.sources.sample.curation_writer import Edition, curation_name, write_curation, write_delivery_note
    from pipelines.sources.sample.jats_writer import write_article, write_notice
    from pipelines.sources.sample.nights import FULL
    from pipelines.sources.sample.world import World

    world = World(7, NIGHT)
    known = [known_doi(i) for i in range(200) if split_of(known_doi(i)) == "train"]
    made = [world.article(i) for i in range(articles)]
    made = [dataclasses.replace(a, doi=known[i], pmcid=None) if i < _KNOWN else a for i, a in enumerate(made)]
    files = {f"articles/{a.doi.removeprefix('10.5555/')}.xml": write_article(a) for a in made}
    retracted = dataclasses.replace(made[0], doi=known[-1])
    why = ["This document of a benchmark is retracted."]
    files["articles/notice.xml"] = write_notice(retracted, kind="retraction", number=1, date=NIGHT, reason=why)
    n_figures, note = 0, write_delivery_note("bench (synthetic)", NIGHT, review_stage="curator", guideline=FULL)
    files["curation/bench/delivery.toml"] = note
    for article in made[_KNOWN // 2 :]:
        if n_figures >= curated:
            break
        n_figures += sum(1 for f in article.figures if not f.supplement)
        data = write_curation(article, world.vocabulary, FULL, Edition(NIGHT))
        files[f"curation/bench/{curation_name(article)}"] = data
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    size = sum(map(len, files.values()))
    return {"files": len(files), "articles": articles, "curated_figures": n_figures, "bytes": size}


# the homes


@dataclass(frozen=True)
class Base:
    """A made corpus below `folder`: `base` as it was written, `home` the copy that a night runs on."""

    folder: Path
    holds: Mapping[str, int]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def copy(self) -> Path:
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.folder / "base", self.home, symlinks=True, copy_function=_link_or_copy)
        return self.home


def _link_or_copy(source: str, target: str) -> None:
    if any(part in source for part in _NEVER_REWRITTEN):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _fresh_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def home_settings(home: Path) -> Settings:
    """Settings of a home of the benchmark: the shipped demo configuration, whatever the caller's environment says."""
    return load({}, home, "demo")


def make_base(work: Path, annotations: int, nights: int, say: Say) -> Base:
    """The made corpus of this size; one that an earlier run left in the same folder is used again."""
    folder = work / f"{annotations}-in-{nights}"
    said = folder / "holds.json"
    if not said.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        started = time.monotonic()
        arguments = home_settings(folder / "home"), annotations, nights
        with _fresh_process() as pool:  # this process stays small: a child's peak memory starts at its parent's
            base = Base(folder, pool.submit(build_corpus, *arguments).result())
        base.home.rename(folder / "base")
        said.write_text(json.dumps(base.holds))
        say(f"made {annotations} annotations in {nights} nights: {time.monotonic() - started:.0f} s")
    return Base(folder, json.loads(said.read_text()))


# one night


def run_night(base: Base, delta: Path) -> dict[str, Any]:
    """The whole of nightly_corpus on a copy of the base; PermanentError with the end of its log where it fails."""
    home = base.copy()
    command = [sys.executable, "-m", "pipelines", "run", "nightly_corpus", "--date", NIGHT.isoformat(), "--home",
               str(home), "--config", "demo", "--articles", str(delta / "articles"), "--curation",
               str(delta / "curation")]  # fmt: skip
    log = base.folder / "night.log"
    before, started = io_bytes(), time.perf_counter()
    with log.open("wb") as sink:
        child = subprocess.Popen(command, stdout=sink, stderr=sink)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds, after = time.perf_counter() - started, io_bytes()
    if child.returncode:
        raise PermanentError(f"the night on {base.folder.name} failed: {log.read_text()[-1500:]}")
    results = {s: _result(home, s) for s in STEPS}
    shutil.rmtree(home)
    return {
        "seconds": round(seconds, 3), "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
        "bytes_read": after[0] - before[0], "bytes_written": after[1] - before[1],
        "peak_mib": round(usage.ru_maxrss / 1024, 1), "steps": {s: r["seconds"] for s, r in results.items()},
        "freeze": results["freeze"]["extra"]["costs"], "rows": results["freeze"]["counts"],
    }  # fmt: skip


def _result(home: Path, step: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (home / "runs" / "nightly_corpus" / NIGHT.isoformat() / f"{step}.json").read_text()
    )
    return found


def measure_night_cost(
    *, scale: int, annotations: int, nights: int, articles: int, curated: int, runs: int, work: Path | None, say: Say
) -> dict[str, Any]:
    """The whole benchmark as one object (architecture, section 10)."""
    if io_bytes() == (0, 0):
        raise UsageError("this system does not count what a process reads and writes: run this benchmark on Linux")
    with tempfile.TemporaryDirectory(prefix="nightcap-bench-") as name:
        root = (work or Path(name)).absolute()
        delta = Path(name) / "delta"
        brings = write_delta(delta, articles, curated)
        bases = [make_base(root, n, nights, say) for n in (annotations, scale * annotations)]
        rows: list[list[dict[str, Any]]] = [[], []]
        if runs > 1:
            run_night(bases[0], delta)  # so that no run is the first one
        for i in range(runs):
            for k in (0, 1) if i % 2 == 0 else (1, 0):
                rows[k].append(run_night(bases[k], delta))
            say(f"pair {i + 1}/{runs}: " + " and ".join(_in_short(some[-1]) for some in rows))
    return _night_report(bases, rows, brings, scale)


def _in_short(row: Mapping[str, Any]) -> str:
    return f"{row['seconds']:.1f} s ({row['cpu_s']:.1f} s of CPU, {row['bytes_written'] / 1e6:.1f} MB written)"


def _night_report(
    bases: Sequence[Base], rows: Sequence[Sequence[Mapping[str, Any]]], brings: Mapping[str, int], scale: int
) -> dict[str, Any]:
    small, large = rows

    def ratio(key: str) -> dict[str, float]:
        return median_ratio([r[key] for r in large], [r[key] for r in small])

    def both(key: str) -> list[dict[str, float]]:
        return [spread([r[key] for r in some]) for some in rows]

    return {
        "compared": {"corpora": [dict(b.holds) for b in bases], "delta": {**brings, "rows": small[0]["rows"]},
                     "scale": scale, "clock": "wall time of the command; cpu: of it and all its programs"},
        "ratio_10x": ratio("seconds"), "ratio_10x_cpu": ratio("cpu_s"), "bytes_ratio": ratio("bytes_written"),
        "bytes_read_ratio": ratio("bytes_read"), "seconds": both("seconds"), "cpu_s": both("cpu_s"),
        "bytes_written": both("bytes_written"), "bytes_read": both("bytes_read"), "peak_mib": both("peak_mib"),
        "steps": [{s: spread([r["steps"][s] for r in some]) for s in STEPS} for some in rows],
        "machine": describe_machine("dvc", "duckdb", "pyarrow"), "runs": [list(some) for some in rows],
    }  # fmt: skip


# freeze alone


def write_checked(settings: Settings, first: int, n_figures: int) -> dict[str, int]:
    """What the check step would leave for NIGHT: so many new curated and published figures. Returns rows by table."""
    made = NightRows(NIGHT, first, n_figures)
    folder = settings.path("staging", NIGHT.isoformat(), "check")
    folder.mkdir(parents=True)
    tables = {t: rows_to_table(made.rows.get(t, ()), corpus_schema(t))
              for t in ("documents", "figures", "panels", "document_events", "id_aliases", "deliveries")}  # fmt: skip
    tables["annotations"] = made.annotations()
    for name, table in tables.items():
        (folder / f"{name}.parquet").write_bytes(parquet_bytes(table))
    return {t: table.num_rows for t, table in tables.items()}


def freeze_once(home: str) -> dict[str, Any]:
    """Freeze the night that lies in staging, in this process; returns what it cost."""
    from pipelines.core.runs import Run
    from pipelines.corpus.step import run_freeze

    started, before = time.perf_counter(), io_bytes()
    result = run_freeze(home_settings(Path(home)), Run("nightly_corpus", NIGHT.isoformat(), NIGHT), "bench")
    costs: Any = result.extra["costs"]
    return {
        "seconds": round(time.perf_counter() - started, 3), "bytes_written": io_bytes()[1] - before[1],
        "peak_mib": round(peak_of_process(), 1), "parts": costs, "rows": dict(result.counts),
    }  # fmt: skip


def measure_freeze(
    *, annotations: int, nights: int, rows: int, runs: int, work: Path | None, say: Say
) -> dict[str, Any]:
    """Freeze alone: `rows` new annotations with their figures and documents, on a corpus of `annotations`."""
    n_figures = FIGURES * max(1, rows // (PER_FIGURE * FIGURES))
    done: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="nightcap-bench-") as name:
        base = make_base((work or Path(name)).absolute(), annotations, nights, say)
        for i in range(runs):
            home = base.copy()
            brings = write_checked(home_settings(home), base.holds["figures"], n_figures)
            with _fresh_process() as pool:
                done.append(pool.submit(freeze_once, str(home)).result())
            shutil.rmtree(home)
            say(f"run {i + 1}/{runs}: {done[-1]['seconds']:.1f} s, {done[-1]['peak_mib']:.0f} MiB")
    parts = {kind: {p: spread([d["parts"][kind][p] for d in done]) for p in done[0]["parts"][kind]}
             for kind in ("seconds", "bytes_read", "bytes_written")}  # fmt: skip
    return {
        "compared": {"corpus": dict(base.holds), "delta": brings},
        **{k: spread([d[k] for d in done]) for k in ("seconds", "bytes_written", "peak_mib")},
        "parts": parts, "machine": describe_machine("dvc", "duckdb", "pyarrow"), "runs": done,
    }  # fmt: skip


# for a person


_RATIOS = (
    ("ratio_10x", "times the seconds"), ("ratio_10x_cpu", "times the CPU time"),
    ("bytes_ratio", "times the bytes written"), ("bytes_read_ratio", "times the bytes read"),
)  # fmt: skip


def render_night_cost(report: Mapping[str, Any]) -> None:
    from rich.table import Table

    from pipelines.cli.common import table_console

    compared, out = report["compared"], table_console()
    small, large = compared["corpora"]
    out.print(f"The same night ({compared['delta']['articles']} articles, {compared['delta']['curated_figures']} "
              f"curated figures) on {small['annotations']:,} and {large['annotations']:,} annotations in "
              f"{small['nights']} nights; {len(report['runs'][0])} pairs")  # fmt: skip
    table = Table("what", "median", "min", "max")
    for key, words in _RATIOS:
        table.add_row(words, *[f"{report[key][k]:g}" for k in ("median", "min", "max")])
    for key in ("seconds", "bytes_written", "peak_mib"):
        for found, corpus in zip(report[key], (small, large), strict=True):
            words = f"{key}, {corpus['annotations']:,} annotations"
            table.add_row(words, *[f"{found[k]:,}" for k in ("median", "min", "max")])
    out.print(table)


def render_freeze(report: Mapping[str, Any]) -> None:
    from rich.table import Table

    from pipelines.cli.common import table_console

    out, compared = table_console(), report["compared"]
    out.print(f"{compared['delta']['annotations']:,} annotations frozen onto {compared['corpus']['annotations']:,}; "
              f"{len(report['runs'])} runs, peak memory {report['peak_mib']['max']:g} MiB")  # fmt: skip
    table = Table("part", "seconds", "bytes written")
    for part, seconds in report["parts"]["seconds"].items():
        table.add_row(part, f"{seconds['median']:g}", f"{report['parts']['bytes_written'][part]['median']:,.0f}")
    table.add_row("all", f"{report['seconds']['median']:g}", f"{report['bytes_written']['median']:,.0f}")
    out.print(table)
