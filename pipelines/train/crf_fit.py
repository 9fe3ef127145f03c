"""Fitting the kind `crf` with crfsuite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pycrfsuite

from pipelines.errors import PermanentError
from pipelines.taggers.bundle import Example
from pipelines.taggers.crf import MODEL_FILE, item_features
from pipelines.taggers.prepare import ANY, gold_tags, gold_targets, prepare
from pipelines.train.config import CrfConfig

Progress = Callable[[str, float], None]


class _Trainer(pycrfsuite.Trainer):  # type: ignore[misc]
    """Reports each iteration."""

    def __init__(self, iterations: int, on_progress: Progress) -> None:
        super().__init__(verbose=False)
        self._iterations = iterations
        self._on_progress = on_progress
        self.losses: list[float] = []

    def message(self, message: str) -> None:
        if message.startswith("Loss:"):
            self.losses.append(float(message.split()[1]))
            done = len(self.losses) / self._iterations
            self._on_progress(f"crf iteration {len(self.losses)}, loss {self.losses[-1]:.0f}", min(done, 1.0))


def labels_for_crf(examples: Sequence[Example], labels: Sequence[str]) -> tuple[list[Example], list[str]]:
    """crfsuite knows no open types, so it learns a label set only from deliveries that annotate all of it. Of the
    sets that deliveries annotate the one with the most gold is taken; the full set counts twice."""
    annotated = [frozenset(e.annotated_types or labels) & set(labels) for e in examples]

    def gold_of(wanted: frozenset[str]) -> int:
        pairs = zip(examples, annotated, strict=True)
        n = sum(sum(s.label in wanted for s in e.spans) for e, types in pairs if wanted <= types)
        return 2 * n if wanted == set(labels) else n

    every = {*annotated, frozenset.intersection(*annotated)} if annotated else {frozenset(labels)}
    best = max(sorted(every, key=sorted), key=lambda wanted: (gold_of(wanted), len(wanted)))
    used = [e for e, types in zip(examples, annotated, strict=True) if best <= types]
    return used, [label for label in labels if label in best]


def sequences(task: str, example: Example, labels: Sequence[str]) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Runs of labelled items with their features, which see the words beyond the run too."""
    prepared = prepare(task, example.text, example.context_spans)
    spans = [s for s in example.spans if s.label in labels]
    tags = gold_tags(task, prepared, spans)
    known = gold_targets(task, prepared, spans, tags=sorted(set(tags)), unlabelled=example.unlabelled)
    features = item_features(task, prepared)
    run: list[int] = []
    for i in range(len(tags) + 1):
        if i < len(tags) and known[i] != ANY:
            run.append(i)
        elif run:
            yield [features[j] for j in run], [tags[j] for j in run]
            run = []


def fit_crf(
    task: str, examples: Sequence[Example], labels: Sequence[str], folder: Path, *, config: CrfConfig,
    on_progress: Progress,
) -> dict[str, object]:  # fmt: skip
    """Writes `model.crfsuite`; returns labels, examples and words used and the last loss. Deterministic."""
    examples, labels = labels_for_crf(examples, labels)
    trainer = _Trainer(config.iterations, on_progress)
    trainer.select("lbfgs")
    trainer.set_params(
        {"c1": config.c1, "c2": config.c2, "max_iterations": config.iterations, "feature.minfreq": config.min_count,
         "feature.possible_transitions": True}
    )  # fmt: skip
    n_items = 0
    for example in examples:
        for features, tags in sequences(task, example, labels):
            trainer.append(features, tags)
            n_items += len(tags)
    if not n_items:  # crfsuite would write a model that crashes its reader
        raise PermanentError(f"{task}: no legend is left to train a CRF on; is every label annotated somewhere?")
    partial = folder / (MODEL_FILE + ".part")
    trainer.train(str(partial))
    os.replace(partial, folder / MODEL_FILE)
    loss = trainer.losses[-1] if trainer.losses else 0.0
    return {"labels": list(labels), "n_examples": len(examples), "n_items": n_items, "loss": loss}
