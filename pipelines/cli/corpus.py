"""`nightcap corpus …`: versions of the corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.table import Table

from pipelines.cli.common import load_settings, table_console
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from pipelines.clients.corpus_repo import CorpusRepo
    from pipelines.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Versions of the corpus: log, digest, verify, checkout.")
_HOME = typer.Option("--home", help="Home folder (NIGHTCAP_HOME)", show_default=False)
_VERSION = typer.Argument(help="A tag such as corpus/2026-11-20 (default: the newest)", show_default=False)


def _open(home: Path | None) -> tuple[Settings, CorpusRepo]:
    from pipelines.clients.corpus_repo import CorpusRepo

    loaded = load_settings(home)
    repo = CorpusRepo(loaded)
    if not repo.exists():
        raise UsageError(f"{loaded.root} has no corpus yet: run `nightcap night` (or `make demo`) first")
    return loaded, repo


def _known(repo: CorpusRepo, version: str | None) -> str:
    tags = [str(m["tag"]) for m in repo.manifests()]
    if version is None and tags:
        return tags[-1]
    for name in (version, f"corpus/{version}"):
        if name in tags:
            return str(name)
    raise UsageError(f"no corpus version {version}: {', '.join(tags[-5:]) or 'none was made yet'}")


@app.command("log")
def show_log(
    home: Annotated[Path | None, _HOME] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Every version in its order, newest last: what it added, under which night."""
    _, repo = _open(home)
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
    home: Annotated[Path | None, _HOME] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """sha256 over the sorted current records: equal for equal knowledge, whatever the order of arrival."""
    from pipelines.corpus.step import compute_digest

    loaded, repo = _open(home)
    name = _known(repo, version)
    digest = compute_digest(loaded, repo.files(name))
    typer.echo(json.dumps({"version": name, "digest": digest}) if as_json else digest)


@app.command("verify")
def verify(
    version: Annotated[str | None, _VERSION] = None,
    home: Annotated[Path | None, _HOME] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Rebuild a version from the remotes alone, with an empty cache, and prove every file."""
    from pipelines.corpus.step import verify_version

    loaded, repo = _open(home)
    report = verify_version(loaded, _known(repo, version))
    typer.echo(
        json.dumps(report)
        if as_json
        else f"{report['version']} is valid: {report['files']} files, {report['bytes']} bytes, "
        f"md5 {report['corpus_md5']}"
    )


@app.command("checkout")
def checkout(
    version: Annotated[str | None, _VERSION] = None,
    folder: Annotated[Path | None, typer.Option("--to", help="Where (default: checkouts/ in the home)")] = None,
    home: Annotated[Path | None, _HOME] = None,
) -> None:
    """Write a version's Parquet files to a folder of its own: data/<table>/night=<date>/part-<n>.parquet."""
    loaded, repo = _open(home)
    name = _known(repo, version)
    target = folder or loaded.path("checkouts", name.removeprefix("corpus/"))
    if target.exists() and any(target.iterdir()) and not (target / "data.dvc").is_file():
        raise UsageError(f"{target} is not empty and no checkout of a corpus: name another folder with --to")
    md5 = repo.checkout(name, target.absolute())
    typer.echo(f"{name} is in {target}/data (md5 {md5})")
