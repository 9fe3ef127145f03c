"""Fetching what a source offers: several items at once, results in the order asked, and a journal so that a pull that
was killed goes on with what it has landed."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from pipelines.core.hashing import canonical_json, sha256_bytes
from pipelines.core.records import Reason, Rejection
from pipelines.errors import TransientError
from pipelines.settings import now
from pipelines.sources.archives import IgnoredMember
from pipelines.sources.connectors import BEING_REPLACED, NOT_THERE, Changes, Connector, Item, Objects, printable
from pipelines.sources.deliveries import DELIVERY_FILE, Entry, states_deletions

_CHUNK, _CHUNK_S = 20, 2.0
_AHEAD = 4  # items begun per worker before the first of them is taken
_FEW = 5  # items that may all fail in one night without the provider being doubted
_DESCRIPTION = "the description of its delivery"


class Store(Objects, Protocol):
    """Where the journal lies."""

    def write(self, key: str, data: bytes) -> None: ...


@dataclass(frozen=True)
class Fetched:
    """What came of one item: its entries, and the text of the delivery.toml that an archive held."""

    entries: tuple[Entry, ...]
    description: bytes | None = None


def land_item(connector: Connector, item: Item, old: Mapping[str, str], put: Callable[[bytes], str]) -> Fetched:
    """Fetch one item and land what is new of it; `old` is name → sha256 of what the last closed night took of it, `put`
    stores bytes and returns their sha256.

    Under another description nothing of an archive is old: the same bytes then say something else.
    """
    entries, description, described = [], None, {}
    for raw_name, data in connector.fetch(item):
        name = printable(raw_name)
        entry = Entry(connector.name, item.delivery, name, "", 0, "valid", key=item.key, etag=item.etag,
                      url=item.ref.get("url", ""), fetched_at=now())  # fmt: skip
        if isinstance(data, IgnoredMember):
            entries.append(replace(entry, status="ignored", reason=data.why, size=data.size))
        elif isinstance(data, Rejection):
            entries.append(replace(entry, status="quarantined", reason=str(data.reason), message=data.message))
        elif _describes(name):
            description = data if description is None else description
            described[name] = sha256_bytes(data)
            if states_deletions(name, data):
                entries.append(replace(entry, raw_sha256=put(data), size=len(data)))
                continue
            entries.append(replace(entry, status="ignored", reason=_DESCRIPTION, raw_sha256=put(data), size=len(data)))
        elif old.get(name) == sha256_bytes(data):
            entries.append(replace(entry, status="unchanged", raw_sha256=old[name], size=len(data)))
        else:
            entries.append(replace(entry, raw_sha256=put(data), size=len(data)))
    if any(e.status == "unchanged" for e in entries) and described != {n: s for n, s in old.items() if _describes(n)}:
        return land_item(connector, item, {}, put)
    return Fetched(tuple(entries), description)


def _describes(name: str) -> bool:
    return name.rsplit("/", 1)[-1].rsplit("!", 1)[-1] == DELIVERY_FILE


def land_vanished(connector: Connector, item: Item, put: Callable[[bytes], str]) -> Entry:
    """What a provider withdrew is a small record of its own, so that it is parsed, traced and counted like a file."""
    record = {"nightcap": "vanished", "source": connector.name, "key": item.key, **item.ref}
    data = canonical_json(record).encode()
    entry = Entry(connector.name, item.delivery, f"vanished/{item.key}", put(data), len(data), "valid")
    return replace(entry, key=item.key, etag=item.etag)


def find_unread(changes: Changes, found: Mapping[str, Fetched], name: str) -> set[str]:
    """Keys of items that the provider was about to give, so that a later night asks again; what it refuses is not
    among them.

    Errors: TransientError where nothing that was asked for the first time could be read, and that was more than a few:
    then it is the provider that has changed.
    """
    again = {i.key for i in changes.items if i.is_again}
    failed = {k: bad for k, f in found.items() if k not in again and (bad := [e for e in f.entries if _is_unread(e)])}
    n_read = sum(all(_is_read(e) for e in f.entries) for f in found.values())
    if len(failed) >= _FEW and not n_read and not changes.is_complete:
        first = next(iter(failed.values()))[0]
        raise TransientError(
            f"{name}: none of the {len(failed)} articles asked for could be read, the first {first.url or first.name}: "
            f"{first.message or first.reason}; look at the provider's site, the next run or night asks again"
        )
    return {k for k, f in found.items() if any(_is_coming(e) for e in f.entries)}


def _is_coming(entry: Entry) -> bool:
    return entry.reason == NOT_THERE or entry.message == BEING_REPLACED


def _is_read(entry: Entry) -> bool:
    """True for what came, though its content may be of no interest (a filter left it out)."""
    return entry.status in ("valid", "unchanged") or (entry.status == "ignored" and entry.size > 0)


def _is_unread(entry: Entry) -> bool:
    return entry.reason == (NOT_THERE if entry.status == "ignored" else Reason.UNREADABLE)


class Journal:
    """What a pull has fetched and landed so far, below one prefix of staging, in chunks of many items.

    A chunk is written for every 20 items or two seconds, so that a kill loses no more than that; what was landed and
    not yet noted is fetched again, and what the provider did not give is never noted.
    """

    def __init__(self, store: Store, prefix: str) -> None:
        self._store, self._prefix = store, prefix
        self._done: dict[tuple[str, str, str], Fetched] = {}
        self._lines: list[str] = []
        self._flushed_at = time.monotonic()
        chunks = [o.key for o in store.iter_objects(prefix)]
        for key in chunks:
            for line in store.read(key).decode().splitlines():
                self._read(json.loads(line))
        self._n_chunks = len(chunks)

    def _read(self, row: dict[str, object]) -> None:
        entries, text = row["entries"], row["description"]
        assert isinstance(entries, list)
        description = None if text is None else str(text).encode("latin-1")
        fetched = Fetched(tuple(Entry(**e) for e in entries), description)
        self._done[str(row["key"]), str(row["etag"]), str(row["terms"])] = fetched

    def get(self, item: Item) -> Fetched | None:
        return self._done.get((item.key, item.etag, item.terms))

    def add(self, item: Item, fetched: Fetched) -> None:
        text = None if fetched.description is None else fetched.description.decode("latin-1")
        self._lines.append(canonical_json({
            "key": item.key, "etag": item.etag, "terms": item.terms, "description": text,
            "entries": [e.to_dict() for e in fetched.entries],
        }))  # fmt: skip
        if len(self._lines) >= _CHUNK or time.monotonic() - self._flushed_at >= _CHUNK_S:
            self.flush()

    def flush(self) -> None:
        if self._lines:
            key = f"{self._prefix}{self._n_chunks:06d}.jsonl"
            self._store.write(key, "".join(line + "\n" for line in self._lines).encode())
            self._n_chunks, self._lines = self._n_chunks + 1, []
        self._flushed_at = time.monotonic()


def iter_fetched(
    items: Iterable[Item], fetch: Callable[[Item], Fetched], journal: Journal, workers: int
) -> Iterator[tuple[Item, Fetched]]:
    """Each item with what came of it, in the order given, `workers` at once; what the journal holds is not fetched.

    Errors: what `fetch` raises; what was landed until then is noted.
    """
    waiting: deque[tuple[Item, Fetched | Future[Fetched]]] = deque()
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="pull")
    try:
        for item in items:
            waiting.append((item, journal.get(item) or pool.submit(fetch, item)))
            if len(waiting) >= workers * _AHEAD:
                yield _take(waiting, journal)
        while waiting:
            yield _take(waiting, journal)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        journal.flush()


def _take(waiting: deque[tuple[Item, Fetched | Future[Fetched]]], journal: Journal) -> tuple[Item, Fetched]:
    item, found = waiting.popleft()
    if isinstance(found, Fetched):
        return item, found
    fetched = found.result()
    if not any(_is_unread(e) for e in fetched.entries):
        journal.add(item, fetched)
    return item, fetched
