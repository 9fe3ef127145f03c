"""A folder or s3:// prefix that somebody puts files into: loose files, archives, one folder a delivery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from pipelines.core.hashing import sha256_bytes, short_hash
from pipelines.core.records import Reason, Rejection
from pipelines.errors import PermanentError, RejectedInput
from pipelines.settings import Pull, Source
from pipelines.sources.archives import IgnoredMember, Limits, Member, is_archive, iter_members
from pipelines.sources.connectors import Changes, Folder, Item, ObjectInfo, Part, printable
from pipelines.sources.deliveries import (
    DELIVERY_FILE,
    DeliveryInfo,
    comes_in_parts,
    delivery_name,
    ignore_patterns,
    is_ignored,
    stated_format,
    states_deletions,
)

_LISTED = 1000


class FolderConnector:
    """All files of a location, listed anew each night. What is gone from it stays in the corpus: a sender may clear
    the folder."""

    def __init__(self, name: str, place: str, *, store: Folder, config: Source, pull: Pull, is_synthetic: bool) -> None:
        self.name, self.place = name, place
        self.info = DeliveryInfo(config.sender, config.review_stage, config.annotated_types, config.has_roles,
                                 is_synthetic, None, "mixed")  # fmt: skip
        self._store, self._pull = store, pull
        self._terms = (pull.ignore, pull.max_file_mib, config)

    def check(self) -> str:
        return describe_layout([o.key for o in islice(self._store.iter_objects(), _LISTED)])

    def changes(self, state: bytes | None) -> Changes:
        objects = list(self._store.iter_objects())
        has_root_toml = any(o.key == DELIVERY_FILE for o in objects)
        tomls = {
            _delivery_of(o.key, has_root_toml=has_root_toml): self._store.read(o.key)
            for o in objects if o.key.rsplit("/", 1)[-1] == DELIVERY_FILE
        }  # fmt: skip
        names = [_delivery_of(o.key, has_root_toml=has_root_toml) for o in objects]
        parts: dict[str, list[tuple[str, str]]] = {}
        for found, name in zip(objects, names, strict=True):
            if comes_in_parts(stated_format(tomls.get(name))):
                parts.setdefault(name, []).append((found.key, found.etag))
        items = [self._item(o, n, tomls, parts.get(n, ())) for o, n in zip(objects, names, strict=True)]
        items += [
            Item(printable(key), "", delivery=_delivery_of(key, has_root_toml=has_root_toml), is_ignored=True,
                 ref={"why": why})
            for key, why in self._store.iter_others()
        ]  # fmt: skip
        return Changes(items, descriptions=tomls, is_complete=True)

    def _item(
        self, found: ObjectInfo, delivery: str, tomls: dict[str, bytes], parts: Sequence[tuple[str, str]]
    ) -> Item:  # fmt: skip
        """`terms`: while the description of its delivery and the settings that decide what is taken are the same, and
        the etag is, so is what comes of the file. `parts`: all files of the delivery where its records need several."""
        terms = short_hash(sha256_bytes(tomls.get(delivery, b"")), *self._terms, *parts)
        kind = stated_format(tomls.get(delivery))
        ignored = not is_archive(found.key) and is_ignored(found.key, ignore_patterns(self._pull.ignore, kind))
        ignored = ignored and not states_deletions(found.key, tomls.get(delivery, b""))
        key = printable(found.key)
        ref = ({"path": found.key} if key != found.key else {}) | ({"format": kind} if kind != "mixed" else {})
        return Item(key, found.etag, found.size, delivery, terms, ignored, ref)

    def fetch(self, item: Item) -> Iterator[Part]:
        """The file, or the members of the archive; what is ignored or refused among them is said so."""
        key = item.ref.get("path", item.key)
        limit = self._pull.max_file_mib << 20
        try:
            if is_archive(key):
                yield from self._iter_archive(key, item.ref.get("format", ""))
            elif item.size > limit:
                message = f"{item.size} bytes; files up to {limit} are read (pull.max_file_mib)"
                yield key, Rejection("file", Reason.TOO_LARGE, message, key)
            else:
                yield key, self._store.read(key)
        except RejectedInput as error:
            yield key, Rejection("file", Reason(error.reason), error.message, error.locator)
        except PermanentError as error:
            yield key, Rejection("file", Reason.UNREADABLE, str(error), key)

    def _iter_archive(self, key: str, kind: str) -> Iterator[Part]:
        limits = Limits(member_bytes=self._pull.max_file_mib << 20)
        data = self._store.read(key)
        patterns = ignore_patterns(self._pull.ignore, kind or _format_inside(data, key, limits))
        for member in iter_members(data, key, limits):
            if isinstance(member, Rejection):
                yield f"{key}!{member.locator or member.reason}", member
                continue
            name = f"{key}!{member.name}"
            if isinstance(member, IgnoredMember):
                yield name, member
            elif _last(member.name) != DELIVERY_FILE and is_ignored(printable(member.name), patterns):
                yield name, IgnoredMember(member.name, "listed pattern", len(member.data))
            else:
                yield name, member.data


def _format_inside(data: bytes, key: str, limits: Limits) -> str:
    """The format that the delivery.toml of an archive states, wherever it stands in it: it says which members count."""
    inside = (m for m in iter_members(data, key, limits) if isinstance(m, Member) and _last(m.name) == DELIVERY_FILE)
    return stated_format(next((m.data for m in inside), None))


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _delivery_of(key: str, *, has_root_toml: bool) -> str:
    return printable(delivery_name(key, is_archive=is_archive(key), has_root_toml=has_root_toml))


def describe_layout(keys: Sequence[str]) -> str:
    """What the first thousand keys of a location look like, in words."""
    n = f"{len(keys)}{'+' if len(keys) == _LISTED else ''}"
    folders = {k.partition("/")[0] for k in keys if "/" in k}
    archives = sum(is_archive(k) for k in keys)
    tomls = sum(_last(k) == DELIVERY_FILE for k in keys)
    return f"{n} files in {len(folders)} folders, {archives} archives, {tomls} with delivery.toml"
