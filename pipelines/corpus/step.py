"""Freeze a night into a new corpus version, and close the night's record. The only part of the stage that meets
services.

Freeze leaves, in this order: files in the clone, their entries in data.dvc, the files on the DVC remote, a commit with
the manifest, branch and tag on the git remote, the index. Whatever a kill leaves before the push is dropped by the next
start, which ends in the same state; after the push only the index is brought forward.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow.parquet as pq

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part
from pipelines.clients.state import open_state
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.records import ENTITY_TYPES
from pipelines.core.runs import Run, StageResult
from pipelines.core.splits import SPLIT_VERSION
from pipelines.core.tables import corpus_schema, parquet_bytes, rows_to_table, sort_rows
from pipelines.corpus.benchmark import next_benchmarks
from pipelines.corpus.freeze import UNITS, Freezer, Frozen
from pipelines.corpus.index import Index
from pipelines.corpus.versions import is_regular, next_tag
from pipelines.errors import PermanentError
from pipelines.settings import Settings

_INPUT = ("documents", "figures", "panels", "annotations", "document_events", "id_aliases", "deliveries")
_DIGEST_PARTS = ("documents", "figures", "panels", "annotations", "events")


def read_rows(store: ObjectStore, key: str) -> list[dict[str, object]]:
    import io

    rows: list[dict[str, object]] = pq.read_table(io.BytesIO(store.read(key))).to_pylist()
    return rows


def _version_files(frozen: Frozen, night: dt.date, part: int) -> dict[str, bytes]:
    files = {}
    for table, rows in sorted(frozen.rows.items()):
        if rows:
            data = rows_to_table(sort_rows(table, rows), corpus_schema(table))
            files[f"{table}/night={night.isoformat()}/part-{part}.parquet"] = parquet_bytes(data)
    return files


def bring_forward(repo: CorpusRepo, index: Index) -> None:
    """Make the index stand for the newest version; rebuilt where it stands for another history."""
    manifests = repo.manifests()
    known = {int(str(m["seq"])): str(m["corpus_md5"]) for m in manifests}
    if index.seq and known.get(index.seq) != index.corpus_md5:
        index.reset()
    pending = [m for m in manifests if int(str(m["seq"])) > index.seq]
    if not pending:
        return
    files = repo.files()
    for manifest in pending:
        seq = int(str(manifest["seq"]))
        mine = [f for f in files if f.seq == seq]
        rows = {f.table: pq.read_table(f.path).to_pylist() for f in mine}
        index.apply(seq, str(manifest["corpus_md5"]), dt.date.fromisoformat(str(manifest["night"])), rows)


def _parser_versions(frozen: Frozen) -> list[int]:
    return sorted({int(str(r["parser_version"])) for t in UNITS for r in frozen.rows.get(t, ())})


def _manifest(
    frozen: Frozen,
    run: Run,
    night: dt.date,
    manifests: Sequence[Mapping[str, object]],
    inputs: str,
    files: Mapping[str, bytes],
) -> dict[str, object]:
    tag, part = next_tag(manifests, night)
    return {
        "seq": len(manifests) + 1,
        "tag": tag,
        "parent": manifests[-1]["tag"] if manifests else None,
        "kind": "night",
        "night": night.isoformat(),
        "part": part,
        "is_regular": is_regular(manifests, night),
        "run_key": run.key,
        "inputs": inputs,
        "files": [
            {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for path, data in sorted(files.items())
        ],
        "rows": {t: len(r) for t, r in sorted(frozen.rows.items()) if r},
        "benchmark": _benchmark_versions(frozen),
        "label_set": list(ENTITY_TYPES),
        "split_version": SPLIT_VERSION,
        "parser_versions": _parser_versions(frozen),
    }


def _benchmark_versions(frozen: Frozen) -> dict[str, int]:
    return {str(r["task"]): int(str(r["benchmark_version"])) for r in frozen.rows.get("benchmark", ())}


def _find(manifests: Iterable[Mapping[str, object]], run: Run, inputs: str) -> Mapping[str, object] | None:
    return next((m for m in manifests if m.get("run_key") == run.key and m.get("inputs") == inputs), None)


def _counts_of(manifest: Mapping[str, Any]) -> dict[str, int]:
    return {str(k): int(v) for k, v in manifest["rows"].items()}


def _result(manifest: Mapping[str, object], md5: str) -> StageResult:
    rows = _counts_of(manifest)
    message = f"{manifest['tag']}: " + ", ".join(f"{n} {t}" for t, n in rows.items())
    return StageResult(str(manifest["tag"]), rows, md5, message=message, extra={"corpus_version": manifest["tag"]})


def run_freeze(settings: Settings, run: Run, inputs: str) -> StageResult:
    """Read staging/<key>/check, write the next corpus version.

    `inputs` is the fingerprint of the check step. Output: tag and md5 of data.dvc; skipped where all was known.
    """
    if run.night is None:
        raise PermanentError("freeze needs a night")
    repo, staging = CorpusRepo(settings), open_part(settings, "staging")
    with open_state(settings).lease("corpus") as lease:
        repo.open()
        index = Index(settings.path("index", "index.db"))
        bring_forward(repo, index)
        manifests = repo.manifests()
        done = _find(manifests, run, inputs)
        if done is not None:
            return _result(done, repo.head_md5(str(done["tag"])))
        valid = {t: read_rows(staging, f"{run.key}/check/{t}.parquet") for t in _INPUT}
        frozen = Freezer(index, run.night).run(valid)
        staging.write(f"{run.key}/freeze/accounting.jsonl", account_lines(run, "freeze", frozen.counts))
        if not frozen.has_news:
            return StageResult(skipped="nothing new: every record is in the corpus already")
        _add_benchmarks(settings, index, frozen, run.night)
        tag, part = next_tag(manifests, run.night)
        files = _version_files(frozen, run.night, part)
        manifest = _manifest(frozen, run, run.night, manifests, inputs, files)
        repo.write_files(files)
        manifest["corpus_md5"] = md5 = repo.add_files(sorted(files))
        repo.push_data()
        repo.write_manifest(manifest)
        repo.commit(_message(manifest))
        repo.tag(tag)
        lease.check()
        repo.push(tag)
        index.apply(int(str(manifest["seq"])), md5, run.night, frozen.rows)
        index.close()
        return _result(manifest, md5)


def _add_benchmarks(settings: Settings, index: Index, frozen: Frozen, night: dt.date) -> None:
    with index.preview(index.seq + 1, night, frozen.rows):
        rows = next_benchmarks(index, settings.benchmark.min_documents, settings.benchmark.min_spans)
    for row in rows:
        frozen.add("benchmark", row)


def _message(manifest: Mapping[str, object]) -> str:
    rows = ", ".join(f"{n} {t}" for t, n in _counts_of(manifest).items())
    return f"{manifest['tag']}: {rows}\n\nseq {manifest['seq']}, run {manifest['run_key']}"


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
    night = _night_row(settings, run, results, accounts, seconds)
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


def _valid(accounts: Iterable[Mapping[str, Any]], unit: str) -> int:
    return sum(int(r["valid"]) for r in accounts if r["stage"] == "freeze" and r["unit"] == unit)


def _night_row(
    settings: Settings,
    run: Run,
    results: Mapping[str, Mapping[str, Any]],
    accounts: Sequence[Mapping[str, Any]],
    seconds: float,
) -> dict[str, object]:
    assert run.night is not None
    frozen = results.get("freeze", {})
    version = None if frozen.get("skipped") else frozen.get("uri") or None
    rejected = sum(int(r["quarantined"]) for r in accounts if r["stage"] in ("pull", "parse", "check"))
    missing = dict(results.get("pull", {}).get("extra", {}).get("sources_missing", {}))
    status = "incomplete" if missing else "published" if version else "rejected_only" if rejected else "unchanged"
    counts = {f"n_{u}s": _valid(accounts, u) for u in ("document", "figure", "annotation")}
    return {
        "night": run.night.isoformat(),
        "run_key": run.key,
        "corpus_version": version or newest_version(settings),
        "status": status,
        "sources_missing": sorted(missing),
        **counts,
        "n_quarantined": rejected,
        "seconds": round(seconds, 1),
        "message": _night_message(status, version, counts, rejected, missing),
    }


def newest_version(settings: Settings) -> str | None:
    repo = CorpusRepo(settings)
    manifests = repo.manifests() if repo.exists() else []
    return str(manifests[-1]["tag"]) if manifests else None


def _night_message(
    status: str, version: object, counts: Mapping[str, int], rejected: int, missing: Mapping[str, str]
) -> str:
    if status == "unchanged":
        return "Nothing new: no version was made."
    news = ", ".join(f"{n} {k[2:]}" for k, n in counts.items())
    made = f"{version} adds {news}" if version else "No new version"
    lacks = "".join(f" {source} is missing: {why}." for source, why in missing.items())
    return f"{made}; {rejected} units were rejected.{lacks}"


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
