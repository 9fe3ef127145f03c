"""`nightcap corpus gc`, `nightcap corpus purge`, `nightcap restore-drill`: what is cleared, removed, proved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.cli.common import print_json, table_console
from pipelines.cli.corpus import HOME, app, known_version, open_corpus
from pipelines.errors import UsageError


@app.command("gc")
def collect(
    yes: Annotated[bool, typer.Option("--yes", help="Clear it (default: only say what could go)")] = False,
    home: Annotated[Path | None, HOME] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say, or with --yes clear, what is derived and old; every version, raw file and prediction stays.

    Cached files that only older versions list (the remote has them), rows between steps of closed nights, bundles and
    candidates of decided trainings. `nightcap run maintenance` does it each week. Example: nightcap corpus gc --yes
    """
    from pipelines.corpus.clearing.step import collect_garbage

    loaded, _ = open_corpus(home)
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


def restore_drill(
    version: Annotated[str | None, typer.Argument(help="A tag such as corpus/2026-11-20 (default: newest)")] = None,
    folder: Annotated[Path | None, typer.Option("--in", help="An empty folder (default: tmp/ of the home)")] = None,
    home: Annotated[Path | None, HOME] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Rebuild a corpus version from the remotes alone, as after the loss of this machine; say digest, bytes, seconds.

    The rebuilt copy is removed again. To keep one use `nightcap corpus checkout`. Example: nightcap restore-drill
    """
    from pipelines.corpus.upkeep.step import restore_drill as drill

    loaded, repo = open_corpus(home)
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
