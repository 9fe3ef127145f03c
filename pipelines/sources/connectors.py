"""What every source looks like to pull: a connector that says what is new and gives its bytes.

A connector is a pure module: its store or HTTP client is handed to it, and `sources/step.py` owns everything else
(landing, the manifest, resuming, accounts, deliveries, state that becomes final only when its night closes).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipelines.core.records import Rejection
from pipelines.sources.archives import IgnoredMember
from pipelines.sources.deliveries import DeliveryInfo

#: Progress of long work: called with (done, total, what).
Progress = Callable[[int, int, str], None]
#: (name unique in the source, raw bytes or why there are none) of one thing that an item holds.
Part = tuple[str, bytes | Rejection | IgnoredMember]
#: Why a part is ignored that the provider lists and answers with 404, so far: a later night asks again.
NOT_THERE = "the provider lists it and answers 404: it is asked for again"
#: What is said of a part that is there and about to be another: a later night asks again.
BEING_REPLACED = "other bytes than its metadata state: it is being replaced, a later night brings it"


@dataclass(frozen=True)
class Item:
    """One thing that a source offers: a file, an object, an article version, a curated figure.

    `key` is unique in the source and printable; `etag` changes when the content does; `size` is in bytes, 0 where it is
    not known; `delivery` is "." where all of a night is one delivery; `terms` is a hash of what else decides what comes
    of it (the delivery's description, settings); `ref` is what `fetch` needs beside the key (url, version, …),
    and the `why` of an item that is ignored for another reason than a listed pattern; `is_again`: an earlier night has
    asked for it in vain.
    """

    key: str
    etag: str
    size: int = 0
    delivery: str = "."
    terms: str = ""
    is_ignored: bool = False
    ref: Mapping[str, str] = field(default_factory=dict)
    is_again: bool = False


@dataclass
class Changes:
    """What a source says since the night that closed last.

    `items` in a stable order: everything there is where `is_complete` (a folder: pull itself compares it with what the
    last closed night took), else what is new or changed. `vanished` is what the provider withdrew since: each becomes a
    small JSON record in landing, with the item's `ref` in it. `state` is kept when the night closes and handed to
    `changes` then; `state_without` gives it with these items (by key) to be asked for again, for the provider was about
    to give them; None where a source cannot.
    `notes` are said in the step's message. `descriptions`: delivery → text of its delivery.toml.
    """

    items: list[Item]
    vanished: list[Item] = field(default_factory=list)
    state: bytes = b""
    state_without: Callable[[Collection[str]], bytes] | None = None
    notes: list[str] = field(default_factory=list)
    descriptions: dict[str, bytes] = field(default_factory=dict)
    is_complete: bool = False


class Connector(Protocol):
    """A source. `name` is that of its settings, entries and events. `place` is the address and what is asked for there:
    its state belongs to both, another place starts afresh. `info` is what its deliveries are where they do not say."""

    @property
    def name(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def info(self) -> DeliveryInfo: ...

    def check(self) -> str:
        """The canary: one cheap call; returns what was found (layout, version). Errors: Transient- or PermanentError
        that says what to do."""
        ...

    def changes(self, state: bytes | None) -> Changes:
        """What is new since `state`, None at first."""
        ...

    def fetch(self, item: Item) -> Iterator[Part]:
        """The item's bytes, called from several threads at once. Errors: TransientError, PermanentError: the source is
        missing from the night; what concerns this item alone is a Rejection among the parts."""
        ...


class ObjectInfo(Protocol):
    """One object of a store as listed."""

    @property
    def key(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def etag(self) -> str: ...


class Objects(Protocol):
    """The part of an object store that connectors read by."""

    def read(self, key: str) -> bytes: ...
    def iter_objects(self, prefix: str = "") -> Iterable[ObjectInfo]: ...


class Folder(Objects, Protocol):
    """The part of an object store that deposits are read by."""

    def iter_others(self) -> Iterable[tuple[str, str]]:
        """(key, what it is) of what is neither file nor folder."""
        ...


def printable(name: str) -> str:
    """A file name as text: bytes that are no UTF-8 are shown as \\xe9."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
