"""Training windows with their gold, and batches of them in an order that depends on seed and epoch alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from pipelines.taggers.base import tags_of
from pipelines.taggers.bundle import Example
from pipelines.taggers.network import Network, Window
from pipelines.taggers.prepare import ANY, OUTSIDE_OR_OPEN, Prepared, cut_points, gold_tags, gold_targets, prepare

#: Windows sorted by length in pools of this many batches: little padding, and still another mixture every epoch.
_POOL = 32


@dataclass(frozen=True)
class TrainingWindow:
    """A window with its items (word indexes), their targets (see `gold_targets`) and the tags that are open in it."""

    window: Window
    items: tuple[int, ...]
    targets: tuple[int, ...]
    open_tags: tuple[int, ...]
    cost: int


def training_windows(
    task: str, examples: Sequence[Example], labels: Sequence[str], network: Network
) -> list[TrainingWindow]:
    """All examples cut at sentence ends into windows that the network can read; windows without any gold left out."""
    out = []
    for example in examples:
        prepared = prepare(task, example.text, example.context_spans)
        if prepared.items:
            out += _windows_of(task, example, prepared, labels=labels, network=network)
    return out


def _windows_of(
    task: str, example: Example, prepared: Prepared, *, labels: Sequence[str], network: Network
) -> list[TrainingWindow]:
    tags = tags_of(task, labels)
    spans = [s for s in example.spans if s.label in labels]
    open_types = set(labels) - set(example.annotated_types) if task == "ner" and example.annotated_types else set()
    targets = gold_targets(
        task, prepared, spans, tags=tags, unlabelled=example.unlabelled, has_open_types=bool(open_types)
    )
    open_tags = tuple(i for i, tag in enumerate(tags) if tag[2:] in open_types)
    costs = network.costs(prepared.words)
    bound = [False] * len(prepared.words)
    for item, tag in zip(prepared.items, gold_tags(task, prepared, spans), strict=True):
        bound[item] = tag[0] == "I"
    borders = cut_points(prepared.words, costs, network.limit, bound)
    out = []
    for low, high in pairwise(borders):
        inside = [k for k, item in enumerate(prepared.items) if low <= item < high]
        if any(targets[k] != ANY for k in inside):
            window = Window(prepared.words[low:high], prepared.hints[low:high])
            items = tuple(prepared.items[k] - low for k in inside)
            own = [targets[k] for k in inside]
            if bound[low]:  # cut inside an entity longer than a window: an I- can't come first
                own[0] = ANY
            out.append(TrainingWindow(window, items, tuple(own), open_tags, sum(costs[low:high])))
    return out


def epoch_batches(costs: Sequence[int], units: int, seed: int, epoch: int) -> list[list[int]]:
    """Indexes of windows per batch; padded size at most `units` (a longer window is a batch of its own)."""
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(len(costs)).tolist()
    pool = max(1, _POOL * units // max(1, max(costs, default=1)))
    batches: list[list[int]] = []
    for low in range(0, len(order), pool):
        batch: list[int] = []
        for i in sorted(order[low : low + pool], key=lambda i: (costs[i], i)):
            if batch and (len(batch) + 1) * costs[i] > units:
                batches.append(batch)
                batch = []
            batch.append(i)
        batches.append(batch)
    return [batches[i] for i in rng.permutation(len(batches)).tolist()]


def gold_tensors(windows: Sequence[TrainingWindow], n_tags: int) -> tuple[Tensor, Tensor, Tensor]:
    """(items [batch, n], allowed [batch, n, tags], mask [batch, n]) of a batch."""
    n = max(len(w.items) for w in windows)
    items = np.zeros((len(windows), n), dtype=np.int64)
    allowed = np.zeros((len(windows), n, n_tags), dtype=bool)
    mask = np.zeros((len(windows), n), dtype=bool)
    for row, window in enumerate(windows):
        items[row, : len(window.items)] = window.items
        mask[row, : len(window.items)] = True
        for i, target in enumerate(window.targets):
            if target == ANY:
                allowed[row, i] = True
            elif target == OUTSIDE_OR_OPEN:
                allowed[row, i, [0, *window.open_tags]] = True
            else:
                allowed[row, i, target] = True
    return torch.from_numpy(items), torch.from_numpy(allowed), torch.from_numpy(mask)
