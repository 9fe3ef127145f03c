"""Split membership by hash: it depends on the document alone and never moves."""

from __future__ import annotations

from pipelines.core.hashing import sha256_text
from pipelines.core.text import fold

SPLIT_VERSION = 1
#: Least number of words of a legend that, shared with a dev or test document, keeps a document out of training.
LEAK_WORDS = 8
_STRICTNESS = {"train": 0, "dev": 1, "test": 2}


def bucket_of(doc_id: str) -> int:
    """0 to 99, from the first 8 hex digits of sha256("nightcap:split:1:" + doc_id)."""
    return int(sha256_text(f"nightcap:split:{SPLIT_VERSION}:{doc_id}")[:8], 16) % 100


def split_of(doc_id: str) -> str:
    """Below 80 train, below 85 dev, else test."""
    bucket = bucket_of(doc_id)
    return "train" if bucket < 80 else "dev" if bucket < 85 else "test"


def leak_hash(legend: str | None) -> str | None:
    """Hash under which equal legends meet, None for one of fewer than eight words."""
    text = " ".join(fold(legend or "").split())
    return sha256_text(text) if len(text.split()) >= LEAK_WORDS else None


def stricter(a: str, b: str) -> str:
    """Of two splits the one that holds where two documents prove to be one: test, dev, train."""
    return max(a, b, key=_STRICTNESS.__getitem__)
