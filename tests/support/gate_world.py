"""A run folder of retrain_tagger as the steps train and score leave it, from known qualities."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core.runs import Run
from pipelines.settings import Settings

LABELS = ("GENEPROD", "TISSUE")
MD5 = "0123456789abcdef0123456789abcdef.dir"


def make_run(key: str) -> Run:
    return Run("retrain_tagger", key)


def write_candidate(
    settings: Settings, key: str, task: str, kind: str, *, fingerprint: str, dev_f1: float, data_kind: str = ""
) -> Path:
    """`candidates/<task>/<kind>/` with a weights file of its own, tagger.json and metrics.json."""
    folder = settings.path("runs", "retrain_tagger", key, "candidates", task, kind)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ("model.safetensors" if kind == "encoder" else "model.crfsuite")).write_bytes(fingerprint.encode() * 50)
    row = {"precision": dev_f1, "recall": dev_f1, "f1": dev_f1, "support": 100.0}
    meta = {
        "kind": kind, "task": task, "labels": list(LABELS), "fingerprint": fingerprint, "encoder": "compact",
        "fingerprint_inputs": {"seed": 42, "corpus_md5": MD5}, "corpus_version": f"corpus/{key}", "corpus_md5": MD5,
        "data_kind": data_kind or settings.home.data_kind, "profile": "demo", "splitter_version": 1,
        "scorer_version": 1, "feature_version": 1, "extra": {"seconds": 1.5, "n_train": 90},
        "dev": {"micro": row, "GENEPROD": row},
    }  # fmt: skip
    (folder / "metrics.json").write_text(json.dumps({"dev": meta["dev"], "dev_f1": dev_f1, "fingerprint": fingerprint}))
    (folder / "tagger.json").write_text(json.dumps(meta))
    return folder


def write_scores(
    settings: Settings,
    key: str,
    task: str,
    taggers: Mapping[str, tuple[str, str, float]],
    *,
    n_documents: int = 40,
    barred: str | None = None,
    left_out: Sequence[str] = (),
    fresh: float | None = None,
) -> None:
    """`scores/<task>/`: name → (kind, fingerprint, share of the gold that it finds); `fresh`: that of the champion on
    documents that came after it."""
    folder = settings.path("runs", "retrain_tagger", key, "scores", task)
    folder.mkdir(parents=True, exist_ok=True)
    qualities = {name: quality for name, (_, _, quality) in taggers.items()}
    for name, quality in {**qualities, **({} if fresh is None else {"champion-fresh": fresh})}.items():
        rng = np.random.default_rng(int(quality * 1e6))
        rows = []
        for d in range(n_documents):
            for label, gold in zip(LABELS, (30, 8), strict=True):
                tp = int(rng.binomial(gold, quality))
                rows.append({"doc_id": f"10.1/{d:03d}", "label": label, "tp": tp, "fp": gold - tp, "fn": gold - tp})
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    stated = {n: {"kind": kind, "fingerprint": print_ or None} for n, (kind, print_, _) in taggers.items()}
    content = {
        "task": task, "benchmark_version": 1, "corpus_version": f"corpus/{key}", "corpus_md5": MD5, "taggers": stated,
        "barred": barred, "left_out": list(left_out), "has_fresh": fresh is not None,
    }  # fmt: skip
    (folder / "score.json").write_text(json.dumps(content))
