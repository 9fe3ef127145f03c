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


def next_benchmarks(index: Index, min_documents: int, min_spans: int) -> list[dict[str, object]]:
    """Rows of the benchmark versions that this corpus version must write; `index` stands for it already (preview)."""
    retracted = index.retracted()
    out: list[dict[str, object]] = []
    for task in TASKS:
        gold = [g for g in index.gold_figures(task, "test") if g[0] not in retracted]
        documents = {g[0] for g in gold}
        version, frozen = index.benchmark_figures(task)
        held = {doc_id for doc_id, _, _ in frozen}
        if version == 0:
            if len(documents) >= min_documents and sum(g[3] for g in gold) >= min_spans:
                out += _rows(task, 1, gold, "test is large enough")
        elif held & retracted:
            kept = {(f, s) for d, f, s in frozen if d not in retracted}
            spans = {(f, s): n for _, f, s, n in index.gold_figures(task, "test")}
            rows = [(d, f, s, spans.get((f, s), 0)) for d, f, s in frozen if (f, s) in kept]
            out += _rows(task, version + 1, rows, f"without retracted {', '.join(sorted(held & retracted))}")
        elif len(documents) >= 2 * len(held):
            out += _rows(task, version + 1, gold, "test has doubled")
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
