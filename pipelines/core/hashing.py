"""Content hashes: one canonical form, so that equal records have equal hashes on every machine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any


def sha256_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_text(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space; dataclasses, tuples and dates become plain values."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(value: Any) -> str:
    """sha256 of the canonical JSON."""
    return sha256_text(canonical_json(value))


def purge_hash(name: str) -> str:
    """How a purge remembers the name of a document: so that it can be recognised, not read."""
    return sha256_text(f"nightcap:purged:{name}")


def short_hash(*parts: object) -> str:
    """First 16 hex digits of the sha256 over the parts: for ids of rows."""
    return content_hash([None if p is None else str(p) for p in parts])[:16]
