"""`nightcap bench …`: what a part of the platform costs, measured beside what others would use for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.common import ConfigOption, HomeOption, JsonOption, load_settings, log, print_json

app = typer.Typer(no_args_is_help=True, help="Measure a part of the platform beside its alternatives.")


@app.callback()
def _group() -> None:
    pass


@app.command("parse")
def bench_parse(
    articles: Annotated[str, typer.Option("--articles", help="Folder or s3:// prefix with JATS files and archives")],
    runs: Annotated[int, typer.Option("--runs", min=5, help="Interleaved runs, five at least")] = 5,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Only the first N files, 0 = all")] = 0,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Full extraction of JATS files beside pubmed_parser and a bare lxml parse, of the same files in the same run.

    Every run reads each file with each parser in turn, so that a busy machine slows all of them alike; ratios are
    medians over the runs, of CPU time on one core, with minimum and maximum. Two cores against one: wall time.

    Example: nightcap bench parse --articles ../shared/data/articles --json
    """
    from pipelines.cli.bench_parse import measure_parse, render_parse

    report = measure_parse(
        load_settings(home, config), articles, runs=runs, limit=limit, say=lambda t: log.print(f"[dim]{t}[/]")
    )
    print_json(report) if as_json else render_parse(report)


@app.command("quality")
def bench_quality(
    rows: Annotated[int, typer.Option("--rows", min=1000, help="Annotations to generate")] = 1_000_000,
    runs: Annotated[int, typer.Option("--runs", min=5, help="Interleaved pairs, five at least")] = 5,
    home: Annotated[Path | None, typer.Option("--home", help="Home folder", show_default=False)] = None,
    config: ConfigOption = "demo",
    as_json: JsonOption = False,
) -> None:
    """All suites over a generated night with bad rows, beside one DuckDB query by hand that finds the same rows.

    The night is synthetic and the same on every machine. Both name the failing rows; that they name the same ones is
    checked first. Ratios are medians over pairs that take turns, with minimum and maximum, of wall time, warm.

    Example: nightcap bench quality --rows 1000000 --json
    """
    from pipelines.cli.bench_quality import measure_quality, render_quality

    report = measure_quality(load_settings(home, config), rows=rows, runs=runs, say=lambda t: log.print(f"[dim]{t}[/]"))
    print_json(report) if as_json else render_quality(report)


_RUNS = typer.Option("--runs", min=1, help="Runs, interleaved in pairs; five at least for figures to report")
_ANNOTATIONS = typer.Option("--annotations", min=1000, help="Annotations of the (smaller) corpus")
_NIGHTS = typer.Option("--nights", min=1, help="Nights of the corpus, a file of each table a night")
_WORK = typer.Option("--work", help="Keep the made corpora in this folder and use them again", show_default=False)


def _say(text: str) -> None:
    log.print(f"[dim]{text}[/]")


@app.command("night-cost")
def bench_night_cost(
    annotations: Annotated[int, _ANNOTATIONS] = 1_000_000,
    scale: Annotated[int, typer.Option("--scale", min=2, help="How many times larger the other corpus is")] = 10,
    nights: Annotated[int, _NIGHTS] = 100,
    articles: Annotated[int, typer.Option("--articles", min=20, help="Articles that the night brings")] = 40,
    curated: Annotated[int, typer.Option("--curated", min=1, help="Curated figures that it brings, about")] = 20,
    runs: Annotated[int, _RUNS] = 5,
    work: Annotated[Path | None, _WORK] = None,
    as_json: JsonOption = False,
) -> None:
    """The same night on a corpus and on one ten times larger: seconds, bytes written and read, memory, step by step.

    Makes both corpora in the corpus format (minutes, and gigabytes of disk, at full size), then runs the whole of
    nightly_corpus on a copy of each in turn. A night should cost what it brings: ratio_10x and bytes_ratio at most 1.2.

    Example: nightcap bench night-cost --json
    Small: nightcap bench night-cost --annotations 10000 --nights 10 --runs 1
    """
    from pipelines.cli.bench_night import measure_night_cost, render_night_cost

    report = measure_night_cost(
        scale=scale, annotations=annotations, nights=nights, articles=articles, curated=curated, runs=runs, work=work,
        say=_say,
    )  # fmt: skip
    print_json(report) if as_json else render_night_cost(report)


@app.command("freeze")
def bench_freeze(
    rows: Annotated[int, typer.Option("--rows", min=120, help="New annotations to freeze")] = 600,
    annotations: Annotated[int, _ANNOTATIONS] = 1_000_000,
    nights: Annotated[int, _NIGHTS] = 100,
    runs: Annotated[int, _RUNS] = 5,
    work: Annotated[Path | None, _WORK] = None,
    as_json: JsonOption = False,
) -> None:
    """Freeze alone, in a process of its own: seconds and bytes written by part, peak memory.

    Parts: open (git), rows (identity, splits, benchmark, Parquet), files, dvc add, push, commit, index.

    Example: nightcap bench freeze --rows 100000 --annotations 100000 --nights 20
    """
    from pipelines.cli.bench_night import measure_freeze, render_freeze

    report = measure_freeze(annotations=annotations, nights=nights, rows=rows, runs=runs, work=work, say=_say)
    print_json(report) if as_json else render_freeze(report)
