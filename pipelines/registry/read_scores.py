"""What the steps train and score left for the gate, as typed values. Pure: it sees one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from pipelines.core.scoring import DocumentCounts
from pipelines.errors import PermanentError
from pipelines.registry.gate import Contender

CHAMPION_NAME = "champion"
#: Kinds that are registered and may become champion; the others are plain baselines.
MODEL_KINDS = ("encoder", "crf")


@dataclass(frozen=True)
class Candidate:
    """One trained model: its folder, `tagger.json` and the training's `metrics.json` (dev by label)."""

    task: str
    kind: str
    folder: Path
    meta: Mapping[str, Any]
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        return str(self.meta["fingerprint"])

    @property
    def dev(self) -> Mapping[str, Mapping[str, float]]:
        """Scores on dev by label, from metrics.json, else as tagger.json states them."""
        found: Mapping[str, Mapping[str, float]] = self.metrics.get("dev") or self.meta.get("dev") or {}
        return found

    @property
    def dev_f1(self) -> float:
        return float(self.dev.get("micro", {}).get("f1", 0.0))


@dataclass(frozen=True)
class TaskScores:
    """The benchmark of one task: who was scored, on which version. `left_out`: documents a model was trained on;
    `fresh`: the champion on documents of test that came after it was trained."""

    benchmark_version: int
    corpus_version: str
    corpus_md5: str
    contenders: Mapping[str, Contender]
    left_out: tuple[str, ...] = ()
    barred: str | None = None
    fresh: Contender | None = None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; PermanentError where the file is absent or broken."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PermanentError(f"{path} does not exist: run the steps train and score first") from error
    except json.JSONDecodeError as error:
        raise PermanentError(f"{path} is no JSON: {error}") from error
    return found


def find_candidates(folder: Path) -> dict[str, list[Candidate]]:
    """Complete candidates by task, of the kinds that are registered; a folder without tagger.json is unfinished."""
    found: dict[str, list[Candidate]] = {}
    for meta_path in sorted((folder / "candidates").glob("*/*/tagger.json")):
        model, task = meta_path.parent, meta_path.parent.parent.name
        meta = read_json(meta_path)
        if str(meta.get("kind")) not in MODEL_KINDS:
            continue
        if not meta.get("fingerprint"):
            raise PermanentError(f"{meta_path} states no fingerprint: train it again")
        metrics_path = model / "metrics.json"
        metrics = read_json(metrics_path) if metrics_path.is_file() else {}
        found.setdefault(task, []).append(Candidate(task, str(meta["kind"]), model, meta, metrics))
    return found


def read_scores(folder: Path, task: str) -> TaskScores | None:
    """The scores of a task; None where there is no benchmark (no score.json, or it names no version)."""
    base = folder / "scores" / task
    if not (base / "score.json").is_file():
        return None
    raw = read_json(base / "score.json")
    if not raw.get("benchmark_version"):
        return None
    contenders = {
        name: Contender(name, str(t["kind"]), read_counts(base / f"{name}.parquet"), str(t.get("fingerprint") or ""))
        for name, t in sorted(raw["taggers"].items())
    }
    champion = contenders.get(CHAMPION_NAME)
    fresh = (
        replace(champion, counts=read_counts(base / "champion-fresh.parquet"))
        if raw.get("has_fresh") and champion
        else None
    )
    return TaskScores(
        int(raw["benchmark_version"]), str(raw["corpus_version"]), str(raw["corpus_md5"]), contenders,
        tuple(raw.get("left_out") or ()), raw.get("barred") or None, fresh,
    )  # fmt: skip


def read_counts(path: Path) -> DocumentCounts:
    """Counts per document and label from a file with doc_id, label, tp, fp, fn, one row a pair."""
    if not path.is_file():
        raise PermanentError(f"{path} does not exist: run the step score again")
    rows = pq.read_table(path, columns=["doc_id", "label", "tp", "fp", "fn"]).to_pylist()
    doc_ids, labels = sorted({r["doc_id"] for r in rows}), sorted({r["label"] for r in rows})
    place, column = {d: i for i, d in enumerate(doc_ids)}, {x: i for i, x in enumerate(labels)}
    array = np.zeros((len(doc_ids), len(labels), 3), dtype=np.int64)
    for r in rows:
        array[place[r["doc_id"]], column[r["label"]]] += (r["tp"], r["tp"] + r["fp"], r["tp"] + r["fn"])
    return DocumentCounts(tuple(doc_ids), tuple(labels), array)
