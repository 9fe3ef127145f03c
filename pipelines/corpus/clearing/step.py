"""Garbage collection: copies that the remotes or the corpus hold too. History, raw bytes and predictions stay.

Taken: files in the local cache that the newest version does not list (the remote has them, a checkout fetches them
again), rows between steps of nights that are closed, bundles and candidates of trainings that are decided (the registry
has the models), work folders of killed commands. The newest of each stays. Old generations of analytics.duckdb are
removed by publish itself.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part
from pipelines.clients.state import open_state
from pipelines.core.runs import StageResult
from pipelines.settings import Settings

#: Closed nights whose rows between steps are kept, for a look at what was rejected.
KEPT_NIGHTS = 7
#: Trainings whose bundles and candidates are kept.
KEPT_TRAININGS = 1
_RUN = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:\.(\d+))?/")
TRAINING_PARTS = ("bundles", "candidates", "baselines")
_WORK = ("tree-*", "verify", "rewrite", "withdraw", "corpus.clone")


@dataclass(frozen=True)
class Garbage:
    """One thing that may go: which kind, where, its size, and how it is removed."""

    kind: str
    place: str
    n_bytes: int
    remove: Callable[[], None]


def collect_garbage(settings: Settings, *, act: bool) -> dict[str, Any]:
    """{kinds: {kind: {n, bytes}}, bytes, is_done}: what may go; with `act` it is gone. Under the lease `corpus`."""
    repo = CorpusRepo(settings)
    kinds: dict[str, dict[str, int]] = {}
    with open_state(settings).lease("corpus") as lease:
        for item in [
            *_cached_files(settings, repo),
            *old_staging(settings),
            *old_trainings(settings),
            *_work(settings),
        ]:
            if act:
                lease.check()
                item.remove()
            kind = kinds.setdefault(item.kind, {"n": 0, "bytes": 0})
            kind["n"] += 1
            kind["bytes"] += item.n_bytes
    return {"kinds": kinds, "bytes": sum(k["bytes"] for k in kinds.values()), "is_done": act}


def run_gc(settings: Settings) -> StageResult:
    """Step `gc` of maintenance: skipped where nothing can go."""
    done = collect_garbage(settings, act=True)
    if not done["kinds"]:
        return StageResult(skipped="nothing to clear: all that lies here is in use")
    words = ", ".join(f"{k['n']} {name} ({k['bytes']} bytes)" for name, k in sorted(done["kinds"].items()))
    return StageResult(str(settings.root), {"bytes": done["bytes"]}, message=f"cleared {words}")


def _cached_files(settings: Settings, repo: CorpusRepo) -> Iterator[Garbage]:
    """Cached files that the newest version does not list and the remote holds; lists of versions are small and stay."""
    if not repo.exists():
        return
    remote, needed = repo.remote, set(repo.file_list().values())
    for path in sorted(repo.cache.glob("??/*")):
        md5 = path.parent.name + path.name
        if path.suffix != ".dir" and md5 not in needed and remote.exists(repo.remote_key(md5)):
            yield Garbage("cached corpus files", md5, path.stat().st_size, partial(path.unlink, missing_ok=True))


def old_staging(settings: Settings, keep: int = KEPT_NIGHTS) -> Iterator[Garbage]:
    """Rows between steps of closed nights, but of the newest ones."""
    staging, by_run = open_part(settings, "staging"), dict[str, list[tuple[str, int]]]()
    for item in staging.iter_objects():
        if _RUN.match(item.key):
            by_run.setdefault(item.key.split("/")[0], []).append((item.key, item.size))
    runs = settings.path("runs", "nightly_corpus")
    closed = [run for run in by_run if (runs / run / "close.json").is_file()]
    closed.sort(key=_run_order)
    for run in closed[: max(0, len(closed) - keep)]:
        keys = [key for key, _ in by_run[run]]
        size = sum(n for _, n in by_run[run])
        yield Garbage("nights between steps", run, size, partial(_delete, staging, keys))


def _run_order(run: str) -> tuple[str, int]:
    night, _, number = run.partition(".")
    return night, int(number or 0)


def _delete(store: ObjectStore, keys: list[str]) -> None:
    for key in keys:
        store.delete(key)


def old_trainings(settings: Settings, keep: int = KEPT_TRAININGS) -> Iterator[Garbage]:
    """What decided trainings learnt from and gave, but of the newest ones."""
    decided = settings.path("runs", "retrain_tagger").glob("*/decision.json")
    oldest_first = sorted(decided, key=lambda p: p.stat().st_mtime)
    for decision in oldest_first[: max(0, len(oldest_first) - keep)]:
        for name in TRAINING_PARTS:
            if (folder := decision.with_name(name)).is_dir():
                yield _folder("trainings that are decided", folder)


def _work(settings: Settings) -> Iterator[Garbage]:
    for pattern in _WORK:
        for folder in sorted(settings.path("tmp").glob(pattern)):
            yield _folder("work of killed commands", folder)


def _folder(kind: str, folder: Path) -> Garbage:
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return Garbage(kind, str(folder), size, partial(shutil.rmtree, folder, ignore_errors=True))
