"""`nightcap corpus …`: versions of the corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.table import Table

from pipelines.cli.common import (
    ConfigOption,
    HomeOption,
    load_settings,
    login_name,
    print_json,
    stated_reason,
    table_console,
)
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from pipelines.clients.corpus_repo import CorpusRepo
    from pipelines.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Versions of the corpus: log, diff, digest, verify, checkout, withdraw, purge, gc, benchmark.",
)
benchmark_app = typer.Typer(no_args_is_help=True, help="Benchmark versions: what models are compared on.")
app.add_typer(benchmark_app, name="benchmark")
_VERSION = typer.Argument(help="A tag such as corpus/2026-11-20 (default: the newest)", show_default=False)


def open_corpus(home: Path | None, config: str | None = None) -> tuple[Settings, CorpusRepo]:
    from pipelines.clients.corpus_repo import CorpusRepo

    loaded = load_settings(home, config)
    repo = CorpusRepo(loaded)
    if not repo.exists():
        raise UsageError(f"{loaded.root} has no corpus yet: run `nightcap night` (or `make demo`) first")
    return loaded, repo


def known_version(repo: CorpusRepo, version: str | None) -> str:
    from pipelines.corpus.compare.step import find_version

    return find_version(repo, version)


@app.command("log")
def show_log(
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Every version in its order, newest last: what it added, under which night."""
    _, repo = open_corpus(home, config)
    manifests = cast(list[dict[str, Any]], repo.manifests())
    if as_json:
        typer.echo(json.dumps({"versions": manifests}))
        return
    table = Table("seq", "version", "night", "adds", "benchmark", "md5")
    for m in manifests:
        adds = ", ".join(
            f"{n} {t}"
            for t, n in m["rows"].items()
            if t in ("documents", "figures", "annotations", "document_events", "tombstones")
        )
        table.add_row(str(m["seq"]), m["tag"], m["night"], adds, str(m["benchmark"] or ""), m["corpus_md5"][:12])
    table_console().print(table)


@app.command("digest")
def show_digest(
    version: Annotated[str | None, _VERSION] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """sha256 over the sorted current records: equal for equal knowledge, whatever the order of arrival.

    With --json the md5 of data.dvc too, and the machine: on another one, equal deliveries per night must give both.
    """
    from pipelines.cli.bench_pairs import describe_machine
    from pipelines.corpus.compare.step import compute_digest

    loaded, repo = open_corpus(home, config)
    name = known_version(repo, version)
    digest = compute_digest(loaded, repo.files(name))
    if not as_json:
        typer.echo(digest)
        return
    print_json({"version": name, "digest": digest, "corpus_md5": repo.head_md5(name),
                "machine": describe_machine("dvc", "duckdb", "pyarrow", "lxml")})  # fmt: skip


@app.command("verify")
def verify(
    version: Annotated[str | None, _VERSION] = None,
    folder: Annotated[Path | None, typer.Option("--in", help="Prove what is checked out in this folder")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Rebuild a version from the remotes alone, with an empty cache, and prove every file.

    Without VERSION it is the newest, and the checkouts in the home are proved as they lie there.
    Example: nightcap corpus verify --in ~/corpus-2026-11-20
    """
    from pipelines.corpus.upkeep.step import checkouts, verify_checkout, verify_version

    loaded, repo = open_corpus(home, config)
    if folder and version:
        raise UsageError("--in proves what is checked out there: give no version with it")
    if folder:
        report = verify_checkout(loaded, folder.absolute())
    else:
        report = verify_version(loaded, known_version(repo, version))
        if version is None:
            report["checkouts"] = [verify_checkout(loaded, p) for p in checkouts(loaded)]
    if as_json:
        print_json(report)
        return
    for said in (report, *cast(list[dict[str, object]], report.get("checkouts", []))):
        place = f" in {said['folder']}" if "folder" in said else ""
        typer.echo(
            f"{said['version']}{place} is valid: {said['files']} files, {said['bytes']} bytes, md5 {said['corpus_md5']}"
        )


@app.command("checkout")
def checkout(
    version: Annotated[str | None, _VERSION] = None,
    folder: Annotated[Path | None, typer.Option("--to", help="Where (default: checkouts/ in the home)")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
) -> None:
    """Write a version's Parquet files to a folder of its own: data/<table>/night=<date>/part-<n>.parquet."""
    loaded, repo = open_corpus(home, config)
    name = known_version(repo, version)
    target = folder or loaded.path("checkouts", name.removeprefix("corpus/"))
    if target.exists() and any(target.iterdir()) and not (target / "data.dvc").is_file():
        raise UsageError(f"{target} is not empty and no checkout of a corpus: name another folder with --to")
    md5 = repo.checkout(name, target.absolute())
    typer.echo(f"{name} is in {target}/data (md5 {md5}); `nightcap corpus verify --in {target}` proves it")


@app.command("diff")
def show_diff(
    before: Annotated[str, typer.Argument(help="A tag such as corpus/2026-11-20, or its night")],
    after: Annotated[str, typer.Argument(help="The version to compare it with")],
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What is current in one version and not in the other: documents, figures, annotations by class and document.

    Example: nightcap corpus diff corpus/2026-11-20 corpus/2026-11-21
    """
    from pipelines.cli.corpus_tables import render_diff
    from pipelines.corpus.compare.step import diff_versions

    loaded, repo = open_corpus(home, config)
    names = known_version(repo, before), known_version(repo, after)
    diff = diff_versions(loaded, repo.files(names[0]), repo.files(names[1]))
    if as_json:
        print_json({"before": names[0], "after": names[1], **diff})
        return
    table_console().print(f"[bold]{names[0]}[/] → [bold]{names[1]}[/]")
    render_diff(diff, table_console())


@app.command("withdraw")
def withdraw_target(
    target: Annotated[str, typer.Argument(help="A delivery id such as curation:2026-11-20:2, or a night")],
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the corpus and shown by status")],
    who: Annotated[str | None, typer.Option("--who", help="Who decides it (default: the user logged in)")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Hide a delivery, or all of a night, in a new version; history keeps it, no flow stops.

    What it superseded is current again. Sets the hold `corpus`. The same bytes in a later delivery count anew: under
    another folder name, or with another delivery.toml. Where they lay they stay hidden, and `pull` says so.
    Example: nightcap corpus withdraw curation:2026-11-20:2 --why "wrong ontology"
    """
    from pipelines.cli.corpus_tables import render_withdrawal
    from pipelines.corpus.withdrawal.step import plan_withdrawal, withdraw

    loaded, _ = open_corpus(home, config)
    act = plan_withdrawal if dry_run else withdraw
    done = act(loaded, target.removeprefix("corpus/"), stated_reason(why, "corpus"), who or login_name())
    print_json(done) if as_json else render_withdrawal(done, table_console())


@benchmark_app.command("show")
def show_benchmark(
    version: Annotated[str | None, _VERSION] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Every benchmark version of every task: size, why it was written, and what of it is not current any more."""
    from pipelines.cli.corpus_tables import render_benchmarks
    from pipelines.core.gold import TASKS
    from pipelines.corpus.compare.step import show_benchmarks

    loaded, repo = open_corpus(home, config)
    name = known_version(repo, version)
    rows = show_benchmarks(loaded, name)
    needs = {"min_documents": loaded.benchmark.min_documents, "min_spans": loaded.benchmark.min_spans}
    missing = [t for t in TASKS if t not in {r["task"] for r in rows}]
    data = {"version": name, "benchmarks": rows, "missing": missing, "needs": needs}
    print_json(data) if as_json else render_benchmarks(data, table_console())


@benchmark_app.command("bump")
def bump_benchmark(
    why: Annotated[str, typer.Option("--why", help="The reason, kept with the version")],
    tasks: Annotated[list[str] | None, typer.Option("--task", help="Which task (several times; default: all)")] = None,
    who: Annotated[str | None, typer.Option("--who", help="Who decides it (default: the user logged in)")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Write the next benchmark version: the same documents with the gold that curators have corrected since.

    Scores compare within one version only, so the champion is scored again at the next `nightcap run retrain_tagger`.
    Example: nightcap corpus benchmark bump --task ner --why "second reading of Figure 2"
    """
    from pipelines.cli.corpus_tables import render_bump
    from pipelines.corpus.benchmarks.step import bump

    loaded, _ = open_corpus(home, config)
    done = bump(loaded, tasks or [], stated_reason(why, "scores"), who or login_name())
    print_json(done) if as_json else render_bump(done, table_console())
