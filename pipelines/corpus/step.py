"""Freeze a night into a new corpus version, withdraw from it, compare versions, close the night's record. The only
part of the stage that meets services.

Freeze and withdrawal leave, in this order: files in the clone, their entries in data.dvc, the files on the DVC remote,
a commit with the manifest, branch and tag on the git remote, the index. Whatever a kill leaves before the push is
dropped by the next start, which ends in the same state; after the push only the index is brought forward (and the hold
of a withdrawal set).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.parquet as pq

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part
from pipelines.clients.state import Hold, Lease, open_state
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.runs import Run, StageResult
from pipelines.core.tables import corpus_schema, parquet_bytes, rows_to_table
from pipelines.corpus.benchmark import next_benchmarks
from pipelines.corpus.diff import build_diff
from pipelines.corpus.freeze import Freezer, Frozen
from pipelines.corpus.index import Index, Rows
from pipelines.corpus.manifest import (
    build_manifest,
    commit_message,
    find_done,
    night_manifest,
    result_of,
    row_counts,
    version_files,
)
from pipelines.corpus.night_record import night_row
from pipelines.corpus.versions import next_part, next_tag
from pipelines.corpus.withdraw import (
    Withdrawal,
    benchmarks_without,
    find_target,
    hiding_version,
    join_words,
    visible_rows,
)
from pipelines.errors import PermanentError, UsageError
from pipelines.settings import Settings

_INPUT = ("documents", "figures", "panels", "annotations", "document_events", "id_aliases", "deliveries")
_DIGEST_PARTS = ("documents", "figures", "panels", "annotations", "events")


def read_rows(store: ObjectStore, key: str) -> list[dict[str, object]]:
    import io

    rows: list[dict[str, object]] = pq.read_table(io.BytesIO(store.read(key))).to_pylist()
    return rows


def _index(settings: Settings) -> Index:
    return Index(settings.path("index", "index.db"))


def bring_forward(repo: CorpusRepo, index: Index) -> None:
    """Make the index stand for the newest version; rebuilt where it stands for another history.

    A withdrawal it has not seen has it rebuilt too, from all files with the hidden rows left out: that costs what the
    corpus holds, once a withdrawal, and is the same code and the same result as a rebuild from nothing.
    """
    manifests = repo.manifests()
    known = {int(str(m["seq"])): str(m["corpus_md5"]) for m in manifests}
    if index.seq and known.get(index.seq) != index.corpus_md5:
        index.reset()
    pending = [m for m in manifests if int(str(m["seq"])) > index.seq]
    if any("tombstones" in row_counts(m) for m in pending):
        index.reset()
        pending = list(manifests)
    if not pending:
        return
    files = repo.files()
    tombstones = [r for f in files if f.table == "tombstones" for r in pq.read_table(f.path).to_pylist()]
    for manifest in pending:
        seq, night = int(str(manifest["seq"])), dt.date.fromisoformat(str(manifest["night"]))
        rows = {f.table: pq.read_table(f.path).to_pylist() for f in files if f.seq == seq}
        index.apply(seq, str(manifest["corpus_md5"]), night, visible_rows(rows, tombstones, seq, night))


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
        index = _index(settings)
        bring_forward(repo, index)
        manifests = repo.manifests()
        done = find_done(manifests, run, inputs)
        if done is not None:
            return result_of(done, repo.head_md5(str(done["tag"])))
        valid = {t: read_rows(staging, f"{run.key}/check/{t}.parquet") for t in _INPUT}
        frozen = Freezer(index, run.night).run(valid)
        staging.write(f"{run.key}/freeze/accounting.jsonl", account_lines(run, "freeze", frozen.counts))
        if not frozen.has_news:
            return StageResult(skipped="nothing new: every record is in the corpus already")
        _add_benchmarks(settings, index, frozen, run.night)
        _, part = next_tag(manifests, run.night)
        files = version_files(frozen.rows, run.night, part)
        manifest = night_manifest(frozen.rows, run, run.night, manifests, inputs, files)
        repo.meter.lap("rows")
        md5 = commit_version(repo, lease, manifest, files)
        index.apply(int(str(manifest["seq"])), md5, run.night, frozen.rows)
        index.close()
        repo.meter.lap("index")
        return result_of(manifest, md5, repo.meter.to_dict())


def _add_benchmarks(settings: Settings, index: Index, frozen: Frozen, night: dt.date) -> None:
    with index.preview(index.seq + 1, night, frozen.rows):
        rows = next_benchmarks(index, settings.benchmark.min_documents, settings.benchmark.min_spans)
    for row in rows:
        frozen.add("benchmark", row)


def commit_version(repo: CorpusRepo, lease: Lease, manifest: dict[str, object], files: Mapping[str, bytes]) -> str:
    """Files, their entries, the files on the remote, commit, tag, push: the one way a version comes to be.

    Returns its md5. A kill before the push leaves nothing that the next `open` does not drop.
    """
    repo.write_files(files)
    manifest["corpus_md5"] = md5 = repo.add_files(sorted(files))
    repo.push_data()
    repo.write_manifest(manifest)
    repo.commit(commit_message(manifest))
    repo.tag(str(manifest["tag"]))
    lease.check()
    repo.push(str(manifest["tag"]))
    return md5


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


def _select(con: warehouse.Connection, name: str, **values: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.to_arrow(con, warehouse.read_sql("corpus/sql", name), values).to_pylist()
    return rows


def diff_versions(settings: Settings, before: Sequence[CorpusFile], after: Sequence[CorpusFile]) -> dict[str, Any]:
    """What is current in one version and not in the other, see corpus.diff.build_diff; one pass over both."""
    facts = [warehouse.read_sql("corpus/sql", f"diff_facts_{t}") for t in ("documents", "figures", "annotations")]
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_versions(con, before, after, *facts)
        con.execute(warehouse.read_sql("corpus/sql", "diff_names"))
        return build_diff(*(_select(con, f"diff_{t}") for t in ("documents", "figures", "annotations")))


def show_benchmarks(settings: Settings, version: str) -> list[dict[str, Any]]:
    """Every benchmark version of every task at a corpus version, with the tag that wrote it, the newest last."""
    repo = CorpusRepo(settings)
    tags = {int(str(m["seq"])): str(m["tag"]) for m in repo.manifests(version)}
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, repo.files(version))
        rows = _select(con, "show_benchmarks")
    return [{**r, "corpus_version": tags[r["seq"]]} for r in rows]


# withdraw


def find_withdrawal(settings: Settings, repo: CorpusRepo, target: str) -> Withdrawal:
    """What withdrawing this delivery or night would hide now; UsageError where the corpus has neither."""
    manifests = repo.manifests()
    nights = {str(m["night"]) for m in manifests if m["kind"] == "night"}
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, repo.files())
        kind, name = find_target(target, _select(con, "withdraw_deliveries"), nights)
        rows = _select(con, "withdraw_rows", kind=kind, target=name)
    visible = {str(r["tbl"]): int(r["n_visible"]) for r in rows if r["n_visible"]}
    return Withdrawal(kind, name, int(str(manifests[-1]["seq"])), visible)


def _withdrawn_rows(
    settings: Settings, repo: CorpusRepo, found: Withdrawal, why: str, who: str
) -> tuple[Rows, dict[str, Any]]:
    """Rows of the version that withdraws, and what it changes: worked out on the version as it will be."""
    tombstones: list[Mapping[str, object]] = [found.tombstone(why, who)]
    path = settings.path("tmp", "withdraw", "tombstones.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(parquet_bytes(rows_to_table(tombstones, corpus_schema("tombstones"))))
    before = repo.files()
    night = str(repo.manifests()[-1]["night"])
    after = [*before, CorpusFile("tombstones", night, 0, found.through_seq + 1, path.name, "", path)]
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, after)
        benchmark, stuck = benchmarks_without(_select(con, "withdraw_benchmark"), found.target)
    effect = {"diff": diff_versions(settings, before, after), "benchmarks_not_renewed": stuck}
    path.unlink()
    return {"tombstones": tombstones, "benchmark": benchmark}, effect


def _withdraw_manifest(
    manifests: Sequence[Mapping[str, object]], found: Withdrawal, rows: Rows
) -> tuple[dict[str, object], dict[str, bytes]]:
    night = str(manifests[-1]["night"])
    part = next_part(manifests, night)
    files = version_files(rows, dt.date.fromisoformat(night), part)
    tag = f"corpus/withdraw-{len(manifests) + 1}"
    withdrawn = {"kind": found.kind, "target": found.target, "through_seq": found.through_seq}
    manifest = build_manifest(
        manifests, rows, files, tag=tag, kind="withdraw", night=night, part=part, is_regular=False,
        run_key=tag.removeprefix("corpus/"), inputs=content_hash(withdrawn), withdrawn=withdrawn,
    )  # fmt: skip
    return manifest, files


def plan_withdrawal(settings: Settings, target: str, why: str, who: str) -> dict[str, Any]:
    """What `withdraw` would do, without doing it."""
    repo = CorpusRepo(settings)
    found = find_withdrawal(settings, repo, target)
    effect = _withdrawn_rows(settings, repo, found, why, who)[1] if found.visible else {"diff": None}
    return {"version": None, "kind": found.kind, "target": found.target, "hidden": dict(found.visible), **effect}


def withdraw(settings: Settings, target: str, why: str, who: str) -> dict[str, Any]:
    """Hide a delivery or a night in a new version `corpus/withdraw-<seq>`, and set the hold `corpus`.

    {version, kind, target, hidden: rows by table, diff, is_new}. Where nothing of it is visible any more, the version
    that hid it is returned and nothing is written, but that the index and the hold are brought to what it says: so a
    killed withdrawal is finished by running it again.
    """
    repo = CorpusRepo(settings)
    with open_state(settings).lease("corpus") as lease, contextlib.closing(_index(settings)) as index:
        repo.open()
        found = find_withdrawal(settings, repo, target)
        manifests = repo.manifests()
        effect: dict[str, Any] = {"diff": None}
        tag = hiding_version(manifests, found.kind, found.target)
        if found.visible:
            rows, effect = _withdrawn_rows(settings, repo, found, why, who)
            manifest, files = _withdraw_manifest(manifests, found, rows)
            commit_version(repo, lease, manifest, files)
            tag = str(manifest["tag"])
        bring_forward(repo, index)
    if tag is None:
        raise UsageError(f"nothing of {found.kind} {found.target} is left to withdraw: see `nightcap corpus log`")
    _set_corpus_hold(settings, tag, f"{found.target} withdrawn: {why}", who)
    stated = {"kind": found.kind, "target": found.target, "hidden": dict(found.visible)}
    return {"version": tag, **stated, **effect, "is_new": bool(found.visible)}


def _set_corpus_hold(settings: Settings, tag: str, why: str, who: str) -> None:
    state = open_state(settings)
    known = next((h for h in state.holds() if h.name == "corpus"), None)
    if known and tag in known.detail.split():
        return
    who, why = join_words(known.who if known else "", who, ", ")[:100], join_words(known.why if known else "", why)
    state.set_hold(Hold("corpus", who, why, None, join_words(known.detail if known else "", tag, " ")))


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


# verify


def resolve_verify(settings: Settings) -> tuple[str, dict[str, object]]:
    """Run key and request: the oldest version not verified for the longest, by what was verified last."""
    repo = CorpusRepo(settings)
    if not repo.exists():
        raise PermanentError("there is no corpus yet: run `nightcap night` first")
    tags = [str(m["tag"]) for m in repo.manifests()]
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
    repo = CorpusRepo(settings)
    manifests = repo.manifests(version)
    if not manifests:
        raise PermanentError(f"{version} holds no manifest: `nightcap corpus log` lists the versions")
    tree = settings.path("tmp", "verify")
    md5 = repo.checkout(version, tree)
    stated = {str(f["path"]): str(f["sha256"]) for m in manifests for f in _files_of(m)}
    if md5 != manifests[-1]["corpus_md5"]:
        raise PermanentError(f"{version}: data.dvc says {md5}, the manifest {manifests[-1]['corpus_md5']}")
    found = {p.relative_to(tree / "data").as_posix(): p for p in (tree / "data").rglob("*.parquet")}
    if lacking := sorted(set(stated) ^ set(found)):
        raise PermanentError(f"{version}: {lacking[0]} is {'missing' if lacking[0] in stated else 'not in a manifest'}")
    for path, sha256 in sorted(stated.items()):
        if hashlib.sha256(found[path].read_bytes()).hexdigest() != sha256:
            raise PermanentError(f"{version}: {path} has other bytes than its manifest states")
    size = sum(p.stat().st_size for p in found.values())
    shutil.rmtree(tree, ignore_errors=True)
    return {"version": version, "corpus_md5": md5, "files": len(found), "bytes": size, "is_valid": True}


def _files_of(manifest: Mapping[str, Any]) -> list[Mapping[str, object]]:
    files: list[Mapping[str, object]] = manifest["files"]
    return files
