"""A feed that is asked day by day: which days a night asks for, and what of them it has already.

A night asks for whole days only, those before its own date: what a provider changes on a day it may change again, and
then it stands under that day still. Days asked for before are asked again for as long as a provider may add to them;
what a night has already is left out by its etag. Pure.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipelines.errors import UsageError
from pipelines.sources.connectors import Changes, Item

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """`first_days`: days before the first night that it asks for; `overlap_days`: days asked for again;
    `max_days`: new days that one night asks for at most, the rest is left to the next."""

    first_days: int
    overlap_days: int
    max_days: int


@dataclass(frozen=True)
class Waiting:
    """One thing that is listed and not there: `name` to ask for it by, the nights that asked first and last."""

    name: str
    since: str
    asked: str


@dataclass(frozen=True)
class Feed:
    """Where a feed stands: `through` is the last day read (None: none yet), `seen` is key → (day, etag) of what the
    days hold that are asked for again, `waiting` what the provider lists and did not give yet."""

    through: dt.date | None = None
    seen: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)


def read_feed(state: bytes | None) -> Feed:
    """The state that the last closed night left; an empty feed where there is none."""
    if not state:
        return Feed()
    value = json.loads(state)
    return Feed(
        dt.date.fromisoformat(value["through"]), {k: (d, e) for k, (d, e) in value["seen"].items()},
        {k: Waiting(*found) for k, found in value.get("waiting", {}).items()},
    )  # fmt: skip


def dump_feed(feed: Feed) -> bytes:
    """A feed as `read_feed` reads it."""
    value: dict[str, object] = {"through": feed.through and feed.through.isoformat(), "seen": dict(feed.seen)}
    if feed.waiting:
        value["waiting"] = {k: (w.name, w.since, w.asked) for k, w in feed.waiting.items()}
    return json.dumps(value, sort_keys=True).encode()


def days_of(feed: Feed, night: dt.date, window: Window, *, only_recent: bool = False) -> list[dt.date]:
    """The days that `night` asks for, oldest first; none where they are read already. `only_recent`: no further back
    than a first night, however long ago the last one was."""
    if window.first_days < 1 or window.overlap_days < 0 or window.max_days < 1:
        raise UsageError(f"{window}: first_days and max_days must be at least 1, overlap_days at least 0")
    start = night - window.first_days * _DAY
    through = feed.through or start - _DAY
    if only_recent:
        through = max(through, start - _DAY)
    last = min(night - _DAY, through + window.max_days * _DAY)
    if last <= through:
        return []
    first = through + _DAY - (window.overlap_days if feed.through else 0) * _DAY
    return [first + i * _DAY for i in range((last - first).days + 1)]


def changes_of(
    feed: Feed, days: list[dt.date], window: Window, items: Iterable[tuple[dt.date, Item]], what: str
) -> tuple[list[Item], Feed, str]:
    """What is new of the items that the days hold, where the feed stands then, and a note. Of a key that several days
    hold the last counts. `what`: the items in words, for the note."""
    latest: dict[str, tuple[dt.date, Item]] = {}
    for day, item in items:
        latest.pop(item.key, None)
        latest[item.key] = (day, replace(item, etag=f"{day.isoformat()}-{item.etag}"))
    fresh = [item for _, item in latest.values() if feed.seen.get(item.key, ("", ""))[1] != item.etag]
    note = f"{what} of {days[0]} to {days[-1]}: {len(fresh)} new or changed, {len(latest) - len(fresh)} as before"
    oldest = days[-1] - window.overlap_days * _DAY
    seen = {k: (d.isoformat(), i.etag) for k, (d, i) in latest.items() if d > oldest}
    kept = {k: v for k, v in feed.seen.items() if v[0] > oldest.isoformat()}
    return fresh, Feed(days[-1], {**kept, **seen}, feed.waiting), note


def due(waiting: Mapping[str, Waiting], night: dt.date, most: int) -> list[str]:
    """Keys of what is waited for that a night asks for again: at most so many, the longest not asked first. What a
    night has asked for already, it does not ask for twice."""
    keys = sorted((w.asked, w.since, key) for key, w in waiting.items() if w.asked < night.isoformat())
    return [key for _, _, key in keys[:most]]


def nothing_new(feed: Feed, state: bytes | None) -> Changes:
    """No day to ask for: an older night, or the same night again. The state stays."""
    return Changes([], state=state or b"", notes=[f"read through {feed.through}, no whole day since"])
