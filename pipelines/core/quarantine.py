"""Rows of the quarantine: every stage that rejects or warns writes them alike. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipelines.core.hashing import short_hash


def issue_row(night: str, row: Mapping[str, Any], locator: str) -> dict[str, object]:
    """A rejected unit with an id that is the same on every night; `locator` tells those alike in one file apart."""
    source, unit, reason, name = (str(row[c]) for c in ("source", "unit", "reason", "name"))
    payload = row.get("payload") or {}
    return {
        "issue_id": short_hash(source, unit, reason, name, locator), "night": night, "source": source, "unit": unit,
        "reason": reason, "message": str(row["message"]), "name": name, "locator": locator,
        "delivery_id": str(row.get("delivery_id") or ""), "raw_sha256": str(row.get("raw_sha256") or ""),
        "rule": str(row.get("rule") or "parse"), "rule_version": str(row.get("rule_version") or ""),
        "payload": payload if isinstance(payload, str) else json.dumps(payload, sort_keys=True, default=str),
    }  # fmt: skip
