"""`nightcap corpus gc`, `corpus purge`, `restore-drill`, `reparse`: what is cleared, removed, proved, read again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import ConfigOption, HomeOption, login_name, print_json, stated_reason, table_console
from pipelines.cli.corpus import app, known_version, open_corpus
from pipelines.errors import UsageError


@app.command("gc")
def collect(
    yes: Annotated[bool, typer.Option("--yes", help="Clear it (default: only say what could go)")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say, or with --yes clear, what is derived and old; every version, raw file and prediction stays.

    Cached files that only older versions list (the remote has them), rows between steps of closed nights, bundles and
    candidates of decided trainings. `nightcap run maintenance` does it each week. Example: nightcap corpus gc --yes
    """
    from pipelines.corpus.clearing.step import collect_garbage

    loaded, _ = open_corpus(home, config)
    done = collect_garbage(loaded, act=yes)
    if as_json:
        print_json(done)
        return
    table = Table("what", "how many", "MiB", box=None)
    for name, kind in sorted(done["kinds"].items()):
        table.add_row(name, str(kind["n"]), f"{kind['bytes'] / 2**20:.1f}")
    out = table_console()
    if done["kinds"]:
        out.print(table)
    total = f"{done['bytes'] / 2**20:.1f} MiB"
    out.print(f"cleared {total}" if yes else f"{total} could go: `nightcap corpus gc --yes` clears it")


@app.command("purge")
def purge_document(
    document: Annotated[str, typer.Argument(help="Any id of the document: a DOI, PMC or PubMed id")],
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the corpus: name no person and quote nothing")],
    who: Annotated[str | None, typer.Option("--who", help="Who decides it (default: the user logged in)")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it, for good (default: only say what would go)")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Remove a document for good, by order of law: from every version, the raw files, predictions and tables.

    Nothing brings it back, and old versions that held it can be checked out no more. To hide a delivery use
    `withdraw`; a retraction needs nothing. A purge that was killed is finished by running it again.
    Example: nightcap corpus purge 10.1234/abc --why "court order 12/2026" --yes
    """
    from pipelines.corpus.purging.step import purge

    loaded, _ = open_corpus(home, config)
    done = purge(loaded, document, stated_reason(why, "corpus"), who or login_name(), act=yes)
    if yes:
        done["tables"] = _publish_without(loaded)
    print_json(done) if as_json else _render_purge(done, table_console())


def _publish_without(settings: Any) -> dict[str, Any]:
    """Publish anew and drop the generations that hold the document; where that fails they stay, and it is said."""
    from pipelines.cli.night import run_whole_flow
    from pipelines.flows.purged_tables import forget_older_generations, has_generation

    if not has_generation(settings):
        return {"exit_code": 0, "dropped": []}
    outcome = run_whole_flow(settings, "reload_predictions", None, {}, force=False)
    dropped = [] if outcome.exit_code else forget_older_generations(settings)
    return {"exit_code": outcome.exit_code, "dropped": dropped}


def _render_purge(done: dict[str, Any], out: Console) -> None:
    rows = ", ".join(f"{n} {table}" for table, n in done.get("rows", {}).items()) or "no rows"
    if done["version"] is None:
        out.print(f"would remove {rows}; {done.get('raw', 0)} raw files. Nothing was removed: --yes does it, for good.")
    else:
        out.print(
            f"[bold]{done['version']}[/] is without it: {rows}, {done['objects']} stored files, {done['raw']} raw"
        )
    if done.get("lost_versions"):
        out.print(f"can be checked out no more: {', '.join(done['lost_versions'])}")
    for sha in done.get("raw_shared", []):
        out.print(
            f"landing keeps {sha}: other documents were read from it too. Have it delivered again without this one"
        )
    if done.get("tables", {}).get("exit_code"):
        out.print("the tables were not published anew: run this command again, they still hold the document")


def restore_drill(
    version: Annotated[str | None, typer.Argument(help="A tag such as corpus/2026-11-20 (default: newest)")] = None,
    folder: Annotated[Path | None, typer.Option("--in", help="An empty folder (default: tmp/ of the home)")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Rebuild a corpus version from the remotes alone, as after the loss of this machine; say digest, bytes, seconds.

    The rebuilt copy is removed again. To keep one use `nightcap corpus checkout`. Example: nightcap restore-drill
    """
    from pipelines.corpus.upkeep.step import restore_drill as drill

    loaded, repo = open_corpus(home, config)
    where = folder or loaded.path("tmp", "drill")
    if folder and folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name an empty folder with --in")
    report = drill(loaded, known_version(repo, version), where.absolute())
    if as_json:
        print_json(report)
        return
    table_console().print(
        f"{report['version']} was rebuilt from the remotes alone in {report['seconds']} s: {report['files']} files, "
        f"{report['bytes']} bytes, digest {report['digest']} as here"
    )


def reparse(
    parser: Annotated[str | None, typer.Option("--parser", help="Only files of jats, bioc, sourcedata, …")] = None,
    doc: Annotated[str | None, typer.Option("--doc", help="Only the files of this document, by any id")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Read the raw files again with today's parsers; what they read otherwise becomes a further version of its night.

    A night that today's parsers have read before is passed over. Nothing is pulled; withdrawn and purged files are not
    read. A reparse that was ended goes on when it is started again. Example: nightcap reparse --parser jats
    """
    from pipelines.cli.common import log
    from pipelines.flows.reparse import Asked
    from pipelines.flows.reparse import reparse as read_again

    loaded, _ = open_corpus(home, config)
    done = read_again(loaded, Asked(parser, doc), lambda line: log.print(line, markup=False))
    if as_json:
        print_json(done)
        return
    versions = ", ".join(str(v) for v in done["runs"].values() if v)
    table_console().print(
        f"{done['n_files']} files read, {done['n_differing']} otherwise than before: {versions or 'no new version'}"
        + (f"; {done['skipped']} nights were read by these parsers before" if done["skipped"] else "")
    )
