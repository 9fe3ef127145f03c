"""What the training loop and the encoder tagger need of a network, whether compact or from a hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from pipelines.core.features import N_FIXED, hash_id, hashed_word
from pipelines.taggers.chain import Chain
from pipelines.taggers.compact import CompactConfig, CompactTaggerModel, register_compact

#: Columns of a batch for the n-grams and the hints of one word.
_GRAM_COLUMNS = 24
_HINT_COLUMNS = 8


@dataclass(frozen=True)
class Window:
    """A stretch of a text for one row of a batch."""

    words: tuple[str, ...]
    hints: tuple[tuple[str, ...], ...]


class Network(Protocol):
    """Emission scores per word for batches of windows, and the chain over them."""

    module: nn.Module
    chain: Chain
    limit: int
    overlap: int

    def costs(self, words: Sequence[str]) -> list[int]:
        """Units of the window limit that each word takes."""
        ...

    def encode(self, windows: Sequence[Window]) -> dict[str, Tensor]:
        """Tensors of a batch, on the CPU."""
        ...

    def emissions(self, batch: dict[str, Tensor]) -> Tensor:
        """[windows, words of the longest, tags]; `batch` on the module's device."""
        ...

    def save(self, folder: Path) -> None: ...


def device_of(module: nn.Module) -> torch.device:
    return next(module.parameters()).device


def make_readable(folder: Path) -> None:
    """safetensors writes files for the owner alone; a tagger's folder is read by other users of the home."""
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)


class CompactNetwork:
    """The compact encoder as a network; one word is one unit."""

    def __init__(self, model: CompactTaggerModel) -> None:
        self.module: nn.Module = model
        self._config = cast(CompactConfig, model.config)
        self.chain = model.chain
        self.limit = self._config.max_words
        self.overlap = self.limit // 3

    @classmethod
    def load(cls, folder: Path) -> CompactNetwork:
        register_compact()
        model = CompactTaggerModel.from_pretrained(folder, local_files_only=True)
        return cls(model.eval())

    def costs(self, words: Sequence[str]) -> list[int]:
        return [1] * len(words)

    def encode(self, windows: Sequence[Window]) -> dict[str, Tensor]:
        length = max(len(w.words) for w in windows)
        fixed = np.zeros((len(windows), length, N_FIXED), dtype=np.int64)
        grams = np.zeros((len(windows), length, _GRAM_COLUMNS), dtype=np.int64)
        hints = np.zeros((len(windows), length, _HINT_COLUMNS), dtype=np.int64)
        mask = np.zeros((len(windows), length), dtype=np.float32)
        for row, window in enumerate(windows):
            mask[row, : len(window.words)] = 1.0
            for i, word in enumerate(window.words):
                self._fill(word, fixed[row, i], grams[row, i])
            if self._config.hint_rows:
                self._fill_hints(window, hints[row])
        return {
            "fixed_ids": torch.from_numpy(fixed),
            "gram_ids": torch.from_numpy(grams),
            "hint_ids": torch.from_numpy(hints),
            "attention_mask": torch.from_numpy(mask),
        }

    def _fill(self, word: str, fixed: npt.NDArray[np.int64], grams: npt.NDArray[np.int64]) -> None:
        config = self._config
        ids, gram_ids = hashed_word(word, config.form_rows, config.part_rows, config.gram_rows)
        fixed[:] = ids
        grams[: len(gram_ids)] = gram_ids

    def _fill_hints(self, window: Window, hints: npt.NDArray[np.int64]) -> None:
        for i, own in enumerate(window.hints):
            for j, hint in enumerate(own[:_HINT_COLUMNS]):
                hints[i, j] = hash_id(hint, self._config.hint_rows)

    def emissions(self, batch: dict[str, Tensor]) -> Tensor:
        return cast(Tensor, self.module(**batch).logits)

    def save(self, folder: Path) -> None:
        register_compact()
        cast(CompactTaggerModel, self.module).save_pretrained(folder)
        make_readable(folder)
