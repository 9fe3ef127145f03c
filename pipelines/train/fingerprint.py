"""Model identity: what a training depends on, and the hash of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pipelines.core.features import FEATURE_VERSION, SPLITTER_VERSION
from pipelines.core.hashing import content_hash
from pipelines.core.panels import RULE_VERSION
from pipelines.taggers.bundle import BundleInfo

#: Version of the training code, raised by hand with any change that gives other weights from the same inputs.
TRAIN_VERSION = 1
#: Settings that do not change the weights.
_WITHOUT_EFFECT = frozenset({"checkpoint_s", "hub_name"})


def _weights_hash(encoder: str) -> str:
    """`random` for a cold start, the sha256 of the weights for a path, else the hub name as it is."""
    if encoder == "compact":
        return "random"
    weights = Path(encoder) / "model.safetensors"
    if not weights.is_file():
        return encoder
    digest = hashlib.sha256()
    with weights.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fingerprint_inputs(info: BundleInfo, kind: str) -> Mapping[str, object]:
    """All that the weights of one kind depend on, by name. The encoder must be resolved (not `auto`)."""
    is_encoder = kind == "encoder"
    auxiliary = list(info.config.get("data", {}).get("auxiliary", ()))
    return {
        **({"auxiliary": auxiliary} if auxiliary else {}),
        "task": info.task,
        "kind": kind,
        "labels": list(info.labels),
        "corpus_md5": info.corpus_md5,
        "config": {k: v for k, v in info.config.get(kind, {}).items() if k not in _WITHOUT_EFFECT},
        "seed": info.seed,
        "initial_weights": _weights_hash(info.encoder) if is_encoder else "none",
        "parent": None,
        "train_version": TRAIN_VERSION,
        "feature_version": FEATURE_VERSION,
        "splitter_version": SPLITTER_VERSION,
        "rule_version": RULE_VERSION if info.task == "panelization" else None,
    }


def fingerprint(info: BundleInfo, kind: str) -> str:
    """sha256 of the inputs: equal inputs, equal model."""
    return content_hash(fingerprint_inputs(info, kind))
