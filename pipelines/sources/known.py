"""What the last closed night left of a source, and what that makes of the things it offers now. Pure.

A folder lists everything: its listing says what of it was taken. A feed keeps a state of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from pipelines.core.hashing import short_hash
from pipelines.sources.connectors import Connector, Item, Objects
from pipelines.sources.deliveries import Entry
from pipelines.sources.fetching import Fetched

#: key → [etag, terms, [[name, sha256, status] of each file of it]] of a source that lists everything each night.
Listing = dict[str, list[Any]]
NOTHING: list[Any] = ["", "", []]


class Landing(Objects, Protocol):
    """Where listings and states lie once their night is closed."""

    def exists(self, key: str) -> bool: ...


def state_name(connector: Connector) -> str:
    """Name of what is kept of a source: another place starts afresh."""
    return f"{connector.name}-{short_hash(connector.place)}"


def read_listing(landing: Landing, connector: Connector) -> Listing:
    """The listing that the last closed night left; an empty one where there is none."""
    key = f"listings/{state_name(connector)}.json"
    known: Listing = json.loads(landing.read(key)) if landing.exists(key) else {}
    return known


def read_state(landing: Landing, connector: Connector) -> bytes | None:
    """The state of a feed that the last closed night left."""
    key = f"listings/{state_name(connector)}.state"
    return landing.read(key) if landing.exists(key) else None


def is_unchanged(item: Item, known: Listing) -> bool:
    """True where the last closed night took it as it is now, under the same terms."""
    return bool(known.get(item.key, NOTHING)[:2] == [item.etag, item.terms])


def taken_before(item: Item, known: Listing) -> dict[str, str]:
    """Name → sha256 of the files of an item that need not be landed again."""
    before = known.get(item.key, NOTHING)
    return {name: sha for name, sha, status in before[2] if status != "quarantined"} if before[1] == item.terms else {}


def entries_of(connector: Connector, item: Item, known: Listing, found: Mapping[str, Fetched]) -> list[Entry]:
    """What stands in the manifest and the accounts of an item: fetched now, ignored, or as it was known."""
    if item.key in found:
        return list(found[item.key].entries)
    if item.is_ignored:
        return [Entry(connector.name, item.delivery, item.key, "", item.size, "ignored",
                      item.ref.get("why", "listed pattern"))]  # fmt: skip
    return [
        Entry(connector.name, item.delivery, name, sha256, 0, "ignored" if status == "ignored" else "unchanged")
        for name, sha256, status in known[item.key][2]
    ]


def listed(item: Item, known: Listing, found: Mapping[str, Fetched]) -> list[Any]:
    """The item in the listing that the next night starts from."""
    if item.key in found:
        return [item.etag, item.terms, [[e.name, e.raw_sha256, e.status] for e in found[item.key].entries]]
    return [item.etag, item.terms, [] if item.is_ignored else known[item.key][2]]
