"""`nightcap bench …`: what a part of the platform costs, measured beside what others would use for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.common import ConfigOption, JsonOption, load_settings, log, print_json

app = typer.Typer(no_args_is_help=True, help="Measure a part of the platform beside its alternatives.")


@app.callback()
def _group() -> None:
    pass


@app.command("parse")
def bench_parse(
    articles: Annotated[str, typer.Option("--articles", help="Folder or s3:// prefix with JATS files and archives")],
    runs: Annotated[int, typer.Option("--runs", min=5, help="Interleaved runs, five at least")] = 5,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Only the first N files, 0 = all")] = 0,
    home: Annotated[Path | None, typer.Option("--home", help="Home folder", show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Full extraction of JATS files beside pubmed_parser and a bare lxml parse, of the same files in the same run.

    Every run reads each file with each parser in turn, so that a busy machine slows all of them alike; ratios are
    medians over the runs, of CPU time on one core, with minimum and maximum. Two cores against one: wall time.

    Example: nightcap bench parse --articles ../shared/data/articles --json
    """
    from pipelines.cli.bench_parse import measure_parse, render_parse

    report = measure_parse(
        load_settings(home), articles, runs=runs, limit=limit, say=lambda t: log.print(f"[dim]{t}[/]")
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
