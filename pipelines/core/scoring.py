"""The one scorer: strict word-level spans, counted per document, with intervals from a document bootstrap."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.core.tagging import Span, spans_to_tags, tags_to_spans
from pipelines.core.text import word_spans

#: Raised by hand with any change of what counts as right.
SCORER_VERSION = 1
#: Quantiles of the standard normal: a one-sided 95 % test with 80 % power.
_Z_DETECTABLE = 1.6449 + 0.8416

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ScoredText:
    """One text with its gold and a prediction. `annotated_types` None means all; `is_mentions` True compares spans
    as they are (roles of given mentions), else both sides are snapped to words first."""

    doc_id: str
    text: str
    gold: Sequence[Span]
    predicted: Sequence[Span]
    unlabelled: Sequence[tuple[int, int]] = ()
    annotated_types: Collection[str] | None = None
    is_mentions: bool = False


@dataclass(frozen=True)
class DocumentCounts:
    """`array[document, label, (true positives, predicted, gold)]`."""

    doc_ids: tuple[str, ...]
    labels: tuple[str, ...]
    array: Counts


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1 of a label or of `micro`, 0 to 1, with a 95 % document bootstrap of F1."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    f1_low: float | None = None
    f1_high: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Paired bootstrap of micro F1: a minus b over the same documents.

    `low` is the lower one-sided 95 % bound, `low95`/`high95` the two-sided interval, `p` the share of resamples in
    which a is not better, `detectable` the true difference that this benchmark would prove in 80 % of cases.
    """

    f1_a: float
    f1_b: float
    difference: float
    low: float
    low95: float
    high95: float
    p: float
    detectable: float
    n_documents: int


@dataclass(frozen=True)
class StartScore:
    """Panel starts: micro, micro without starts at position 0, recall by ordinal of the panel in its legend."""

    micro: Score
    without_first_position: Score
    recall_by_ordinal: dict[int, tuple[float, int]] = field(default_factory=dict)


def span_keys(text: ScoredText, spans: Sequence[Span]) -> set[tuple[int, int, str]]:
    """Spans as they count: snapped to words, without overlaps, outside unlabelled regions, of annotated types."""
    if not text.is_mentions:
        words = word_spans(text.text)
        spans = tags_to_spans(words, spans_to_tags(words, spans))
    kept = (s for s in spans if text.annotated_types is None or s.label in text.annotated_types)
    return {s.key for s in kept if not any(s.start < high and s.end > low for low, high in text.unlabelled)}


def count_spans(texts: Sequence[ScoredText], labels: Sequence[str]) -> DocumentCounts:
    """Counts per document and label; spans of other labels are an error of the caller (ValueError)."""
    doc_ids = tuple(sorted({t.doc_id for t in texts}))
    row = {doc_id: i for i, doc_id in enumerate(doc_ids)}
    column = {label: i for i, label in enumerate(labels)}
    array = np.zeros((len(doc_ids), len(labels), 3), dtype=np.int64)
    for text in texts:
        gold, predicted = span_keys(text, text.gold), span_keys(text, text.predicted)
        for place, keys in enumerate((gold & predicted, predicted, gold)):
            for _, _, label in keys:
                if label not in column:
                    raise ValueError(f"label {label!r} is not among {', '.join(labels)}")
                array[row[text.doc_id], column[label], place] += 1
    return DocumentCounts(doc_ids, tuple(labels), array)


def _f1(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """F1 over the last axis (true positives, predicted, gold); 0 where there is nothing."""
    total = counts[..., 1] + counts[..., 2]
    return np.where(total > 0, 2.0 * counts[..., 0] / np.maximum(total, 1), 0.0)


def _score(label: str, counts: Counts, interval: tuple[float, float] | None = None) -> Score:
    tp, predicted, gold = (int(c) for c in counts)
    low, high = interval if interval else (None, None)
    precision = tp / predicted if predicted else 0.0
    recall = tp / gold if gold else 0.0
    return Score(label, precision, recall, float(_f1(counts)), gold, low, high)


def _weights(n_documents: int, n: int, seed: int) -> npt.NDArray[np.int64]:
    """How often each document is drawn in each of n resamples: [n, documents]."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_documents, np.full(n_documents, 1.0 / n_documents), size=n)


def bootstrap_interval(per_document: Counts, n: int = 2000, seed: int = 0) -> tuple[float, float]:
    """95 % interval of F1 when documents are drawn anew; `per_document[document, (tp, predicted, gold)]`."""
    if not len(per_document):
        return 0.0, 0.0
    f1 = _f1(_weights(len(per_document), n, seed) @ per_document)
    low, high = np.quantile(f1, (0.025, 0.975))
    return float(low), float(high)


def scores_of(counts: DocumentCounts, *, n_bootstrap: int = 2000, seed: int = 0) -> list[Score]:
    """`micro` first, then every label; with intervals unless `n_bootstrap` is 0."""
    groups = [("micro", counts.array.sum(axis=1))]
    groups += [(label, counts.array[:, i]) for i, label in enumerate(counts.labels)]
    out = []
    for label, per_document in groups:
        interval = bootstrap_interval(per_document, n_bootstrap, seed) if n_bootstrap else None
        out.append(_score(label, per_document.sum(axis=0), interval))
    return out


def paired_bootstrap(a: DocumentCounts, b: DocumentCounts, n: int = 5000, seed: int = 0) -> Comparison:
    """Is a better than b on the same documents? ValueError where the documents differ."""
    if a.doc_ids != b.doc_ids:
        raise ValueError("paired comparison needs the same documents on both sides")
    micro_a, micro_b = a.array.sum(axis=1), b.array.sum(axis=1)
    if not len(micro_a):
        return Comparison(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0)
    weights = _weights(len(micro_a), n, seed)
    resampled = _f1(weights @ micro_a) - _f1(weights @ micro_b)
    f1_a, f1_b = float(_f1(micro_a.sum(axis=0))), float(_f1(micro_b.sum(axis=0)))
    low, low95, high95 = (float(q) for q in np.quantile(resampled, (0.05, 0.025, 0.975)))
    p = (int((resampled <= 0).sum()) + 1) / (n + 1)
    detectable = float(_Z_DETECTABLE * resampled.std())
    return Comparison(f1_a, f1_b, f1_a - f1_b, low, low95, high95, p, detectable, len(micro_a))


def _start_counts(gold: Collection[int], predicted: Collection[int]) -> Counts:
    return np.array([len(set(gold) & set(predicted)), len(predicted), len(gold)], dtype=np.int64)


def score_panel_starts(texts: Sequence[ScoredText]) -> StartScore:
    """Panel starts by their first code point alone; recall by ordinal (1 is the first panel) up to 8."""
    total, later = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    found: dict[int, list[bool]] = {}
    for text in texts:
        gold = sorted(k[0] for k in span_keys(text, text.gold))
        predicted = {k[0] for k in span_keys(text, text.predicted)}
        total += _start_counts(gold, predicted)
        later += _start_counts([g for g in gold if g], [p for p in predicted if p])
        for ordinal, start in enumerate(gold, 1):
            found.setdefault(min(ordinal, 8), []).append(start in predicted)
    recall = {k: (sum(v) / len(v), len(v)) for k, v in sorted(found.items())}
    return StartScore(_score("PANEL_START", total), _score("PANEL_START", later), recall)
