"""Encoders from a hub or a path: word pieces below, words above, the same chain on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModelForTokenClassification, AutoTokenizer

from pipelines.core.features import MENTION
from pipelines.taggers.chain import Chain
from pipelines.taggers.network import Window, device_of, make_readable

_CHAIN_FILE = "chain.safetensors"
#: Pieces of one word that are read; a "word" of thousands of letters would not fit any window.
_MAX_PIECES = 32
_ASK_SECONDS = 5.0


@dataclass(frozen=True)
class ResolvedEncoder:
    """Which encoder a training uses, and why: said aloud and stored."""

    name: str
    reason: str

    @property
    def is_compact(self) -> bool:
        return self.name == "compact"


def has_gpu() -> bool:
    return bool(torch.cuda.is_available())


def resolve_encoder(requested: str, hub_name: str, *, has_gpu: bool, may_ask_hub: bool) -> ResolvedEncoder:
    """`auto` means: the hub name where there is a GPU and the name is cached or reachable (asked once), else compact.
    Anything else is what was asked for."""
    if requested != "auto":
        return ResolvedEncoder(requested, "as configured")
    if not hub_name:
        return ResolvedEncoder("compact", "no hub encoder is configured for the task")
    if not has_gpu:
        return ResolvedEncoder("compact", "no GPU here")
    if is_cached(hub_name):
        return ResolvedEncoder(hub_name, "GPU, and the encoder is in the local cache")
    if may_ask_hub and is_reachable(hub_name):
        return ResolvedEncoder(hub_name, "GPU, and the hub answers")
    return ResolvedEncoder("compact", f"GPU, but {hub_name} is neither cached nor reachable")


def is_cached(name: str) -> bool:
    """True for a folder with a config, or a name in the local hub cache."""
    if (Path(name) / "config.json").is_file():
        return True
    from huggingface_hub import try_to_load_from_cache

    try:
        return isinstance(try_to_load_from_cache(name, "config.json"), str)
    except ValueError:
        return False


def is_reachable(name: str) -> bool:
    """True where the hub knows the name; one short question, any failure means no."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        HfApi().model_info(name, timeout=_ASK_SECONDS)
    except (HfHubHTTPError, OSError, ValueError):
        return False
    return True


class HubNetwork:
    """A transformers token classifier; a word's scores are those of its first piece. One piece is one unit."""

    def __init__(self, model: Any, tokenizer: Any, chain: Chain) -> None:
        self._model, self._tokenizer = model, tokenizer
        self.chain = chain
        self.module: nn.Module = nn.ModuleDict({"model": model, "chain": chain})
        longest = min(512, getattr(model.config, "max_position_embeddings", 512))
        self.limit = longest - 4
        self.overlap = self.limit // 4
        self._pieces: dict[str, list[int]] = {}

    @classmethod
    def start(cls, name: str, tags: Sequence[str], *, local_only: bool) -> HubNetwork:
        """A fresh head on the encoder `name` (hub name or path)."""
        labels = dict(enumerate(tags))
        model = AutoModelForTokenClassification.from_pretrained(
            name, num_labels=len(tags), id2label=labels, label2id={t: i for i, t in labels.items()},
            ignore_mismatched_sizes=True, local_files_only=local_only, use_safetensors=True,
        )  # fmt: skip
        return cls(model, AutoTokenizer.from_pretrained(name, local_files_only=local_only), Chain(tags))

    @classmethod
    def load(cls, folder: Path, tags: Sequence[str]) -> HubNetwork:
        model = AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        chain = Chain(tags)
        chain.load_state_dict(load_file(folder / _CHAIN_FILE))
        network = cls(model, AutoTokenizer.from_pretrained(folder, local_files_only=True), chain)
        network.module.eval()
        return network

    def save(self, folder: Path) -> None:
        self._model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        save_file({k: v.contiguous() for k, v in self.chain.state_dict().items()}, folder / _CHAIN_FILE)
        make_readable(folder)

    def _pieces_of(self, words: Sequence[str]) -> list[list[int]]:
        """Piece ids per word, at least one: words without pieces (zero-width characters) are the unknown piece."""
        missing = sorted({w for w in words if w not in self._pieces})
        plain = [w for w in missing if w != MENTION]
        if plain:
            ids = self._tokenizer([" " + w for w in plain], add_special_tokens=False)["input_ids"]
            self._pieces.update({w: i[:_MAX_PIECES] or [self._unknown] for w, i in zip(plain, ids, strict=True)})
        if MENTION in missing:
            mask = self._tokenizer.mask_token_id
            self._pieces[MENTION] = [self._unknown if mask is None else mask]
        return [self._pieces[w] for w in words]

    @property
    def _unknown(self) -> int:
        unknown = self._tokenizer.unk_token_id
        return int(self._tokenizer.pad_token_id if unknown is None else unknown)

    def costs(self, words: Sequence[str]) -> list[int]:
        return [len(p) for p in self._pieces_of(words)]

    def _ends(self) -> tuple[list[int], list[int]]:
        tokenizer = self._tokenizer
        first = tokenizer.cls_token_id if tokenizer.cls_token_id is not None else tokenizer.bos_token_id
        last = tokenizer.sep_token_id if tokenizer.sep_token_id is not None else tokenizer.eos_token_id
        return [first] if first is not None else [], [last] if last is not None else []

    def encode(self, windows: Sequence[Window]) -> dict[str, Tensor]:
        head, tail = self._ends()
        rows, firsts = [], []
        for window in windows:
            row, first = list(head), []
            for pieces in self._pieces_of(window.words):
                first.append(len(row))
                row += pieces
            rows.append(row + tail)
            firsts.append(first)
        width, length = max(map(len, rows)), max(map(len, firsts))
        pad = self._tokenizer.pad_token_id or 0
        return {
            "input_ids": torch.tensor([r + [pad] * (width - len(r)) for r in rows]),
            "attention_mask": torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows]),
            "first_pieces": torch.tensor([f + [0] * (length - len(f)) for f in firsts]),
        }

    def emissions(self, batch: dict[str, Tensor]) -> Tensor:
        is_gpu = device_of(self.module).type == "cuda"
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=is_gpu):
            logits = self._model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        index = batch["first_pieces"][..., None].expand(-1, -1, logits.shape[-1])
        return cast(Tensor, logits.float().gather(1, index))
