"""The kind `encoder`: emissions of a network in overlapping windows, decoded as one chain over the whole text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from pipelines.core.tagging import Span
from pipelines.taggers.base import TaggerInput, TaggerMeta
from pipelines.taggers.hub import HubNetwork
from pipelines.taggers.network import CompactNetwork, Network, Window, device_of
from pipelines.taggers.prepare import Prepared, overlapping_windows, prepare, spans_of

#: Window units and chain items in one batch at prediction: bounds the memory, whatever the number of texts.
_BATCH_UNITS = 8192
_BATCH_ITEMS = 32768
#: Texts held at once.
_CHUNK_TEXTS = 512

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Job:
    """One window of text number `text` from word `low`; its scores count for words `keep` to `stop` - 1."""

    text: int
    low: int
    keep: int
    stop: int
    cost: int
    window: Window


def _batches_of(order: Sequence[int], sizes: Sequence[int], limit: int) -> Iterator[list[int]]:
    """Batches of consecutive indexes whose padded size (count times the largest) stays within `limit`."""
    batch: list[int] = []
    longest = 0
    for i in order:
        if batch and (len(batch) + 1) * max(longest, sizes[i]) > limit:
            yield batch
            batch, longest = [], 0
        batch.append(i)
        longest = max(longest, sizes[i])
    if batch:
        yield batch


class EncoderTagger:
    """A network with its meta. Predictions do not depend on how texts are batched (up to float rounding)."""

    def __init__(self, meta: TaggerMeta, network: Network) -> None:
        self.meta = meta
        self.network = network

    @classmethod
    def load(cls, folder: Path, meta: TaggerMeta) -> EncoderTagger:
        is_compact = meta.encoder == "compact"
        network: Network = CompactNetwork.load(folder) if is_compact else HubNetwork.load(folder, meta.tags)
        if torch.cuda.is_available():
            network.module.to("cuda")
        return cls(meta, network)

    def predict(self, texts: Sequence[TaggerInput]) -> list[list[Span]]:
        out: list[list[Span]] = []
        for low in range(0, len(texts), _CHUNK_TEXTS):
            chunk = texts[low : low + _CHUNK_TEXTS]
            out += self.predict_prepared([prepare(self.meta.task, t.text, t.context_spans) for t in chunk])
        return out

    @torch.inference_mode()
    def predict_prepared(self, texts: Sequence[Prepared]) -> list[list[Span]]:
        """Spans per prepared text; the module is left in evaluation mode."""
        self.network.module.eval()
        emissions = self._emissions(texts)
        out: list[list[Span]] = [[] for _ in texts]
        order = sorted((i for i, t in enumerate(texts) if t.items), key=lambda i: len(texts[i].items))
        for batch in _batches_of(order, [len(t.items) for t in texts], _BATCH_ITEMS):
            for i, (tags, scores) in zip(batch, self._decode([emissions[i] for i in batch]), strict=True):
                out[i] = spans_of(self.meta.task, texts[i], tags, scores)
        return out

    def _emissions(self, texts: Sequence[Prepared]) -> list[Scores]:
        """Emission scores of the items of each text, [items, tags]."""
        jobs = [job for i, text in enumerate(texts) if text.items for job in self._jobs(i, text)]
        jobs.sort(key=lambda job: job.cost)
        found = [np.zeros((len(t.words), len(self.meta.tags)), dtype=np.float32) for t in texts]
        device = device_of(self.network.module)
        for batch in _batches_of(range(len(jobs)), [j.cost for j in jobs], _BATCH_UNITS):
            encoded = self.network.encode([jobs[j].window for j in batch])
            scores = self.network.emissions({k: v.to(device) for k, v in encoded.items()}).float().cpu().numpy()
            for row, job in zip(scores, (jobs[j] for j in batch), strict=True):
                found[job.text][job.keep : job.stop] = row[job.keep - job.low : job.stop - job.low]
        return [scores[list(t.items)] for scores, t in zip(found, texts, strict=True)]

    def _jobs(self, index: int, text: Prepared) -> Iterator[_Job]:
        """Windows over a text; of an overlap each side counts one half, where it stands further from its border."""
        costs = self.network.costs(text.words)
        windows = overlapping_windows(costs, self.network.limit, self.network.overlap)
        for k, (low, high) in enumerate(windows):
            keep = low if k == 0 else (low + windows[k - 1][1]) // 2
            stop = high if k + 1 == len(windows) else (windows[k + 1][0] + high) // 2
            window = Window(text.words[low:high], text.hints[low:high])
            yield _Job(index, low, keep, stop, sum(costs[low:high]), window)

    def _decode(self, emissions: Sequence[Scores]) -> list[tuple[list[str], list[float]]]:
        device = device_of(self.network.module)
        length = max(map(len, emissions))
        padded = torch.zeros(len(emissions), length, len(self.meta.tags), device=device)
        mask = torch.zeros(len(emissions), length, dtype=torch.bool, device=device)
        for row, scores in enumerate(emissions):
            padded[row, : len(scores)] = torch.from_numpy(scores).to(device)
            mask[row, : len(scores)] = True
        paths = self.network.chain.viterbi(padded, mask)
        marginals = self.network.chain.marginals(padded, mask).cpu().numpy()
        tags = self.meta.tags
        return [
            ([tags[t] for t in path], [float(marginals[row, i, t]) for i, t in enumerate(path)])
            for row, path in enumerate(paths)
        ]
