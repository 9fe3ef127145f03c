"""The gate on counts that are known: who is promoted, who never is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.scoring import DocumentCounts
from pipelines.errors import PermanentError
from pipelines.registry.gate import Contender, Decision, Rules, broken_floors, choose_challenger, decide

RULES = Rules(samples=500, class_floor_drop=0.03)
LABELS = ("GENEPROD", "TISSUE")


def tagger(
    name: str,
    quality: float,
    *,
    kind: str = "crf",
    n_documents: int = 60,
    seed: int = 0,
    per_label: tuple[int, ...] = (40, 10),
    drop_last: float = 0.0,
    doc_prefix: str = "10.1/",
) -> Contender:
    """A tagger that finds each gold span with probability `quality` and invents as many as it misses."""
    rng = np.random.default_rng(seed)
    array = np.zeros((n_documents, len(per_label), 3), dtype=np.int64)
    for d in range(n_documents):
        for i, gold in enumerate(per_label):
            chance = quality - (drop_last if i == len(per_label) - 1 else 0.0)
            tp = rng.binomial(gold, chance)
            array[d, i] = (tp, gold, gold)
    docs = tuple(f"{doc_prefix}{i:03d}" for i in range(n_documents))
    return Contender(name, kind, DocumentCounts(docs, LABELS[: len(per_label)], array))


def gate(challenger: Contender, champion: Contender | None, *baselines: Contender, **options: object) -> Decision:
    return decide(challenger, champion, baselines, rules=RULES, **options)  # type: ignore[arg-type]


def test_first_champion_needs_at_least_the_best_plain_baseline() -> None:
    won = gate(tagger("crf", 0.8), None, tagger("dictionary", 0.5, kind="dictionary"))
    assert won.promote
    assert won.difference is None
    lost = gate(
        tagger("crf", 0.8), None, tagger("rule", 0.9, kind="rule"), tagger("dictionary", 0.4, kind="dictionary")
    )
    assert not lost.promote
    assert "the plain rule" in lost.reasons[0]
    assert "no champion" in lost.reasons[0]


def test_first_champion_may_equal_the_baseline() -> None:
    assert gate(tagger("crf", 0.8, seed=3), None, tagger("rule", 0.8, kind="rule", seed=3)).promote


def test_a_clearly_better_challenger_is_promoted_and_says_by_how_much() -> None:
    found = gate(tagger("encoder", 0.85, seed=1), tagger("champion", 0.75, seed=2))
    assert found.promote
    assert found.low is not None
    assert found.difference is not None
    assert found.detectable is not None
    assert 0 < found.low < found.difference
    assert found.difference == pytest.approx(0.10, abs=0.02)
    assert 0 < found.detectable < 0.05
    assert found.f1["encoder"].low < found.f1["encoder"].f1 < found.f1["encoder"].high
    assert "detects" in found.reasons[0]


@pytest.mark.parametrize("quality", [0.60, 0.75, 0.751])
def test_worse_equal_and_near_equal_ones_are_not_promoted(quality: float) -> None:
    found = gate(tagger("crf", quality, seed=5), tagger("champion", 0.75, seed=6))
    assert not found.promote


def test_the_very_same_counts_are_not_promoted() -> None:
    found = gate(tagger("crf", 0.75, seed=6), tagger("champion", 0.75, seed=6))
    assert (found.promote, found.difference, found.low) == (False, 0.0, 0.0)


def test_a_class_floor_stops_a_better_one() -> None:
    champion = tagger("champion", 0.7, seed=1)
    better = tagger("crf", 0.8, seed=2, drop_last=0.2)
    found = gate(better, champion)
    assert found.low is not None
    assert found.low > 0
    assert not found.promote
    assert "class TISSUE falls" in found.reasons[1]


def test_a_class_with_little_gold_has_no_floor() -> None:
    few = {"n_documents": 5, "per_label": (200, 5)}
    champion, better = tagger("champion", 0.7, seed=1, **few), tagger("crf", 0.9, seed=2, drop_last=0.9, **few)  # type: ignore[arg-type]
    assert champion.counts.array[:, 1, 2].sum() < 30
    assert broken_floors(better.counts, champion.counts, 0.03) == []
    assert gate(better, champion).promote


def test_a_barred_champion_yields_to_an_equal_one_but_not_to_a_proved_worse_one() -> None:
    champion = tagger("champion", 0.75, seed=6)
    assert not gate(tagger("crf", 0.75, seed=7), champion).promote
    equal = gate(tagger("crf", 0.75, seed=7), champion, barred="trained on 10.1/x, now retracted")
    assert equal.promote
    assert "now retracted" in equal.reasons[-1]
    worse = gate(tagger("crf", 0.735, seed=9, n_documents=400), tagger("champion", 0.76, n_documents=400), barred="x")
    assert not worse.promote
    assert "proved worse" in worse.reasons[-1]


def test_a_barred_champion_does_not_yield_to_what_a_rule_beats() -> None:
    found = gate(
        tagger("crf", 0.75, seed=7), tagger("champion", 0.75, seed=6), tagger("rule", 0.9, kind="rule"), barred="x"
    )
    assert not found.promote
    assert "the plain rule" in found.reasons[0]


def test_documents_that_a_model_was_trained_on_are_left_out_on_both_sides() -> None:
    champion, challenger = tagger("champion", 0.75, seed=6), tagger("crf", 0.6, seed=2)
    learnt = challenger.counts.array.copy()
    learnt[:30] = [(40, 40, 40), (10, 10, 10)]
    leaky = Contender("crf", "crf", DocumentCounts(challenger.counts.doc_ids, LABELS, learnt))
    assert gate(leaky, champion).difference > 0  # type: ignore[operator]
    fair = gate(leaky, champion, left_out=leaky.counts.doc_ids[:30])
    assert fair.n_documents == 30
    assert fair.difference < -0.1  # type: ignore[operator]


def test_another_gold_is_refused() -> None:
    with pytest.raises(PermanentError, match="different gold in 60 of 60"):
        gate(tagger("crf", 0.8, per_label=(41, 10)), tagger("champion", 0.8))
    with pytest.raises(PermanentError, match="different gold"):
        gate(tagger("crf", 0.8, doc_prefix="10.2/"), tagger("champion", 0.8))


def test_a_benchmark_without_gold_promotes_nobody() -> None:
    found = gate(tagger("crf", 0.8, per_label=(0, 0)), None)
    assert not found.promote
    assert "no gold" in found.reasons[0]


def test_the_decision_is_the_same_every_time() -> None:
    a, b = (gate(tagger("crf", 0.77, seed=1), tagger("champion", 0.75, seed=2)) for _ in range(2))
    assert a == b
    assert set(a.to_dict()) >= {"promote", "reasons", "difference", "low", "p", "detectable", "f1"}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.70, 0.80), min_size=2, max_size=8), st.integers(0, 1000))
def test_on_one_benchmark_the_champion_only_rises(qualities: list[float], seed: int) -> None:
    """Whatever comes: the benchmark F1 of who is champion never falls."""
    champion: Contender | None = None
    best = 0.0
    for i, quality in enumerate(qualities):
        new = tagger("crf", quality, seed=seed * 100 + i, n_documents=30)
        decision = gate(new, champion)
        if decision.promote:
            f1 = decision.f1["crf"].f1
            assert champion is None or f1 > best
            champion, best = Contender("champion", "crf", new.counts), f1
    assert champion is not None


def test_a_chain_of_slightly_worse_candidates_cannot_walk_the_champion_down() -> None:
    """Forty candidates, each truly 0.5 F1 worse than the champion it meets, each on a benchmark drawn anew."""
    true, promoted = 0.75, 0
    for i in range(40):
        champion = tagger("champion", true, seed=2 * i)
        if gate(tagger("crf", true - 0.005, seed=2 * i + 1), champion).promote:
            true, promoted = true - 0.005, promoted + 1
    assert promoted <= 3
    assert true >= 0.735


def test_equal_candidates_are_promoted_at_most_as_often_as_the_test_allows() -> None:
    n = 100
    won = sum(
        gate(tagger("crf", 0.75, seed=10_000 + 2 * i), tagger("champion", 0.75, seed=10_001 + 2 * i)).promote
        for i in range(n)
    )
    assert won <= 0.05 * n + 3 * (n * 0.05 * 0.95) ** 0.5


def test_the_challenger_is_chosen_on_dev_and_the_cheaper_one_of_equals() -> None:
    assert choose_challenger({"crf": 0.79, "encoder": 0.80}) == "encoder"
    assert choose_challenger({"encoder": 0.8, "crf": 0.8}) == "crf"
