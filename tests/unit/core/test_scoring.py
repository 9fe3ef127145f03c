from __future__ import annotations

import numpy as np
import pytest

from pipelines.core.scoring import (
    ScoredText,
    bootstrap_interval,
    count_spans,
    paired_bootstrap,
    score_panel_starts,
    scores_of,
)
from pipelines.core.tagging import Span

TEXT = "Atg5 binds anti-LC3 in HeLa cells."
GENE, LINE = "GENEPROD", "CELL_LINE"
LABELS = (GENE, LINE)


def _text(gold: list[Span], predicted: list[Span], doc_id: str = "d", **more: object) -> ScoredText:
    return ScoredText(doc_id, TEXT, gold, predicted, **more)  # type: ignore[arg-type]


def _micro(*texts: ScoredText) -> tuple[float, float, float]:
    score = scores_of(count_spans(texts, LABELS), n_bootstrap=0)[0]
    return score.precision, score.recall, score.f1


def test_a_span_counts_only_with_both_borders_and_its_type() -> None:
    gold = [Span(0, 4, GENE), Span(23, 27, LINE)]
    assert _micro(_text(gold, gold)) == (1.0, 1.0, 1.0)
    assert _micro(_text(gold, [Span(0, 4, LINE), Span(23, 33, LINE)])) == (0.0, 0.0, 0.0)
    precision, recall, f1 = _micro(_text(gold, [Span(0, 4, GENE)]))
    assert (precision, recall) == (1.0, 0.5)
    assert f1 == pytest.approx(2 / 3)


def test_borders_inside_a_word_count_as_the_word() -> None:
    assert _micro(_text([Span(1, 4, GENE)], [Span(0, 3, GENE)])) == (1.0, 1.0, 1.0)


def test_of_overlapping_spans_the_longest_counts() -> None:
    gold = [Span(11, 19, GENE), Span(16, 19, GENE)]
    assert _micro(_text(gold, [Span(11, 19, GENE)])) == (1.0, 1.0, 1.0)


def test_what_nobody_annotated_is_neither_gold_nor_wrong() -> None:
    gold = [Span(0, 4, GENE), Span(16, 19, GENE)]
    predicted = [Span(0, 4, GENE), Span(23, 27, GENE), Span(16, 19, GENE)]
    assert _micro(_text(gold, predicted, unlabelled=[(10, 34)])) == (1.0, 1.0, 1.0)
    lines = [Span(23, 27, LINE)]
    assert _micro(_text(gold, gold + lines, annotated_types={GENE})) == (1.0, 1.0, 1.0)
    assert _micro(_text(gold, gold + lines))[0] < 1.0


def test_given_mentions_are_compared_as_they_are() -> None:
    texts = [_text([Span(1, 4, GENE)], [Span(0, 4, GENE)], is_mentions=True)]
    assert _micro(*texts) == (0.0, 0.0, 0.0)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(ValueError, match="TISSUE"):
        count_spans([_text([Span(0, 4, "TISSUE")], [])], LABELS)


def test_scores_by_class_have_their_support_and_interval() -> None:
    texts = [_text([Span(0, 4, GENE)], [Span(0, 4, GENE)] if i % 4 else [], f"d{i}") for i in range(40)]
    micro, gene, line = scores_of(count_spans(texts, LABELS), n_bootstrap=500, seed=1)
    assert micro.label == "micro"
    assert gene.support == 40
    assert line.support == 0
    assert gene.recall == 0.75
    assert gene.f1_low is not None
    assert gene.f1_high is not None
    assert gene.f1_low < gene.f1 < gene.f1_high
    assert scores_of(count_spans(texts, LABELS), n_bootstrap=500, seed=1) == [micro, gene, line]


def test_the_interval_covers_the_true_value_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for trial in range(100):
        gold = np.full(60, 10)
        found = rng.binomial(10, 0.8, size=60)
        low, high = bootstrap_interval(np.stack([found, gold, gold], axis=1), n=400, seed=trial)
        covered += low <= 0.8 <= high
    assert 85 <= covered <= 100


def test_few_documents_give_a_wide_interval_and_none_gives_zero() -> None:
    one = np.array([[1, 2, 2], [9, 10, 10]])
    low, high = bootstrap_interval(one)
    assert high - low > 0.3
    assert bootstrap_interval(np.zeros((0, 3), dtype=np.int64)) == (0.0, 0.0)


def _documents(rate: float, seed: int) -> list[ScoredText]:
    rng = np.random.default_rng(seed)
    gold = [Span(0, 4, GENE), Span(16, 19, GENE), Span(23, 27, LINE)]
    return [_text(gold, [s for s in gold if rng.random() < rate], f"d{i}") for i in range(120)]


def test_a_clearly_better_tagger_is_proved_and_its_mirror_is_not() -> None:
    a, b = count_spans(_documents(0.9, 1), LABELS), count_spans(_documents(0.7, 2), LABELS)
    better, worse = paired_bootstrap(a, b), paired_bootstrap(b, a)
    assert better.low > 0
    assert better.p < 0.01
    assert better.low95 < better.low < better.difference < better.high95
    assert worse.low < 0
    assert worse.p > 0.99
    assert better.difference == pytest.approx(-worse.difference)


def test_a_tagger_is_not_better_than_itself() -> None:
    a = count_spans(_documents(0.8, 1), LABELS)
    same = paired_bootstrap(a, a)
    assert (same.difference, same.low, same.p) == (0.0, 0.0, 1.0)


def test_what_can_be_detected_shrinks_with_more_documents() -> None:
    few = paired_bootstrap(count_spans(_documents(0.8, 1)[:30], LABELS), count_spans(_documents(0.8, 2)[:30], LABELS))
    many = paired_bootstrap(count_spans(_documents(0.8, 1), LABELS), count_spans(_documents(0.8, 2), LABELS))
    assert 0 < many.detectable < few.detectable


def test_without_documents_nothing_is_proved() -> None:
    nothing = paired_bootstrap(count_spans([], LABELS), count_spans([], LABELS))
    assert (nothing.low, nothing.p, nothing.detectable, nothing.n_documents) == (0.0, 1.0, 1.0, 0)


def test_comparison_needs_the_same_documents() -> None:
    a = count_spans(_documents(0.8, 1), LABELS)
    with pytest.raises(ValueError, match="same documents"):
        paired_bootstrap(a, count_spans(_documents(0.8, 1)[:50], LABELS))


def test_panel_starts_by_ordinal_and_without_the_first_position() -> None:
    legend = "(A) One. (B) Two. (C) Three."
    gold = [Span(0, 1, "PANEL_START"), Span(9, 10, "PANEL_START"), Span(18, 19, "PANEL_START")]
    only_first = ScoredText("d", legend, gold, gold[:1])
    all_found = ScoredText("e", legend, gold, gold)
    score = score_panel_starts([only_first, all_found])
    assert score.micro.recall == pytest.approx(4 / 6)
    assert score.without_first_position.recall == pytest.approx(2 / 4)
    assert score.recall_by_ordinal == {1: (1.0, 2), 2: (0.5, 2), 3: (0.5, 2)}
