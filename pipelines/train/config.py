"""Hyperparameters: read from `config/tasks/<task>.toml`, checked, frozen."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from typing import Any, TypeVar

from pipelines.errors import UsageError


@dataclass(frozen=True)
class CrfConfig:
    """L-BFGS of crfsuite: penalties, iterations, and the least count of a feature."""

    c1: float
    c2: float
    iterations: int
    min_count: int
    augment_share: float


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the compact encoder (ignored for a hub encoder), and the loop.

    `batch_units` are words (compact) or pieces (hub) in a batch; `budget_s` is wall time within which the epochs
    are planned (0: no limit); `augment_share` is the share of training legends that get a title before
    them, and of panelization's that get another style of markers; `threads` 0 leaves torch's own.
    """

    hub_name: str
    form_rows: int
    part_rows: int
    gram_rows: int
    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    max_words: int
    dropout: float
    word_dropout: float
    epochs: int
    patience: int
    learning_rate: float
    hub_learning_rate: float
    weight_decay: float
    warmup: float
    batch_units: int
    augment_share: float
    checkpoint_s: float
    budget_s: float
    threads: int


_Config = TypeVar("_Config", CrfConfig, EncoderConfig)


def load_task_config(task: str, profile: str) -> dict[str, dict[str, Any]]:
    """The tables `crf`, `encoder` and `data` of a profile (demo or nightly) of a task, as plain values for bundle.json.

    `data.auxiliary` lists the maps of labels whose auxiliary deliveries the task learns from, too; none by default.
    """
    path = resources.files("pipelines") / "config" / "tasks" / f"{task}.toml"
    profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    if profile not in profiles:
        raise UsageError(f"config/tasks/{task}.toml has no profile {profile!r}; it has {', '.join(profiles)}")
    return dict(profiles[profile])


def config_of(cls: type[_Config], raw: Mapping[str, Any]) -> _Config:
    """A config object of exactly its keys; a missing or unknown key is a UsageError that names it."""
    wanted = {f.name: f.type for f in fields(cls)}
    if missing := sorted(set(wanted) - set(raw)):
        raise UsageError(f"task config lacks {', '.join(missing)}")
    if unknown := sorted(set(raw) - set(wanted)):
        raise UsageError(f"task config has unknown keys {', '.join(unknown)}")
    convert = {"int": int, "float": float, "str": str}
    return cls(**{name: convert[str(kind)](raw[name]) for name, kind in wanted.items()})
