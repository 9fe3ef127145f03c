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
    UNKNOWN,
    DeliveryInfo,
    comes_in_parts,
    delivery_name,
    ignore_patterns,
    is_ignored,
    is_passed_over,
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
        passed_over = self._passed_over([o.key for o in objects], names, tomls)
        items = [self._item(o, n, tomls, parts.get(n, ()), is_passed_over=n in passed_over)
                 for o, n in zip(objects, names, strict=True)]  # fmt: skip
        items += [
            Item(printable(key), "", delivery=_delivery_of(key, has_root_toml=has_root_toml), is_ignored=True,
                 ref={"why": why})
            for key, why in self._store.iter_others()
        ]  # fmt: skip
        return Changes(items, descriptions=tomls, is_complete=True)

    def _passed_over(self, keys: Sequence[str], names: Sequence[str], tomls: dict[str, bytes]) -> set[str]:
        """Deliveries with a description of which no file would be taken."""
        held: dict[str, list[str]] = {name: [] for name in tomls}
        for key, name in zip(keys, names, strict=True):
            if name in held:
                held[name].append("" if is_archive(key) else key)
        return {
            name for name, inside in held.items()
            if is_passed_over(inside, tomls[name], ignore_patterns(self._pull.ignore, stated_format(tomls[name])))
        }  # fmt: skip

    def _item(
        self, found: ObjectInfo, delivery: str, tomls: dict[str, bytes], parts: Sequence[tuple[str, str]],
        *, is_passed_over: bool = False,
    ) -> Item:  # fmt: skip
        """`terms`: while the description of its delivery and the settings that decide what is taken are the same, and
        the etag is, so is what comes of the file. `parts`: all files of the delivery where its records need several."""
        extra = ("passed over",) if is_passed_over else ()
        terms = short_hash(sha256_bytes(tomls.get(delivery, b"")), *self._terms, *parts, *extra)
        kind = stated_format(tomls.get(delivery))
        patterns = ignore_patterns(self._pull.ignore, UNKNOWN if is_passed_over else kind)
        ignored = not is_archive(found.key) and is_ignored(found.key, patterns)
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
        names, toml = _look_inside(data, key, limits)
        patterns = ignore_patterns(self._pull.ignore, kind or stated_format(toml))
        if is_passed_over(names, toml, patterns):
            patterns = ignore_patterns(self._pull.ignore, UNKNOWN)
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


def _look_inside(data: bytes, key: str, limits: Limits) -> tuple[list[str], bytes | None]:
    """(names of the members, the delivery.toml of the archive wherever it stands in it): which members count depends on
    both. A refused member has a name that no pattern has."""
    names, toml = [], None
    for member in iter_members(data, key, limits):
        if isinstance(member, Member) and _last(member.name) == DELIVERY_FILE and toml is None:
            toml = member.data
        names.append(printable(member.name) if isinstance(member, Member) else "")
    return names, toml


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
