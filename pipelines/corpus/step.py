"""Freeze a night into a new corpus version, close the night's record. Only this module and the step.py of compare,
withdrawal, upkeep, benchmarks and purging meet services.

Every writer of the corpus leaves, in this order: files in the clone, their entries in data.dvc, the files on the DVC
remote, a commit with the manifest, branch and tag on the git remote, the index. Whatever a kill leaves before the push
is dropped by the next start, which ends in the same state; after the push only the index is brought forward (and the
hold of a withdrawal set).
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq

from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part
from pipelines.clients.state import Lease, open_state
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.runs import Run, StageResult
from pipelines.corpus.benchmark import next_benchmarks
from pipelines.corpus.freeze import Freezer, Frozen
from pipelines.corpus.index import Index, Rows
from pipelines.corpus.manifest import (
    commit_message,
    find_done,
    night_manifest,
    result_of,
    row_counts,
    version_files,
)
from pipelines.corpus.night_record import deletes_nothing, night_row
from pipelines.corpus.replayed import stored_parts
from pipelines.corpus.versions import next_tag
from pipelines.corpus.withdraw import (
    visible_rows,
)
from pipelines.errors import PermanentError
from pipelines.settings import Settings

_INPUT = ("documents", "figures", "panels", "annotations", "document_events", "id_aliases", "deliveries")
_DIGEST_PARTS = ("documents", "figures", "panels", "annotations", "events")


def read_rows(store: ObjectStore, key: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(io.BytesIO(store.read(key))).to_pylist()
    return rows


def open_index(settings: Settings) -> Index:
    return Index(settings.path("index", "index.db"))


def rows_of_version(files: Sequence[CorpusFile], seq: int) -> Rows:
    """The rows that version `seq` added, by table, wherever upkeep has moved them since."""
    rows: dict[str, list[Mapping[str, object]]] = {}
    for file in files:
        if not (file.is_rewritten or file.seq == seq):
            continue
        filters = [("seq", "=", seq)] if file.is_rewritten else None
        if found := pq.read_table(file.path, filters=filters).to_pylist():
            rows.setdefault(file.table, []).extend(found)
    return rows


def bring_forward(repo: CorpusRepo, index: Index) -> None:
    """Make the index stand for the newest version; rebuilt where it stands for another history.

    A withdrawal or purge it has not seen has it rebuilt too, from all files with the hidden rows left out: that costs
    what the corpus holds, once a withdrawal, and is the same code and the same result as a rebuild from nothing.
    """
    manifests = repo.manifests()
    known = {int(str(m["seq"])): str(m["corpus_md5"]) for m in manifests}
    if index.seq and known.get(index.seq) != index.corpus_md5:
        index.reset()
    pending = [m for m in manifests if int(str(m["seq"])) > index.seq]
    if any("tombstones" in row_counts(m) or m["kind"] == "purge" for m in pending):
        index.reset()
        pending = list(manifests)
    if not pending:
        return
    files = repo.files()
    tombstones = [r for f in files if f.table == "tombstones" for r in pq.read_table(f.path).to_pylist()]
    for manifest in pending:
        seq, night = int(str(manifest["seq"])), dt.date.fromisoformat(str(manifest["night"]))
        rows = visible_rows(rows_of_version(files, seq), tombstones, seq, night)
        index.apply(seq, str(manifest["corpus_md5"]), night, rows)


def run_freeze(settings: Settings, run: Run, inputs: str) -> StageResult:
    """Read staging/<key>/check, write the next corpus version.

    `inputs` is the fingerprint of the check step. Output: tag, md5 of data.dvc, what each part cost; skipped where all
    was known.
    """
    if run.night is None:
        raise PermanentError("freeze needs a night")
    repo, staging = CorpusRepo(settings), open_part(settings, "staging")
    with open_state(settings).lease("corpus") as lease:
        repo.open()
        index = open_index(settings)
        bring_forward(repo, index)
        manifests = repo.manifests()
        done = find_done(manifests, run, inputs)
        if done is not None:
            return result_of(done, repo.head_md5(str(done["tag"])))
        valid = {t: read_rows(staging, f"{run.key}/check/{t}.parquet") for t in _INPUT}
        stored = stored_parts(repo.files(), str(run.night)) if run.request.get("replay") else None
        frozen = Freezer(index, run.night, _read_before(settings, run, valid), stored).run(valid)
        staging.write(f"{run.key}/freeze/accounting.jsonl", account_lines(run, "freeze", frozen.counts))
        _say_missed(settings, staging, run, frozen.missed)
        if not frozen.has_news:
            return StageResult(skipped="nothing new: every record is in the corpus already")
        _add_benchmarks(settings, index, frozen, run.night)
        _, part = next_tag(manifests, run.night)
        files = version_files(frozen.rows, run.night, part)
        quality = _lines(staging, f"{run.key}/check/quality_results.jsonl")
        manifest = night_manifest(frozen.rows, run, run.night, manifests, inputs, files, quality)
        repo.meter.lap("rows")
        md5 = commit_version(repo, lease, manifest, files)
        index.apply(int(str(manifest["seq"])), md5, run.night, frozen.rows)
        index.close()
        repo.meter.lap("index")
        result = result_of(manifest, md5, repo.meter.to_dict())
        return replace(result, message=f"{result.message}{_tie_warning(frozen)}{_id_warning(frozen)}")


def _tie_warning(frozen: Frozen) -> str:
    """A sender who revises without a new date or version should know."""
    if not frozen.ties:
        return ""
    return (
        f"; WARNING {len(frozen.ties)} (e.g. {min(frozen.ties)}) came again with the same stated date and version and "
        "other content: which is current is decided by the hash, ask the sender for a date or version"
    )


def _id_warning(frozen: Frozen) -> str:
    """A wrong PMID in a file should be known: the papers stay two, but one of them loses the id."""
    if not frozen.doubtful:
        return ""
    name, dois = min(frozen.doubtful.items())
    return (
        f"; WARNING {len(frozen.doubtful)} ids are stated with several DOIs, e.g. {name} with {' and '.join(dois)}: "
        f"the documents stay apart, {name} names {dois[0]} alone; ask the senders which is right"
    )


def _say_missed(settings: Settings, staging: ObjectStore, run: Run, missed: Sequence[Mapping[str, object]]) -> None:
    """A deletion of what its sender never delivered is kept, for it may come before the figure; but most often its name
    is wrong, and the sender should know. Written beside what check rejected; done again it writes the same."""
    if not missed:
        return
    files = pq.read_table(io.BytesIO(staging.read(f"{run.key}/parse/files.parquet"))).to_pylist()
    names = {(f["raw_sha256"], f["delivery_id"]): str(f["name"]) for f in files}
    found = [deletes_nothing(str(run.night), r, names[str(r["raw_sha256"]), str(r["delivery_id"])]) for r in missed]
    quarantine, key = open_part(settings, "quarantine"), f"{run.key}.jsonl"
    rows = {str(r["issue_id"]): r for r in [*_lines(quarantine, key), *found]}
    quarantine.write(key, "".join(canonical_json(r) + "\n" for r in rows.values()).encode())


def _read_before(settings: Settings, run: Run, valid: Rows) -> set[str]:
    """Contents that a reparse found and the corpus holds: asked only there, it costs what the corpus holds."""
    if not run.text("reparse"):
        return set()
    from pipelines.corpus.compare.step import known_contents

    return known_contents(settings, {str(r["record_sha256"]) for t in ("documents", "figures") for r in valid[t]})


def _add_benchmarks(settings: Settings, index: Index, frozen: Frozen, night: dt.date) -> None:
    with index.preview(index.seq + 1, night, frozen.rows):
        rows = next_benchmarks(index, settings.benchmark.min_documents, settings.benchmark.min_spans)
    for row in rows:
        frozen.add("benchmark", row)


def commit_version(
    repo: CorpusRepo, lease: Lease, manifest: dict[str, object], files: Mapping[str, bytes], dropped: Sequence[str] = ()
) -> str:
    """Files, their entries, the files on the remote, commit, tag, push: the one way a version comes to be.

    `dropped`: paths that the version lists no more, whose rows the new files hold (compaction, purge: each with its
    own proof). Returns the version's md5. A kill before the push leaves nothing that the next `open` does not drop.
    """
    repo.write_files(files)
    manifest["corpus_md5"] = md5 = repo.add_files(sorted(files), dropped)
    repo.push_data(sorted(files))
    repo.write_manifest(manifest)
    repo.commit(commit_message(manifest))
    repo.tag(str(manifest["tag"]))
    lease.check()
    repo.push(str(manifest["tag"]))
    return md5


# close


def _lines(store: ObjectStore, key: str) -> list[dict[str, Any]]:
    if not store.exists(key):
        return []
    return [json.loads(line) for line in store.read(key).decode().splitlines()]


def run_close(settings: Settings, run: Run, results: Mapping[str, Mapping[str, Any]], seconds: float) -> StageResult:
    """Write the night's record: nights/<key>/{night.json, accounting.jsonl, quality_results.jsonl} in reports/.

    `results` holds what the earlier steps of the run left. A night in which nothing was new, rejected or missing is
    recorded once and skipped: no event goes out.
    """
    night = _record_night(settings, run, results, seconds)
    commit_listings(settings, run, open_part(settings, "staging"))
    counts = {k: int(str(night[k])) for k in ("n_documents", "n_figures", "n_annotations", "n_quarantined")}
    fingerprint = content_hash({k: v for k, v in night.items() if k != "seconds"})
    skipped = "nothing changed: no event goes out" if night["status"] == "unchanged" else None
    extra = {"corpus_version": night["corpus_version"], "status": night["status"]}
    uri = open_part(settings, "reports").uri(f"nights/{run.key}")
    return StageResult(uri, counts, fingerprint, skipped, str(night["message"]), extra)


def record_stopped(settings: Settings, run: Run, results: Mapping[str, Mapping[str, Any]], reason: str) -> None:
    """The record of a night that quality stopped: what came in is not lost, its files are listed again next time."""
    _record_night(settings, run, results, 0.0, stopped=reason)


def _record_night(
    settings: Settings, run: Run, results: Mapping[str, Mapping[str, Any]], seconds: float, stopped: str | None = None
) -> dict[str, object]:
    if run.night is None:
        raise PermanentError("a night's record needs a night")
    staging, reports = open_part(settings, "staging"), open_part(settings, "reports")
    stages = ("pull", "parse", "check", "freeze")
    accounts = [row for s in stages for row in _lines(staging, f"{run.key}/{s}/accounting.jsonl")]
    quality = _lines(staging, f"{run.key}/check/quality_results.jsonl")
    night = night_row(newest_version(settings), run, results, accounts, seconds)
    if stopped:
        night |= {"status": "stopped", "message": f"Stopped by quality, the last version stands: {stopped}"}
    for name, rows in (("accounting", accounts), ("quality_results", quality)):
        reports.write(f"nights/{run.key}/{name}.jsonl", "".join(canonical_json(r) + "\n" for r in rows).encode())
    reports.write(f"nights/{run.key}/night.json", canonical_json(night).encode())
    return night


def commit_listings(settings: Settings, run: Run, staging: ObjectStore) -> None:
    """The sources' listings become what the next night compares with, only now that this night is complete."""
    landing = open_part(settings, "landing")
    for item in list(staging.iter_objects(f"{run.key}/pull/listings/")):
        landing.write(f"listings/{item.key.rsplit('/', 1)[-1]}", staging.read(item.key))


def newest_version(settings: Settings) -> str | None:
    repo = CorpusRepo(settings)
    manifests = repo.manifests() if repo.exists() else []
    return str(manifests[-1]["tag"]) if manifests else None
