"""A linear chain over tags in torch: loss with partial labels, Viterbi, marginals, IOB2 constraints."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: Added to the score of a forbidden tag or transition: far below any learnt score, and finite in float32.
FORBIDDEN = -1e4
_TINY = 1e-30


def forbidden_transitions(tags: Sequence[str]) -> tuple[list[list[bool]], list[bool]]:
    """(from tag, to tag) and first tags that IOB2 forbids: I-X only after B-X or I-X."""
    pairs = [[t[0] == "I" and f[1:] != t[1:] for t in tags] for f in tags]
    return pairs, [t[0] == "I" for t in tags]


class Chain(nn.Module):
    """Learnt transition and start scores over `tags`; all inputs are [batch, items, tags] with a mask [batch, items].

    Items of a text are contiguous from 0; every text has at least one.
    """

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__()
        self.tags = tuple(tags)
        self.transitions = nn.Parameter(torch.zeros(len(tags), len(tags)))
        self.start = nn.Parameter(torch.zeros(len(tags)))

    def _scores(self) -> tuple[Tensor, Tensor]:
        """Transition and start scores with the constraints; made anew, so that no buffer has to be stored."""
        pairs, first = forbidden_transitions(self.tags)
        device = self.transitions.device
        transitions = self.transitions.float().masked_fill(torch.tensor(pairs, device=device), FORBIDDEN)
        return transitions, self.start.float().masked_fill(torch.tensor(first, device=device), FORBIDDEN)

    def log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """log of the summed scores of all paths, [batch]."""
        transitions, start = self._scores()
        step = transitions.exp()
        alpha = start + emissions[:, 0]
        for t in range(1, emissions.shape[1]):
            top = alpha.amax(dim=1, keepdim=True).detach()
            moved = ((alpha - top).exp() @ step).clamp_min(_TINY).log() + top
            alpha = torch.where(mask[:, t, None], moved + emissions[:, t], alpha)
        return torch.logsumexp(alpha, dim=1)

    def loss(self, emissions: Tensor, allowed: Tensor, mask: Tensor) -> Tensor:
        """Minus the log probability of all paths that `allowed` [batch, items, tags] leaves, summed over the batch.

        With one tag allowed per item this is the plain CRF loss; where all are allowed an item carries none.
        """
        emissions = emissions.float()
        both = torch.cat([emissions, emissions.masked_fill(~allowed, FORBIDDEN)])
        all_paths, gold_paths = self.log_partition(both, torch.cat([mask, mask])).chunk(2)
        return (all_paths - gold_paths).sum()

    @torch.no_grad()
    def viterbi(self, emissions: Tensor, mask: Tensor) -> list[list[int]]:
        """The best path of each text."""
        transitions, start = self._scores()
        emissions = emissions.float()
        score = start + emissions[:, 0]
        back = []
        for t in range(1, emissions.shape[1]):
            best, arg = (score[:, :, None] + transitions).max(dim=1)
            keep = mask[:, t, None]
            back.append(torch.where(keep, arg, torch.arange(len(self.tags), device=arg.device)))
            score = torch.where(keep, best + emissions[:, t], score)
        path = [score.argmax(dim=1)]
        for arg in reversed(back):
            path.append(arg.gather(1, path[-1][:, None])[:, 0])
        stacked = torch.stack(path[::-1], dim=1).tolist()
        return [row[:n] for row, n in zip(stacked, mask.sum(dim=1).tolist(), strict=True)]

    @torch.no_grad()
    def marginals(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Probability of each tag at each item, [batch, items, tags]; 0 behind the end of a text."""
        transitions, start = self._scores()
        emissions, step = emissions.float(), transitions.exp()
        forward = [start + emissions[:, 0]]
        for t in range(1, emissions.shape[1]):
            top = forward[-1].amax(dim=1, keepdim=True)
            moved = ((forward[-1] - top).exp() @ step).clamp_min(_TINY).log() + top
            forward.append(torch.where(mask[:, t, None], moved + emissions[:, t], forward[-1]))
        beta = torch.zeros_like(forward[-1])
        out = [(forward[-1] + beta).softmax(dim=1)]
        for t in range(emissions.shape[1] - 2, -1, -1):
            ahead = beta + emissions[:, t + 1]
            top = ahead.amax(dim=1, keepdim=True)
            moved = ((ahead - top).exp() @ step.T).clamp_min(_TINY).log() + top
            beta = torch.where(mask[:, t + 1, None], moved, beta)
            out.append((forward[t] + beta).softmax(dim=1))
        return torch.stack(out[::-1], dim=1) * mask[:, :, None]
