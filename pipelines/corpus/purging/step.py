"""Purge: the one removal that history does not keep. A version without the document is written, then the bytes go.

Order: the version `corpus/purge-<seq>` (its manifest says by hashes what is to go), then the objects of all older files
that hold the document, on the remote and here, then what was derived from it. A purge that was killed is finished by
running it again: all that it must remove stands in its manifest.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusRepo, parse_relpath
from pipelines.clients.objectstore import ObjectStore, open_part, raw_key
from pipelines.clients.state import open_state
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.ids import normalise_alias
from pipelines.core.records import Reason
from pipelines.corpus.clearing.step import TRAINING_PARTS, old_staging
from pipelines.corpus.compare.step import select
from pipelines.corpus.manifest import build_manifest, version_files
from pipelines.corpus.purging.record import Taken, benchmarks_without, hash_names, lost_versions, purge_of
from pipelines.corpus.rewrite import Part
from pipelines.corpus.step import bring_forward, commit_version, open_index
from pipelines.corpus.upkeep.step import row_sums, stage_files
from pipelines.corpus.versions import next_part
from pipelines.errors import PermanentError, UsageError
from pipelines.settings import Settings

Manifests = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Plan:
    """What a purge would do: all names of the document, what holds it, which versions are lost, where it was learnt."""

    names: tuple[str, ...]
    taken: Taken
    lost: tuple[str, ...]
    training: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {
            "rows": dict(sorted(self.taken.rows.items())), "objects": len(self.taken.objects),
            "raw": len(self.taken.raw - self.taken.other_raw),
            "raw_shared": sorted(self.taken.raw & self.taken.other_raw), "lost_versions": list(self.lost),
        }  # fmt: skip


def plan_purge(settings: Settings, repo: CorpusRepo, manifests: Manifests, name: str) -> Plan | None:
    """What holds the document in any version; None where the corpus has no document of this name (any alias)."""
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, repo.files())
        names = tuple(str(r["name"]) for r in select(con, "document_names", alias=name))
        if not names:
            return None
        training = select(con, "purge_training", names=list(names))[0]
    taken, current = Taken(), repo.file_list()
    added = {str(f["path"]): (int(m["seq"]), int(m["part"])) for m in manifests for f in m["files"]}
    for relpath, md5 in sorted(_every_file(repo, manifests, current).items()):
        data = repo.read_object(md5)
        if data is not None:
            part = _read(relpath, data, *added[relpath])
            taken.look(part, md5, names, is_current=current.get(relpath) == md5)
    taken.settle()
    seqs = set(lost_versions(manifests, taken.objects.values()))
    return Plan(names, taken, tuple(str(m["tag"]) for m in manifests if int(m["seq"]) in seqs), training)


def _every_file(repo: CorpusRepo, manifests: Manifests, current: Mapping[str, str]) -> dict[str, str]:
    """path → md5 of every file of every version: what a compaction or purge dropped stands in its parent's list."""
    found = dict(current)
    for manifest in manifests:
        if manifest.get("dropped"):
            listed = repo.listed_at(str(manifest["parent"]))
            found |= {p: listed[p] for p in manifest["dropped"] if p in listed}
    return found


def _read(relpath: str, data: bytes, seq: int, number: int) -> Part:
    table, night, part = parse_relpath(relpath)
    is_rewritten = "/month=" in relpath
    rows = pq.ParquetFile(io.BytesIO(data)).read()
    return Part(table, relpath, night[:7], None if is_rewritten else (night, seq, part), rows)


def purge(settings: Settings, target: str, why: str, who: str, *, act: bool) -> dict[str, Any]:
    """Remove a document, by any of its ids, from every version, and what was derived from it; `act=False` only says.

    {version, rows: by table, objects, raw, raw_shared: raw files that other documents need too and so stay,
    lost_versions: tags that can be checked out no more, is_new}. UsageError where no version ever had it, and while a
    night is under way; PermanentError, and nothing written, where another row would change.
    """
    name = normalise_alias(target)
    repo = CorpusRepo(settings)
    with open_state(settings).lease("corpus") as lease:
        repo.open()
        manifests: Manifests = repo.manifests()
        plan, done = plan_purge(settings, repo, manifests, name), purge_of(manifests, name)
        if plan is None and done is None:
            raise UsageError(f"no document {target} in the corpus: `nightcap trace` and `nightcap sql` know its ids")
        if not act:
            return {"version": None, **(plan.to_dict() if plan else {}), "is_new": plan is not None}
        _refuse_open_nights(settings)
        if plan is not None:
            files, manifest = _version_without(settings, repo, manifests, plan, f"{why} ({who})")
            commit_version(repo, lease, manifest, files, [str(p) for p in manifest["dropped"]])
            done = manifest
        assert done is not None
        _remove_everywhere(settings, repo, done)
        with contextlib.closing(open_index(settings)) as index:
            bring_forward(repo, index)
    return {"version": done["tag"], **(plan.to_dict() if plan else done["purged"]["said"]), "is_new": plan is not None}


def _refuse_open_nights(settings: Settings) -> None:
    runs = settings.path("runs", "nightly_corpus")
    open_runs = sorted(
        p.name for p in runs.glob("*") if (p / "pull.json").is_file() and not (p / "close.json").is_file()
    )
    if open_runs:
        raise UsageError(
            f"the night {open_runs[-1]} is not closed and may hold the document: finish it first "
            f"(`nightcap run nightly_corpus --run {open_runs[-1]}`)"
        )


def _version_without(
    settings: Settings, repo: CorpusRepo, manifests: Manifests, plan: Plan, why: str
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Files and manifest of the version without the document, proved to hold every other row as it was."""
    before, seq = repo.files(), len(manifests) + 1
    files = plan.taken.files(seq)
    dropped = sorted(p.relpath for p in plan.taken.parts)
    after = [f for f in before if f.relpath not in set(dropped)] + stage_files(settings, files, seq)
    if row_sums(settings, before, plan.names) != row_sums(settings, after):
        raise PermanentError("the purge would change another document's rows: nothing was written or removed")
    shutil.rmtree(settings.path("tmp", "rewrite"), ignore_errors=True)
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, before)
        benchmark = benchmarks_without(select(con, "newest_benchmarks"), plan.names)
    night, rows = str(manifests[-1]["night"]), {"benchmark": benchmark}
    part, tag = next_part(manifests, night), f"corpus/purge-{seq}"
    files |= version_files(rows, dt.date.fromisoformat(night), part)
    return files, build_manifest(
        manifests, rows, files, tag=tag, kind="purge", night=night, part=part, is_regular=False,
        run_key=tag.removeprefix("corpus/"), inputs=content_hash(hash_names(plan.names)), dropped=dropped,
        purged=_record(plan, manifests, why),
    )  # fmt: skip


def _record(plan: Plan, manifests: Manifests, why: str) -> dict[str, Any]:
    seqs = {str(m["tag"]): int(m["seq"]) for m in manifests}
    return {
        "names": hash_names(plan.names), "why": why, "objects": sorted(plan.taken.objects),
        "raw": sorted(plan.taken.raw - plan.taken.other_raw), "legends": sorted(plan.taken.legends),
        "lost_seqs": [seqs[t] for t in plan.lost], "split": plan.training["split"],
        "first_seq": plan.training["first_seq"], "was_gold": bool(plan.training["n_curated"]), "said": plan.to_dict(),
    }  # fmt: skip


# what was derived from it


def _remove_everywhere(settings: Settings, repo: CorpusRepo, manifest: Mapping[str, Any]) -> None:
    """Everything the manifest names: done again it finds nothing more to do."""
    record = manifest["purged"]
    raw, legends = set(record["raw"]), set(record["legends"])
    for md5 in record["objects"]:
        repo.remove_object(md5)
    landing, staging = open_part(settings, "landing"), open_part(settings, "staging")
    for sha in raw:
        landing.delete(raw_key(sha))
    for item in old_staging(settings, keep=0):
        item.remove()
    for folder in [*_training_folders(settings), settings.path("tmp", "predict"), settings.path("tmp", "publish")]:
        shutil.rmtree(folder, ignore_errors=True)
    for found in list(staging.iter_objects("alignments/")):
        staging.delete(found.key)
    _blank_quarantine(open_part(settings, "quarantine"), raw)
    _forget_predictions(open_part(settings, "predictions"), legends)
    _forget_receipts(open_part(settings, "outbox"), raw)
    for folder in _lost_checkouts(settings, repo, record["lost_seqs"]):
        shutil.rmtree(folder, ignore_errors=True)


def _training_folders(settings: Settings) -> list[Path]:
    """What trainings learn from and give, decided or not: one that runs now fails and is run anew without it."""
    runs = settings.path("runs", "retrain_tagger")
    return [folder for name in TRAINING_PARTS for folder in runs.glob(f"*/{name}")]


def _blank_quarantine(store: ObjectStore, raw: set[str]) -> None:
    """Rejected units of the document stay counted, without what they said, and are nobody's to mend any more."""
    for item in list(store.iter_objects()):
        if not item.key.endswith(".jsonl"):
            continue
        rows = [json.loads(line) for line in store.read(item.key).decode().splitlines()]
        if any(r.get("raw_sha256") in raw for r in rows):
            blank = {"reason": str(Reason.PURGED), "payload": "{}", "locator": "",
                     "message": "of a document that was purged"}  # fmt: skip
            rows = [{**r, **blank} if r.get("raw_sha256") in raw else r for r in rows]
            store.write(item.key, "".join(canonical_json(r) + "\n" for r in rows).encode())


def _forget_predictions(store: ObjectStore, legends: set[str]) -> None:
    gone = pa.array(sorted(legends), pa.string())
    for item in list(store.iter_objects()):
        if not item.key.endswith(".parquet"):
            continue
        table = pq.read_table(io.BytesIO(store.read(item.key)))
        if "legend_sha256" not in table.schema.names:
            continue
        kept = table.filter(pc.invert(pc.is_in(table["legend_sha256"], value_set=gone)))
        if kept.num_rows < table.num_rows:
            sink = io.BytesIO()
            pq.write_table(kept, sink, compression="zstd")
            store.write(item.key, sink.getvalue())


def _forget_receipts(store: ObjectStore, raw: set[str]) -> None:
    """Receipts that quote it; the next `nightcap quarantine receipts` writes them again from what is left."""
    for item in list(store.iter_objects()):
        text = store.read(item.key).decode("utf-8", "replace")
        if any(sha in text for sha in raw):
            store.delete(item.key)


def _lost_checkouts(settings: Settings, repo: CorpusRepo, seqs: Sequence[int]) -> list[Path]:
    tags = [str(m["tag"]).removeprefix("corpus/") for m in repo.manifests() if int(str(m["seq"])) in set(seqs)]
    return [p for tag in tags if (p := settings.path("checkouts", tag)).is_dir()]
