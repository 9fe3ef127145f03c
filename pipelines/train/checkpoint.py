"""Checkpoints of a training: one safetensors file, replaced by rename, with the progress in its header."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

_FILE = "checkpoint.safetensors"


@dataclass
class Progress:
    """Where a training stands: `step` batches of `epoch` are done. `history` has one entry a finished epoch;
    `planned_epochs` are those that the budget holds, as far as is known (0: nothing known yet)."""

    fingerprint: str
    epoch: int = 0
    step: int = 0
    planned_epochs: int = 0
    best_epoch: int = -1
    best_f1: float = -1.0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{i}.{name}": t.contiguous() for i, own in state.items() for name, t in own.items()}


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, number, name = key.split(".", 2)
            state.setdefault(int(number), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _plain_state(module: nn.Module) -> dict[str, Tensor]:
    return {k: v.detach().cpu().contiguous().clone() for k, v in module.state_dict().items()}


def save_weights(module: nn.Module, path: Path) -> None:
    """Weights of a module by way of a temporary file."""
    partial = path.with_name(path.name + ".part")
    save_file(_plain_state(module), partial)
    os.replace(partial, path)


def load_weights(module: nn.Module, path: Path) -> None:
    module.load_state_dict(load_file(path))


def save_checkpoint(
    folder: Path, module: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:  # fmt: skip
    """Everything that the rest of the training depends on: weights, moments, random state, progress."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"module.{k}": v for k, v in _plain_state(module).items()}
    tensors.update(_optimizer_tensors(optimizer))
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    partial = folder / (_FILE + ".part")
    save_file(tensors, partial, metadata={"progress": json.dumps(asdict(progress))})
    os.replace(partial, folder / _FILE)


def load_checkpoint(
    folder: Path, module: nn.Module, optimizer: torch.optim.Optimizer, fingerprint: str
) -> Progress | None:
    """Restores a training; None (and nothing restored) where there is no readable checkpoint of this fingerprint."""
    path = folder / _FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as stream:
            raw = json.loads(stream.metadata()["progress"])
    except SafetensorError:
        return None
    if set(raw) != {f.name for f in fields(Progress)} or raw["fingerprint"] != fingerprint:
        return None
    progress = Progress(**raw)
    tensors = load_file(path)
    module.load_state_dict({k[7:]: v for k, v in tensors.items() if k.startswith("module.")})
    _restore_optimizer(optimizer, tensors)
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random.cuda"])
    return progress
