"""A benchmark version by hand: the gold of the same documents, as curators have corrected it since."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.state import open_state
from pipelines.core.gold import TASKS
from pipelines.core.hashing import content_hash
from pipelines.corpus.benchmark import corrected_benchmark
from pipelines.corpus.manifest import build_manifest, version_files
from pipelines.corpus.step import bring_forward, commit_version, open_index
from pipelines.corpus.versions import next_part
from pipelines.errors import UsageError
from pipelines.settings import Settings


def bump(settings: Settings, tasks: Sequence[str], why: str, who: str) -> dict[str, Any]:
    """Write the next benchmark version of these tasks (all where none is named) as `corpus/benchmark-<seq>`.

    {version, bumped: {task: {benchmark_version, figures, spans, changed, gone}}, unchanged: {task: why}, is_new}.
    Nothing is written where no gold of a benchmark's documents was corrected: so a second call finds nothing to do.
    """
    if unknown := sorted(set(tasks) - set(TASKS)):
        raise UsageError(f"no task {', '.join(unknown)}: {', '.join(TASKS)}")
    repo = CorpusRepo(settings)
    with open_state(settings).lease("corpus") as lease, contextlib.closing(open_index(settings)) as index:
        repo.open()
        bring_forward(repo, index)
        rows: list[dict[str, object]] = []
        bumped, unchanged = dict[str, Any](), dict[str, str]()
        for task in tasks or TASKS:
            found, said = corrected_benchmark(index, task, f"{why} ({who})")
            rows += found
            if found:
                bumped[task] = said
            else:
                unchanged[task] = str(said["why"])
        tag = _write(repo, lease, rows) if rows else None
        bring_forward(repo, index)
    return {"version": tag, "bumped": bumped, "unchanged": unchanged, "is_new": bool(rows)}


def _write(repo: CorpusRepo, lease: Any, benchmark: Iterable[Mapping[str, object]]) -> str:
    manifests = repo.manifests()
    night, rows = str(manifests[-1]["night"]), {"benchmark": list(benchmark)}
    part, tag = next_part(manifests, night), f"corpus/benchmark-{len(manifests) + 1}"
    files = version_files(rows, dt.date.fromisoformat(night), part)
    manifest = build_manifest(
        manifests, rows, files, tag=tag, kind="benchmark", night=night, part=part, is_regular=False,
        run_key=tag.removeprefix("corpus/"), inputs=content_hash(rows),
    )  # fmt: skip
    commit_version(repo, lease, manifest, files)
    return tag
