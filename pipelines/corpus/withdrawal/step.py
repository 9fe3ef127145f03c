"""Withdraw a delivery or a night from the corpus: a version of tombstones, and the hold `corpus`."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.clients.state import Hold, open_state
from pipelines.core.hashing import content_hash
from pipelines.core.tables import corpus_schema, parquet_bytes, rows_to_table
from pipelines.corpus.compare.step import diff_versions, select
from pipelines.corpus.index import Rows
from pipelines.corpus.manifest import build_manifest, version_files
from pipelines.corpus.step import bring_forward, commit_version, open_index
from pipelines.corpus.versions import next_part
from pipelines.corpus.withdraw import Withdrawal, benchmarks_without, find_target, hiding_version, join_words
from pipelines.errors import UsageError
from pipelines.settings import Settings


def find_withdrawal(settings: Settings, repo: CorpusRepo, target: str) -> Withdrawal:
    """What withdrawing this delivery or night would hide now; UsageError where the corpus has neither."""
    manifests = repo.manifests()
    nights = {str(m["night"]) for m in manifests if m["kind"] == "night"}
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, repo.files())
        kind, name = find_target(target, select(con, "withdraw_deliveries"), nights)
        rows = select(con, "withdraw_rows", kind=kind, target=name)
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
        benchmark, stuck = benchmarks_without(select(con, "withdraw_benchmark"), found.target)
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
    with open_state(settings).lease("corpus") as lease, contextlib.closing(open_index(settings)) as index:
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
    detail = join_words(known.detail if known else "", tag, " ")
    state.set_hold(Hold("corpus", who, why, known.until if known else None, detail))
