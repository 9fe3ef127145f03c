"""Dev scores of a tagger during and after training, by the same scorer as the benchmark's."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.core.scoring import Score, ScoredText, count_spans, scores_of
from pipelines.core.tagging import Span
from pipelines.taggers.base import Tagger, TaggerInput
from pipelines.taggers.bundle import Example
from pipelines.taggers.prepare import is_roles


def scored_texts(
    task: str, labels: Sequence[str], examples: Sequence[Example], predicted: Sequence[Sequence[Span]]
) -> list[ScoredText]:
    """Gold and prediction of each example; gold of labels that the task does not have is left out."""
    out = []
    for example, spans in zip(examples, predicted, strict=True):
        types = scored_types(task, labels, example.annotated_types)
        out.append(
            ScoredText(
                example.doc_id, example.text, [s for s in example.spans if s.label in labels], list(spans),
                example.unlabelled, types, is_mentions=is_roles(task),
            )
        )  # fmt: skip
    return out


def scored_types(task: str, labels: Sequence[str], annotated: Sequence[str]) -> set[str]:
    """Labels that count in an example: for ner those its delivery annotates (none stated: all), else all."""
    return set(labels) & set(annotated) if task == "ner" and annotated else set(labels)


def dev_scores(tagger: Tagger, examples: Sequence[Example]) -> list[Score]:
    """`micro` and every label of a tagger on examples, without intervals."""
    predicted = tagger.predict([TaggerInput(e.text, e.context_spans) for e in examples])
    meta = tagger.meta
    texts = scored_texts(meta.task, meta.labels, examples, predicted)
    return scores_of(count_spans(texts, meta.labels), n_bootstrap=0)


def scores_as_dict(scores: Sequence[Score]) -> dict[str, dict[str, float]]:
    """By label: precision, recall, f1, support."""
    return {
        s.label: {"precision": s.precision, "recall": s.recall, "f1": s.f1, "support": float(s.support)} for s in scores
    }
