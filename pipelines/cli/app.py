"""The Typer application: options, help, exit codes. What a command does stands in the flows, stages and cli.*."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import __version__, settings
from pipelines.cli import bench as bench_commands
from pipelines.cli import corpus as corpus_commands
from pipelines.cli import corpus_upkeep
from pipelines.cli import quarantine as quarantine_commands
from pipelines.cli.common import ConfigOption, HomeOption, JsonOption, load_settings, log, print_json
from pipelines.core.dates import parse_day
from pipelines.errors import UsageError

app = typer.Typer(
    name="nightcap",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Nightcap keeps a corpus of biomedical figure legends, its models and its tables in step with the "
    "literature.\n\n"
    "Start with `nightcap status`; ask the tables with `nightcap sql`; see where a row comes from with "
    "`nightcap trace`.",
)
app.add_typer(corpus_commands.app, name="corpus")
app.add_typer(quarantine_commands.app, name="quarantine")
app.add_typer(bench_commands.app, name="bench")
app.command("restore-drill")(corpus_upkeep.restore_drill)
app.command("reparse")(corpus_upkeep.reparse)
DateOption = Annotated[str | None, typer.Option("--date", help="Night, YYYY-MM-DD (default: today, UTC)")]
ArticlesOption = Annotated[
    str | None,
    typer.Option(
        "--articles",
        help="Folder or s3:// prefix with JATS files and archives. With it or --curation no configured source is "
        "asked in this run",
    ),
]
CurationOption = Annotated[
    str | None,
    typer.Option(
        "--curation",
        help="Folder or s3:// prefix with curator deliveries. With it or --articles no configured source is asked in "
        "this run",
    ),
]
SourceOption = Annotated[
    str | None, typer.Option("--source", help="Only these of the night's sources, by name, separated by commas")
]


def night_options(date: str, articles: str | None, curation: str | None, source: str | None = None) -> dict[str, str]:
    """What a night is asked for, as the flow takes it; empty = as configured."""
    return {"date": date, "articles": articles or "", "curation": curation or "", "source": source or ""}


def known_date(date: str | None, name: str = "--date") -> str:
    """The night asked for, today where none is; a night that lies ahead would stand before all that follow."""
    if not date:
        return settings.today()
    night = parse_day(date, name).isoformat()
    if night > settings.tomorrow():
        raise UsageError(f"{name} {night} lies in the future: a night is today's (UTC) or an earlier one")
    return night


def backfill_nights(flow: str, first: str | None, last: str, *, alone: bool) -> list[str]:
    """The nights from --date to --to. UsageError: without --date, of another flow, with an option of one run."""
    from pipelines.cli.night import nights_between

    if flow != "nightly_corpus" or first is None or not alone:
        raise UsageError(
            "--to runs whole nights of nightly_corpus: give --date, and leave --only, --run and --force out"
        )
    return nights_between(first, known_date(last, "--to"))


def _version(value: bool) -> None:
    if value:
        typer.echo(f"nightcap {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version")
    ] = False,
) -> None:
    pass


@app.command()
def night(
    date: DateOption = None,
    articles: ArticlesOption = None,
    curation: CurationOption = None,
    source: SourceOption = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the three flows of one night, without Airflow: corpus, retraining, reload.

    Each step is a child process, as in the DAGs. A second run of a finished night lists the sources again and does only
    what is new. Exit code: the first of 1, 2, 3, 5, 4 that occurred.

    Example: nightcap night --date 2026-11-20 --articles deposits/ --curation curators/
    """
    from pipelines.cli.night import run_night

    loaded = load_settings(home, config)
    options = night_options(known_date(date), articles, curation, source)
    outcome = run_night(loaded, options)
    if as_json:
        print_json(outcome.to_dict())
    raise typer.Exit(outcome.exit_code)


@app.command()
def run(
    flow: Annotated[str, typer.Argument(help="nightly_corpus, retrain_tagger, reload_predictions or maintenance")],
    step: Annotated[str | None, typer.Option("--only", help="One step of the flow, in this process")] = None,
    key: Annotated[str | None, typer.Option("--run", help="Key of a run to go on with (default: worked out)")] = None,
    date: DateOption = None,
    last: Annotated[str | None, typer.Option("--to", help="Backfill: each night from --date to this one")] = None,
    articles: ArticlesOption = None,
    curation: CurationOption = None,
    source: SourceOption = None,
    force: Annotated[bool, typer.Option("--force", help="Do it again although it is done for the same inputs")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run one flow, or one step of it, or the nights of a backfill.

    Example: nightcap run nightly_corpus --only pull --date 2026-11-20 --articles deposits/
    Or one source of a night: nightcap run nightly_corpus --only pull --source curation --date 2026-11-20
    A backfill, oldest night first, beside the nightly run (each waits while the other writes a version); {date} in a
    folder stands for the night: nightcap run nightly_corpus --date 2026-11-01 --to 2026-11-20 --articles 'in/{date}'
    """
    from pipelines.cli.night import run_nights, run_one_step, run_whole_flow

    nights = backfill_nights(flow, date, last, alone=not (step or key or force)) if last else []
    loaded = load_settings(home, config)
    options = night_options(known_date(date), articles, curation, source)
    if step:
        result = run_one_step(loaded, flow, step, key, options, force=force)
        if as_json:
            print_json(result)
        return
    outcome = (
        run_nights(loaded, flow, nights, options) if nights else run_whole_flow(loaded, flow, key, options, force=force)
    )
    if as_json:
        print_json(outcome.to_dict())
    raise typer.Exit(outcome.exit_code)


@app.command()
def plan(
    date: DateOption = None,
    articles: ArticlesOption = None,
    curation: CurationOption = None,
    source: SourceOption = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a night would pull, from where and why, with the minutes that earlier nights took for as much.

    Lists the sources and changes nothing.

    Example: nightcap plan --date 2026-11-21 --articles deposits/
    """
    from pipelines.cli.plan import make_plan, render_plan

    loaded = load_settings(home, config)
    night = parse_day(date, "--date").isoformat() if date else settings.today()
    options = night_options(night, articles, curation, source)
    report = make_plan(loaded, options)
    print_json(report) if as_json else render_plan(report)
    raise typer.Exit(report["exit_code"])


@app.command()
def status(home: HomeOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Holds and freshness first, then nights, corpus version, champions, serving set and quarantine."""
    from pipelines.cli.show import collect_status, render_status

    data = collect_status(load_settings(home, config))
    print_json(data) if as_json else render_status(data)


WhatArgument = Annotated[str, typer.Argument(metavar="WHAT", help="corpus, analytics or model")]
TaskArgument = Annotated[str | None, typer.Argument(metavar="[TASK]", help="With model: whose, e.g. ner")]


@app.command()
def hold(
    what: WhatArgument,
    task: TaskArgument = None,
    why: Annotated[str, typer.Option("--why", help="Why; whoever finds it held reads this")] = "",
    until: Annotated[
        str | None, typer.Option("--until", help="Last day that is held (default: until released)")
    ] = None,
    who: Annotated[str | None, typer.Option("--who", help="Who decides it (default: the login name)")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep the corpus, the tables or a task's champion as they are. Flows obey, `nightcap status` shows holds first.

    corpus: no night is pulled. analytics: no new generation is published. model TASK: @champion does not move. What is
    running goes on; a hold counts from the next run.

    Example: nightcap hold analytics --why "the demo for the board is on Friday" --until 2026-11-27
    """
    from pipelines.cli.common import login_name
    from pipelines.cli.holds import parse_until, set_hold

    done = set_hold(load_settings(home, config), what, task, why=why, who=who or login_name(), until=parse_until(until))
    if as_json:
        print_json(done)
    else:
        log.print(f"{done['name']} is held: {done['effect']}; `nightcap release` lifts it")


@app.command()
def release(
    what: WhatArgument,
    task: TaskArgument = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift a hold. A model that was rolled back, and what was withdrawn, does not come back by this.

    Example: nightcap release model ner
    """
    from pipelines.cli.holds import release as lift

    done = lift(load_settings(home, config), what, task)
    print_json(done) if as_json else log.print(f"{done['name']} is no longer held; the next run goes on")


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help='For example "select * from start_here"')],
    output: Annotated[str, typer.Option("--format", help="table, csv or json")] = "table",
    home: HomeOption = None,
    config: ConfigOption = None,
) -> None:
    """Ask the published tables, read-only. Example: nightcap sql "from top_entities('GENEPROD')" """
    from pipelines.cli.show import run_sql

    run_sql(load_settings(home, config), query, output)


@app.command()
def trace(
    identifier: Annotated[
        str, typer.Argument(help="Id of a mention, annotation, panel, figure, delivery or issue, or any of a document")
    ],
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Where a row comes from: figure, document, raw bytes, delivery, night and version; and which models learnt it.

    Example: nightcap trace 10.1234/abc#fig-2
    """
    from pipelines.cli.trace import collect_trace, render_trace

    data = collect_trace(load_settings(home, config), identifier)
    print_json(data) if as_json else render_trace(data)


@app.command()
def doctor(home: HomeOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check this machine and home: versions, programs, storage, databases, remotes, sources; says what to do.

    Changes nothing. Exit code 0 where nothing failed (warnings do not count), 4 where all that failed is an outside
    service that may come back, else 3.

    Example: nightcap doctor --home var/home
    """
    from pipelines.cli import doctor as doctor_command

    loaded = load_settings(home, config)
    with log.status("checking") as status_line:
        found = doctor_command.examine(loaded, say=lambda name: status_line.update(f"checking {name}"))
    print_json(doctor_command.to_report(loaded, found)) if as_json else doctor_command.render(loaded, found)
    raise typer.Exit(doctor_command.exit_code(found))


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Folder to write to; made where absent")],
    nights: Annotated[int, typer.Option(help="How many nights, 1 to 3")] = 3,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Write the synthetic sample: JATS articles and curator deliveries of a small made-up world, night by night."""
    from pipelines.sources.sample import write_sample

    summary = write_sample(folder, nights=nights, seed=seed)
    if as_json:
        print_json(summary)
    else:
        log.print(f"wrote the synthetic sample to {folder}: one folder a night, each with articles/ and curation/")
