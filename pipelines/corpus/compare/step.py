"""What versions of the corpus hold: digest, difference, benchmarks. Reads only."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.core.hashing import canonical_json
from pipelines.core.ids import normalise_alias
from pipelines.corpus.diff import build_diff
from pipelines.corpus.versions import rebuildable
from pipelines.errors import UsageError
from pipelines.settings import Settings

_DIGEST_PARTS = ("documents", "figures", "panels", "annotations", "events")


def compute_digest(settings: Settings, files: Sequence[CorpusFile]) -> str:
    """sha256 over the sorted current records: equal for equal knowledge, whatever the order of arrival."""
    con = warehouse.connect(settings)
    warehouse.attach_corpus(con, files)
    con.execute(warehouse.read_sql("corpus/sql", "digest_names"))
    digest = hashlib.sha256()
    for part in _DIGEST_PARTS:
        rows = warehouse.to_arrow(con, warehouse.read_sql("corpus/sql", f"digest_{part}")).to_pylist()
        for line in sorted(canonical_json(r) for r in rows):
            digest.update(line.encode() + b"\n")
    con.close()
    return digest.hexdigest()


# diff, benchmark


def select(con: warehouse.Connection, name: str, **values: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.to_arrow(con, warehouse.read_sql("corpus/sql", name), values).to_pylist()
    return rows


def diff_versions(settings: Settings, before: Sequence[CorpusFile], after: Sequence[CorpusFile]) -> dict[str, Any]:
    """What is current in one version and not in the other, see corpus.diff.build_diff; one pass over both."""
    facts = [warehouse.read_sql("corpus/sql", f"diff_facts_{t}") for t in ("documents", "figures", "annotations")]
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_versions(con, before, after, *facts)
        con.execute(warehouse.read_sql("corpus/sql", "diff_names"))
        return build_diff(*(select(con, f"diff_{t}") for t in ("documents", "figures", "annotations")))


def show_benchmarks(settings: Settings, version: str) -> list[dict[str, Any]]:
    """Every benchmark version of every task at a corpus version, with the tag that wrote it, the newest last."""
    repo = CorpusRepo(settings)
    tags = {int(str(m["seq"])): str(m["tag"]) for m in repo.manifests(version)}
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, repo.files(version))
        rows = select(con, "show_benchmarks")
    return [{**r, "corpus_version": tags[r["seq"]]} for r in rows]


# frames


def find_version(repo: CorpusRepo, version: str | None) -> str:
    """Tag of a version by its tag or what follows corpus/ in it, the newest for None; UsageError for an unknown one
    and for one that a purge took files from."""
    manifests = repo.manifests() if repo.exists() else []
    tags = [str(m["tag"]) for m in manifests]
    if version is None and tags:
        return tags[-1]
    whole = {str(m["tag"]) for m in rebuildable(manifests)}
    for name in (version, f"corpus/{version}"):
        if name in tags and name not in whole:
            raise UsageError(f"{name} can be rebuilt no more: a document was purged; use {tags[-1]} or a later one")
        if name in tags:
            return str(name)
    raise UsageError(f"no corpus version {version}: {', '.join(tags[-5:]) or 'none was made yet'}")


def read_current(settings: Settings, version: str | None, table: str) -> pa.Table:
    """What is current of a table in a version, by sql/frame_<table>.sql."""
    repo = CorpusRepo(settings)
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, repo.files(find_version(repo, version)))
        return warehouse.to_arrow(con, warehouse.read_sql("corpus/sql", f"frame_{table}"))


# what pull and a reparse ask


def _ask(settings: Settings, name: str, column: str, **values: object) -> set[str]:
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, CorpusRepo(settings).files())
        return {str(r[column]) for r in select(con, name, **values)}


def known_contents(settings: Settings, contents: Collection[str]) -> set[str]:
    """Of these hashes of revisions and ids of statements those that the corpus holds."""
    return _ask(settings, "known_contents", "content", contents=sorted(contents)) if contents else set()


def withdrawn_targets(settings: Settings) -> set[str]:
    """Deliveries and nights that were withdrawn."""
    return _ask(settings, "withdrawn", "target")


def withdrawn_raw(settings: Settings) -> set[str]:
    """sha256 of the raw files that only withdrawn deliveries and nights have brought."""
    repo = CorpusRepo(settings)
    is_any = repo.exists() and repo.files(tables=("tombstones",))
    return _ask(settings, "withdrawn_raw", "raw_sha256") if is_any else set()


def raw_of_document(settings: Settings, alias: str) -> set[str]:
    """sha256 of the raw files that a document was read from, by any of its names; empty where it is unknown."""
    names = _ask(settings, "document_names", "name", alias=normalise_alias(alias))
    return _ask(settings, "document_raw", "raw_sha256", names=sorted(names)) if names else set()
