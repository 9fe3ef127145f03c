"""The manifests of a night: one JSON line per file, then its deliveries, then the sources that are missing. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.core.hashing import canonical_json
from pipelines.sources.connectors import Objects
from pipelines.sources.deliveries import Entry


def manifest_keys(landing: Objects, night: object) -> list[str]:
    """Keys of a night's manifests in their order."""
    found = [o.key for o in landing.iter_objects(f"nights/{night}/manifest-")]
    return sorted(found, key=manifest_number)


def manifest_number(key: str) -> int:
    """Which run of its night a manifest is of."""
    return int(re.findall(r"manifest-(\d+)", key)[-1])


def read_manifest(landing: Objects, key: str) -> dict[str, Any]:
    """{"entries": [...], "deliveries": [...], "sources_missing": {source: why}} of a manifest."""
    out: dict[str, Any] = {"entries": [], "deliveries": [], "sources_missing": {}}
    for line in landing.read(key).decode().splitlines():
        row = json.loads(line)
        kind = row.pop("row")
        if kind == "missing":
            out["sources_missing"][row["source"]] = row["why"]
        else:
            out["entries" if kind == "file" else "deliveries"].append(row)
    return out


def manifest_text(
    entries: Iterable[Entry], deliveries: Iterable[Mapping[str, object]], missing: Mapping[str, str]
) -> str:
    """A manifest; files that are unchanged stand in the accounts only."""
    rows = [{"row": "file", **e.to_dict()} for e in entries if e.status != "unchanged"]
    rows += [{"row": "delivery", **d} for d in deliveries]
    rows += [{"row": "missing", "source": s, "why": why} for s, why in missing.items()]
    return "".join(canonical_json(row) + "\n" for row in rows)


def count_deliveries(landing: Objects, night: object, before: int, source: str) -> int:
    """Deliveries of a source in the earlier runs of a night: the ids of this one go on from there."""
    keys = [k for k in manifest_keys(landing, night) if manifest_number(k) < before]
    return sum(1 for k in keys for d in read_manifest(landing, k)["deliveries"] if d["source"] == source)
