"""Replays of the quarantine: which runs of `nightly_corpus` they are, and whether they ran already."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import pyarrow.parquet as pq

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import open_part, raw_key
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json, content_hash, sha256_bytes
from pipelines.core.records import UnitCounts
from pipelines.core.runs import Run, StageResult
from pipelines.errors import PermanentError
from pipelines.feedback.issues import Issue, order_of
from pipelines.feedback.replay import Replay, plan_replays, replay_lines
from pipelines.feedback.step import read_manifest
from pipelines.flows.execute import closed_requests, open_replay
from pipelines.settings import Settings

#: All that decides which rows a raw file gives and which of them are valid.
_DECISIVE = ("core", "ingest", "quality", "schemas", "config")


def _iter_files(folder: Traversable) -> Iterator[bytes]:
    for item in sorted(folder.iterdir(), key=lambda i: i.name):
        if item.is_dir() and item.name != "__pycache__":
            yield from _iter_files(item)
        elif item.name.endswith((".py", ".sql", ".toml")):
            yield item.name.encode() + item.read_bytes()


def rules_version() -> str:
    """Hash of today's parsers and rules as they stand in the code: it cannot be forgotten to raise it."""
    root = resources.files("pipelines")
    return content_hash([sha256_bytes(data) for name in _DECISIVE for data in _iter_files(root / name)])


def plan(issues: Iterable[Issue], settings: Settings) -> list[tuple[Replay, bool]]:
    """One replay a night, and whether a closed run of that night read these files by today's rules already."""
    rules, landing = rules_version(), open_part(settings, "landing")

    def files_of(issue: Issue) -> Iterator[str]:
        for file in read_manifest(settings, issue.last_run).files.get(issue.delivery_id, ()):
            if file["status"] == "valid" and landing.exists(raw_key(file["raw_sha256"])):
                yield file["raw_sha256"]

    return [
        (r, any(r.is_in(q, rules) for q in closed_requests(settings, dt.date.fromisoformat(r.night))))
        for r in plan_replays(issues, files_of)
    ]


def open_run(settings: Settings, replay: Replay) -> str:
    """Key of the run of `nightly_corpus` that does it: a new one, or the one that was begun and not finished."""
    request = replay.request(settings.config_name, rules_version())
    return open_replay(settings, dt.date.fromisoformat(replay.night), request)


def pull_again(settings: Settings, run: Run) -> StageResult:
    """The step pull of a replay: lists raw files of the night that are in landing/ already, with their deliveries.

    Output: landing/nights/<night>/manifest-<n>.jsonl and the account, as the sources leave them; no listing, so that
    the next night's pull is not touched. PermanentError where a raw object is gone.
    """
    night, n = order_of(run.key)
    landing, files = open_part(settings, "landing"), _replayed(run)
    keys = [f"nights/{night}/manifest-{i}.jsonl" for i in range(n)]
    lines = replay_lines(files, [_rows(landing.read(k)) for k in keys if landing.exists(k)])
    entries = [r for r in lines if r["row"] == "file"]
    lost = set(files) - {e["raw_sha256"] for e in entries if landing.exists(raw_key(e["raw_sha256"]))}
    if lost:
        raise PermanentError(
            f"{len(lost)} raw objects of {night} are gone, {min(lost)} among them: replay the other issues by their ids"
        )
    counts = UnitCounts(n_in=len(entries), valid=len(entries))
    open_part(settings, "staging").write(
        f"{run.key}/pull/accounting.jsonl", account_lines(run, "pull", {"file": counts})
    )
    key = f"nights/{night}/manifest-{n}.jsonl"
    landing.write(key, "".join(canonical_json(r) + "\n" for r in lines).encode())
    mark = content_hash([sorted(files), run.request.get("rules")])
    return StageResult(landing.uri(key), vars(counts), mark, message=f"{len(files)} files once more",
                       extra={"sources_missing": {}})  # fmt: skip


def read_withdrawn(settings: Settings) -> set[str]:
    """Deliveries and nights that were withdrawn from the corpus."""
    repo = CorpusRepo(settings)
    files = repo.files(tables=("tombstones",)) if repo.exists() else []
    return {str(r["target"]) for f in files for r in pq.read_table(f.path, columns=["target"]).to_pylist()}


def _replayed(run: Run) -> list[str]:
    found = run.request.get("replay")
    return [str(f) for f in found] if isinstance(found, list) else []


def _rows(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines() if line.strip()]
