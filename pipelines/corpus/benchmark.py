"""Benchmark versions: v1 per task when test is large enough; it never changes. A retraction, a doubled
test split or a hand (`nightcap corpus benchmark bump`) makes the next version."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.core.gold import TASKS
from pipelines.corpus.index import Index


def _rows(task: str, version: int, gold: Iterable[tuple[str, str, str, int]], reason: str) -> list[dict[str, object]]:
    return [
        {"task": task, "benchmark_version": version, "doc_id": doc_id, "figure_id": figure_id,
         "record_sha256": sha, "n_spans": n, "reason": reason}
        for doc_id, figure_id, sha, n in gold
    ]  # fmt: skip


def _current_gold(index: Index, task: str, retracted: set[str]) -> list[tuple[str, str, str, int]]:
    return [g for g in index.gold_figures(task, "test") if g[0] not in retracted]


def _without(index: Index, task: str, lost: set[str]) -> list[tuple[str, str, str, int]]:
    """What the newest benchmark version holds, less these documents; spans are counted where the revision is gold."""
    spans = {(f, s): n for _, f, s, n in index.gold_figures(task, "test")}
    _, held = index.benchmark_figures(task)
    return [(d, f, s, spans.get((f, s), 0)) for d, f, s in held if d not in lost]


def next_benchmarks(index: Index, min_documents: int, min_spans: int) -> list[dict[str, object]]:
    """Rows of the benchmark versions that this corpus version must write; `index` stands for it already (preview).

    Whether one is due is known from sizes that the index keeps: the gold of test is read only where it is written.
    """
    retracted = index.retracted()
    out: list[dict[str, object]] = []
    for task in TASKS:
        version, n_held = index.benchmark_size(task)
        n_documents, n_spans = index.gold_size(task, "test", without=retracted)
        lost = index.in_benchmark(task, version, retracted)
        if version == 0:
            if n_documents >= min_documents and n_spans >= min_spans:
                out += _rows(task, 1, _current_gold(index, task, retracted), "test is large enough")
        elif lost:
            reason = f"without retracted {', '.join(sorted(lost))}"
            out += _rows(task, version + 1, _without(index, task, lost), reason)
        elif n_documents >= 2 * n_held:
            out += _rows(task, version + 1, _current_gold(index, task, retracted), "test has doubled")
    return out


def corrected_benchmark(index: Index, task: str, reason: str) -> tuple[list[dict[str, object]], dict[str, object]]:
    """(rows of the next benchmark version with today's gold of the same documents, what it changes).

    No rows, and `why`, where the task has no benchmark, nothing in it was corrected, or nothing of it is gold now.
    """
    version, frozen = index.benchmark_figures(task)
    if not version:
        return [], {"why": "no benchmark yet"}
    held = {doc_id for doc_id, _, _ in frozen} - index.retracted()
    gold = [g for g in index.gold_figures(task, "test") if g[0] in held]
    before, after = {(f, sha) for _, f, sha in frozen}, {(f, sha) for _, f, sha, _ in gold}
    if before == after:
        return [], {"why": f"v{version} holds the gold as it is today"}
    if not gold:
        return [], {"why": f"nothing of v{version} is gold any more: it stays"}
    said: dict[str, object] = {
        "benchmark_version": version + 1, "figures": len(gold), "spans": sum(g[3] for g in gold),
        "changed": len(after - before), "gone": len({f for f, _ in before} - {f for f, _ in after}),
    }  # fmt: skip
    return _rows(task, version + 1, gold, reason), said
