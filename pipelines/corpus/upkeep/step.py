"""Upkeep of the corpus: rebuild versions from the remotes alone, merge the files of closed months.

Compaction is a version of its own that adds no row: written only where every row of every table, with its night, seq
and part, and the digest are proved equal.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.clients.state import open_state
from pipelines.core.hashing import content_hash
from pipelines.core.runs import Run, StageResult
from pipelines.corpus.compare.step import compute_digest
from pipelines.corpus.manifest import build_manifest, stated_files
from pipelines.corpus.rewrite import Part, merge, mergeable, rewritten_path
from pipelines.corpus.step import bring_forward, commit_version, open_index
from pipelines.corpus.versions import next_part, rebuildable
from pipelines.errors import PermanentError, UsageError
from pipelines.settings import Settings

# verify


def resolve_verify(settings: Settings) -> tuple[str, dict[str, object]]:
    """Run key and request: the oldest version not verified for the longest, by what was verified last."""
    repo = CorpusRepo(settings)
    if not repo.exists():
        raise PermanentError("there is no corpus yet: run `nightcap night` first")
    tags = [str(m["tag"]) for m in rebuildable(repo.manifests())]
    last = open_state(settings).watermark("verified")
    start = (tags.index(last) + 1) % len(tags) if last in tags else 0
    return tags[start].removeprefix("corpus/"), {"version": tags[start]}


def run_verify(settings: Settings, run: Run) -> StageResult:
    """Check a version out from the remotes alone, with an empty cache, and compare it with its manifest."""
    report = verify_version(settings, str(run.request["version"]))
    open_state(settings).set_watermark("verified", str(run.request["version"]))
    return StageResult(
        str(report["version"]),
        {"files": int(str(report["files"]))},
        str(report["corpus_md5"]),
        message=f"{report['version']}: {report['files']} files as stated, md5 {report['corpus_md5']}",
    )


def verify_version(settings: Settings, version: str) -> dict[str, object]:
    """{version, corpus_md5, files, bytes, is_valid}; PermanentError that names the first file that differs."""
    tree = settings.path("tmp", "verify")
    try:
        return _rebuild(settings, version, tree)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _rebuild(settings: Settings, version: str, tree: Path) -> dict[str, object]:
    repo = CorpusRepo(settings)
    manifests = repo.manifests(version)
    if not manifests:
        raise PermanentError(f"{version} holds no manifest: `nightcap corpus log` lists the versions")
    md5 = repo.checkout(version, tree)
    if md5 != manifests[-1]["corpus_md5"]:
        raise PermanentError(f"{version}: data.dvc says {md5}, the manifest {manifests[-1]['corpus_md5']}")
    return _prove(version, manifests, tree)


def verify_checkout(settings: Settings, folder: Path) -> dict[str, object]:
    """What `verify_version` says, of the version that is checked out in a folder, with `folder`: its files as they lie
    there. UsageError where the folder is no checkout; PermanentError that names the first file that differs."""
    repo = CorpusRepo(settings)
    version = repo.checked_out(folder)
    if version is None:
        raise UsageError(f"{folder} is no checkout of this corpus: `nightcap corpus checkout VERSION --to {folder}`")
    return {**_prove(version, repo.manifests(version), folder), "folder": str(folder)}


def checkouts(settings: Settings) -> list[Path]:
    """Checkouts in the home, by name."""
    return sorted(p.parent for p in settings.path("checkouts").glob("*/data.dvc"))


def _prove(version: str, manifests: Sequence[Mapping[str, Any]], tree: Path) -> dict[str, object]:
    stated, md5 = stated_files(manifests), manifests[-1]["corpus_md5"]
    found = {p.relative_to(tree / "data").as_posix(): p for p in (tree / "data").rglob("*.parquet")}
    if lacking := sorted(set(stated) ^ set(found)):
        raise PermanentError(f"{version}: {lacking[0]} is {'missing' if lacking[0] in stated else 'not in a manifest'}")
    for path, sha256 in sorted(stated.items()):
        if hashlib.sha256(found[path].read_bytes()).hexdigest() != sha256:
            raise PermanentError(f"{version}: {path} has other bytes than its manifest states")
    size = sum(p.stat().st_size for p in found.values())
    return {"version": version, "corpus_md5": md5, "files": len(found), "bytes": size, "is_valid": True}


def restore_drill(settings: Settings, version: str, folder: Path) -> dict[str, object]:
    """Rebuild a version in an empty folder from the remotes alone, as after the loss of this machine, and compare its
    digest with the one of the local copy: what verify says, with digest and seconds. The folder is removed again.

    PermanentError where a file or the digest differs.
    """
    repo = CorpusRepo(settings)
    tree = folder / "restore-drill"
    started = time.monotonic()
    try:
        report = _rebuild(settings, version, tree)
        seconds = round(time.monotonic() - started, 2)
        here = repo.files(version)
        there = [replace(f, path=tree / "data" / f.relpath) for f in here]
        digests = compute_digest(settings, here), compute_digest(settings, there)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    if digests[0] != digests[1]:
        raise PermanentError(f"{version}: the restored copy has digest {digests[1]}, the local one {digests[0]}")
    return {**report, "digest": digests[1], "seconds": seconds}


# compaction


def read_part(file: CorpusFile, month: str) -> Part:
    """A frozen file with where its rows come from."""
    origin = None if file.is_rewritten else (file.night, file.seq, file.part)
    return Part(file.table, file.relpath, month, origin, pq.ParquetFile(file.path).read())


def row_sums(settings: Settings, files: Sequence[CorpusFile], left_out: Collection[str] = ()) -> list[dict[str, Any]]:
    """Count and hash sum of the rows of every table, less those of the documents with these names."""
    con = warehouse.connect(settings)
    try:
        warehouse.attach_corpus(con, files)
        con.execute("CREATE TABLE left_out (name VARCHAR)")
        con.executemany("INSERT INTO left_out VALUES (?)", [[name] for name in ["", *sorted(left_out)]])
        rows: list[dict[str, Any]] = warehouse.to_arrow(con, warehouse.read_sql("corpus/sql", "row_sums")).to_pylist()
        return rows
    finally:
        con.close()


def stage_files(settings: Settings, files: Mapping[str, bytes], seq: int) -> list[CorpusFile]:
    """Files that a version is going to hold, as a reader will see them, in a folder of their own."""
    out = []
    for relpath, data in sorted(files.items()):
        table, month = relpath.split("/")[0], relpath.split("month=")[1].split("/")[0]
        path = settings.path("tmp", "rewrite", relpath)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        out.append(CorpusFile(table, month, seq, seq, relpath, "", path))
    return out


def compact(settings: Settings) -> dict[str, Any]:
    """Merge the files of each table's closed months in a new version `corpus/compact-<seq>`.

    {version, merged: files taken off the list, written, bytes_before, bytes_after, is_new}; nothing is written where no
    closed month has several files of a table. Older versions keep their files on the remote. PermanentError, and no
    version, where a row would be lost or changed.
    """
    repo = CorpusRepo(settings)
    with open_state(settings).lease("corpus") as lease:
        repo.open()
        manifests, before = repo.manifests(), repo.files()
        newest = max((str(m["night"]) for m in manifests), default="")
        found = mergeable([(f.table, f.night, f.relpath) for f in before], newest)
        report: dict[str, Any] = {"version": None, "merged": 0, "written": 0, "bytes_before": 0, "bytes_after": 0}
        if found:
            report = _write_compaction(settings, repo, manifests, before, found, lease)
        index = open_index(settings)
        bring_forward(repo, index)
        index.close()
    return {**report, "is_new": bool(found)}


def _write_compaction(
    settings: Settings, repo: CorpusRepo, manifests: Sequence[Mapping[str, object]], before: Sequence[CorpusFile],
    found: Mapping[tuple[str, str], Sequence[str]], lease: Any,
) -> dict[str, Any]:  # fmt: skip
    by_path, seq = {f.relpath: f for f in before}, len(manifests) + 1
    files = {
        rewritten_path(table, month, seq): merge([read_part(by_path[p], month) for p in paths])
        for (table, month), paths in found.items()
    }
    dropped = sorted(p for paths in found.values() for p in paths)
    after = [f for f in before if f.relpath not in set(dropped)] + stage_files(settings, files, seq)
    prove_equal(settings, before, after)
    night = str(manifests[-1]["night"])
    tag = f"corpus/compact-{seq}"
    manifest = build_manifest(
        manifests, {}, files, tag=tag, kind="compact", night=night, part=next_part(manifests, night), is_regular=False,
        run_key=tag.removeprefix("corpus/"), inputs=content_hash(dropped), dropped=dropped,
    )  # fmt: skip
    commit_version(repo, lease, manifest, files, dropped)
    shutil.rmtree(settings.path("tmp", "rewrite"), ignore_errors=True)
    sizes = sum(by_path[p].path.stat().st_size for p in dropped), sum(map(len, files.values()))
    return {"version": tag, "merged": len(dropped), "written": len(files),
            "bytes_before": sizes[0], "bytes_after": sizes[1]}  # fmt: skip


def prove_equal(settings: Settings, before: Sequence[CorpusFile], after: Sequence[CorpusFile]) -> None:
    sums = row_sums(settings, before), row_sums(settings, after)
    differing = [a["tbl"] for a, b in zip(*sums, strict=True) if a != b]
    if differing or compute_digest(settings, before) != compute_digest(settings, after):
        raise PermanentError(
            f"merging files would change {', '.join(differing) or 'the digest'}: nothing was written. The files named "
            "by `nightcap corpus verify` are the ones to look at"
        )


def run_compact(settings: Settings) -> StageResult:
    """Step `compact` of maintenance: skipped where no closed month has anything to merge."""
    done = compact(settings)
    if not done["is_new"]:
        return StageResult(skipped="no closed month has several files of one table")
    words = f"{done['version']}: {done['merged']} files became {done['written']}"
    return StageResult(str(done["version"]), {k: done[k] for k in ("merged", "written")}, str(done["version"]),
                       message=words)  # fmt: skip
