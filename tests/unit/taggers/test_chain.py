from __future__ import annotations

import itertools

import pytest
import torch

from pipelines.taggers.chain import FORBIDDEN, Chain, forbidden_transitions

TAGS = ("O", "B-X", "I-X", "B-Y", "I-Y")


def _chain(seed: int = 0) -> Chain:
    torch.manual_seed(seed)
    chain = Chain(TAGS)
    with torch.no_grad():
        chain.transitions.normal_()
        chain.start.normal_()
    return chain


@torch.no_grad()
def _path_scores(chain: Chain, emissions: torch.Tensor) -> dict[tuple[int, ...], float]:
    transitions, start = chain._scores()
    out = {}
    for path in itertools.product(range(len(TAGS)), repeat=len(emissions)):
        score = start[path[0]] + emissions[0, path[0]]
        for t in range(1, len(path)):
            score = score + transitions[path[t - 1], path[t]] + emissions[t, path[t]]
        if score > FORBIDDEN / 2:
            out[path] = float(score)
    return out


def _log_sum(scores: list[float]) -> float:
    return float(torch.logsumexp(torch.tensor(scores, dtype=torch.float64), 0))


def _batch(lengths: tuple[int, ...] = (4, 2, 1)) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    emissions = torch.randn(len(lengths), max(lengths), len(TAGS))
    mask = torch.tensor([[i < n for i in range(max(lengths))] for n in lengths])
    return emissions, mask


def test_iob2_forbids_an_inside_without_its_begin() -> None:
    pairs, first = forbidden_transitions(TAGS)
    assert first == [False, False, True, False, True]
    assert pairs[0] == [False, False, True, False, True]
    assert pairs[1] == [False, False, False, False, True]


def test_partition_is_the_sum_over_all_paths() -> None:
    chain = _chain()
    emissions, mask = _batch()
    found = chain.log_partition(emissions, mask).tolist()
    for row, n in enumerate((4, 2, 1)):
        expected = _log_sum(list(_path_scores(chain, emissions[row, :n]).values()))
        assert found[row] == pytest.approx(expected, abs=1e-4)


def test_loss_of_partial_labels_sums_the_allowed_paths_only() -> None:
    chain = _chain()
    emissions, mask = _batch((4,))
    allowed = torch.tensor([[[1, 0, 0, 0, 0], [1, 0, 0, 1, 1], [1, 1, 1, 1, 1], [0, 1, 0, 0, 0]]]).bool()
    paths = _path_scores(chain, emissions[0])
    kept = [s for p, s in paths.items() if all(allowed[0, t, tag] for t, tag in enumerate(p))]
    expected = _log_sum(list(paths.values())) - _log_sum(kept)
    assert float(chain.loss(emissions, allowed, mask).detach()) == pytest.approx(expected, abs=1e-3)


def test_items_without_gold_carry_no_loss_and_no_gradient() -> None:
    chain = _chain()
    emissions, mask = _batch((3, 3))
    emissions.requires_grad_()
    loss = chain.loss(emissions, torch.ones(2, 3, len(TAGS), dtype=torch.bool), mask)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0.0, abs=1e-4)
    assert emissions.grad is not None
    assert float(emissions.grad.abs().max()) < 1e-4


def test_best_path_and_marginals_agree_with_enumeration() -> None:
    chain = _chain(2)
    emissions, mask = _batch()
    best, marginals = chain.viterbi(emissions, mask), chain.marginals(emissions, mask)
    for row, n in enumerate((4, 2, 1)):
        paths = _path_scores(chain, emissions[row, :n])
        assert tuple(best[row]) == max(paths, key=lambda p: paths[p])
        total = _log_sum(list(paths.values()))
        for t in range(n):
            for tag in range(len(TAGS)):
                through = [s for p, s in paths.items() if p[t] == tag]
                expected = torch.tensor(_log_sum(through) - total).exp() if through else torch.tensor(0.0)
                assert float(marginals[row, t, tag]) == pytest.approx(float(expected), abs=1e-4)
        assert float(marginals[row, n:].sum()) == 0.0


def test_no_score_makes_a_forbidden_tag_win() -> None:
    chain = Chain(TAGS)
    emissions = torch.zeros(1, 3, len(TAGS))
    emissions[0, :, 2] = 50.0
    path = chain.viterbi(emissions, torch.ones(1, 3, dtype=torch.bool))[0]
    assert path == [1, 2, 2]


def test_long_texts_with_large_scores_stay_finite() -> None:
    chain = _chain()
    emissions = torch.randn(1, 3000, len(TAGS)) * 40
    mask = torch.ones(1, 3000, dtype=torch.bool)
    allowed = torch.zeros(1, 3000, len(TAGS), dtype=torch.bool)
    allowed[..., 0] = True
    loss = chain.loss(emissions, allowed, mask)
    loss.backward()
    assert torch.isfinite(loss.detach())
    assert chain.transitions.grad is not None
    assert torch.isfinite(chain.transitions.grad).all()
