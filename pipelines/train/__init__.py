"""Stage train: which tasks are due, and their taggers trained from a bundle folder. No service is needed for that."""

from __future__ import annotations

from pipelines.train.fingerprint import TRAIN_VERSION, fingerprint, fingerprint_inputs
from pipelines.train.task import default_kinds, resolve_info, train_task

__all__ = ["TRAIN_VERSION", "default_kinds", "fingerprint", "fingerprint_inputs", "resolve_info", "train_task"]
