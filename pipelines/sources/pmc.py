"""PMC Open Access on S3, the layout of 2026: PMC<id>.<version>/ with the JATS file, metadata/*.json, a daily inventory.

What is new is the difference between the newest inventory and the one that the last closed night saw, by the etag of an
article's metadata, which changes whenever any of its files does. Where there is no inventory the bucket is listed. An
article that is gone is handed on as vanished; more gone at once than is believable is an error. What the metadata say
(retracted, licence, ids) is landed beside the article and parsed like any other file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pipelines.core.dates import parse_day
from pipelines.core.records import Reason, Rejection
from pipelines.errors import PermanentError, TransientError, UsageError
from pipelines.settings import Pmc
from pipelines.sources.archives import IgnoredMember
from pipelines.sources.connectors import BEING_REPLACED, Changes, Item, Objects, Part
from pipelines.sources.deliveries import DeliveryInfo
from pipelines.sources.inventory import (
    Listing,
    build_listing,
    compare,
    dump_listing,
    iter_inventory,
    load_listing,
    without,
)  # fmt: skip

_LEGACY = ("oa_comm/", "oa_noncomm/", "oa_other/", "phe_timebound/", "deprecated/")
_URL = re.compile(r"s3://[^/]+/([^?#]+)(?:\?md5=([0-9a-fA-F]{32}))?")


@dataclass(frozen=True)
class _Inventory:
    """`name`: the time it stands for, as in its key; `files`: key and MD5 (empty where not stated) of each part."""

    name: str
    schema: str
    files: tuple[tuple[str, str], ...]


class PmcConnector:
    """`store`: the bucket. Errors of all verbs: TransientError where the service fails; PermanentError where the bucket
    has no layout that is read, or lists far less than it did."""

    name = "pmc"

    def __init__(self, store: Objects, config: Pmc, *, is_synthetic: bool) -> None:
        self.place = config.place
        self.info = DeliveryInfo("pmc", "machine", (), False, is_synthetic, None, "jats")
        self._store, self._config = store, config
        bucket, _, prefix = config.location.removeprefix("s3://").partition("/")
        if not config.location.startswith("s3://") or prefix.strip("/"):
            raise UsageError(f"sources.pmc.location is {config.location!r}: write s3://<bucket>, without a prefix")
        if config.modified_since:
            parse_day(config.modified_since, "sources.pmc.modified_since")
        self._bucket = bucket
        self._inventories = f"inventory-reports/{bucket}/metadata/"

    def check(self) -> str:
        """Which layout was found, and of when the newest inventory is."""
        inventory = self._newest_inventory()
        if inventory:
            return f"{self.place}: layout of 2026, inventory of {inventory[len(self._inventories) :].partition('/')[0]}"
        if self._first("metadata/PMC"):
            return f"{self.place}: layout of 2026 without an inventory: the bucket is listed, 1,000 articles a request"
        if found := next((p for p in _LEGACY if self._first(p)), None):
            raise PermanentError(
                f"{self.place} has the legacy layout only ({found}…): Nightcap reads the layout of 2026 "
                "(PMC<id>.<version>/ and metadata/*.json); set sources.pmc.location to a bucket that has it"
            )
        raise PermanentError(
            f"{self.place} holds neither metadata/PMC*.json nor an inventory below {self._inventories}: "
            "has the provider moved it? See the README of the bucket, and infra/runbooks/nightly_corpus.md"
        )

    def _first(self, prefix: str) -> str | None:
        return next((o.key for o in islice(self._store.iter_objects(prefix), 1)), None)

    def _newest_inventory(self) -> str | None:
        keys = [o.key for o in self._store.iter_objects(self._inventories) if o.key.endswith("/manifest.json")]
        return max(keys, default=None)

    # what is new

    def changes(self, state: bytes | None) -> Changes:
        """New and changed articles, the newest first, at most `max_articles`; the next night takes the rest."""
        key, notes = self._newest_inventory(), []
        if key is None:
            notes.append("no inventory: listed the bucket")
            if self._config.modified_since:
                notes.append("modified_since needs an inventory: all articles count")
            now, name = build_listing((o.key, o.etag) for o in self._store.iter_objects("metadata/PMC")), ""
        else:
            inventory = self._read_manifest(key)
            now, name = build_listing(self._iter_rows(inventory)), inventory.name
        if not len(now) and not self._config.modified_since:
            raise PermanentError(f"{self.place}: {key or 'the bucket'} lists no article: look at the provider's site")
        before = load_listing(state)
        found = compare(before, now, self._config.max_articles)
        self._believe(before, now, len(found.vanished))
        if found.n_left:
            notes.append(f"{found.n_left} more articles are left for the next nights (sources.pmc.max_articles)")
        vanished = [Item(f"PMC{n}", name, ref=_gone(int(n), name)) for n in found.vanished]

        def state_without(keys: Collection[str]) -> bytes:
            again = (int(key.removeprefix("PMC").partition(".")[0]) for key in keys)
            return dump_listing(without(found.after, again))

        return Changes(list(_iter_items(found.fresh)), vanished, dump_listing(found.after), state_without, notes)

    def _believe(self, before: Listing, now: Listing, n_vanished: int) -> None:
        if n_vanished > max(1, len(before) * self._config.max_vanished_share):
            raise PermanentError(
                f"{self.place}: {n_vanished} of {len(before)} known articles are gone and {len(now)} are listed. More "
                "than sources.pmc.max_vanished_share is not believed: look at the provider's inventory, and raise the "
                "share for one night if it is right"
            )

    def _read_manifest(self, key: str) -> _Inventory:
        name = key[len(self._inventories) :].partition("/")[0]
        try:
            manifest = json.loads(self._store.read(key))
            files = tuple((str(f["key"]), str(f.get("MD5checksum") or "")) for f in manifest["files"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TransientError(
                f"{self.place}: {key} is no manifest of an inventory ({error}); run again later"
            ) from error
        if not files:
            raise TransientError(f"{self.place}: the inventory {key} names no files; run again later")
        return _Inventory(name, str(manifest.get("fileSchema") or ""), files)

    def _iter_rows(self, inventory: _Inventory) -> Iterator[tuple[str, str]]:
        for key, md5 in inventory.files:
            data = self._store.read(key)
            if md5 and hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
                raise TransientError(f"{self.place}: {key} has other bytes than its manifest states; run again later")
            yield from iter_inventory(data, inventory.schema, self._config.modified_since)

    # one article

    def fetch(self, item: Item) -> Iterator[Part]:
        """Its metadata and its JATS file; what a filter leaves out, and what has no JATS file, is ignored."""
        key, name = f"metadata/{item.key}.json", f"{item.key}.json"
        try:
            data = self._store.read(key)
            metadata = _as_object(json.loads(data))
        except PermanentError as error:
            yield name, _refused(f"listed, but not there: {error}", key)
            return
        except ValueError as error:
            yield name, Rejection("file", Reason.NOT_WELL_FORMED, f"{key} cannot be read: {error}"[:300], key)
            return
        if why := self._left_out(metadata):
            yield name, IgnoredMember(name, why, len(data))
            return
        yield name, data
        yield self._read_article(item, metadata)

    def _left_out(self, metadata: Mapping[str, Any]) -> str:
        """Why an article is not asked for; empty where it is."""
        citation, code = _text(metadata, "citation"), _text(metadata, "license_code")
        wanted = [j.lower() for j in self._config.journals]
        if wanted and not citation.lower().startswith(tuple(wanted)):
            return "not of the journals asked for (sources.pmc.journals)"
        if self._config.licences and code.lower() not in {c.lower() for c in self._config.licences}:
            return f"licence {code or 'not stated'} is not asked for (sources.pmc.licences)"
        return ""

    def _read_article(self, item: Item, metadata: Mapping[str, Any]) -> Part:
        name, url = f"{item.key}.xml", _text(metadata, "xml_url")
        if not url and "xml_url" in metadata:
            return name, IgnoredMember(name, "PMC has no JATS file of it")
        match = _URL.fullmatch(url)
        if not match or ".." in match[1].split("/"):
            # never "no JATS file": were PMC to write its addresses otherwise, every night would be empty and in order
            stated = f"xml_url {url[:200]!r}, no s3://BUCKET/KEY that is read" if url else "no field xml_url"
            return name, _refused(f"its metadata state {stated}", f"metadata/{item.key}.json")
        try:
            data = self._store.read(match[1])
        except PermanentError as error:
            return name, _refused(str(error), match[1])
        if match[2] and hashlib.md5(data, usedforsecurity=False).hexdigest() != match[2].lower():
            return name, Rejection("file", Reason.UNREADABLE, BEING_REPLACED, match[1])
        return name, data


def _refused(why: str, key: str) -> Rejection:
    """What the bucket does not give takes no later night's place: a change of it shows in the inventory."""
    return Rejection("file", Reason.UNREADABLE, f"{why}; not asked for again until PMC's inventory shows a change", key)


def _iter_items(fresh: Listing) -> Iterator[Item]:
    for article, version, etag in zip(fresh.articles, fresh.versions, fresh.etags, strict=True):
        yield Item(f"PMC{article}.{version}", f"{int(etag):016x}")


def _gone(article: int, inventory: str) -> dict[str, str]:
    date = {"date": inventory[:10]} if re.match(r"\d{4}-\d\d-\d\d", inventory) else {}
    return {"pmcid": f"PMC{article}", **date}


def _as_object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def _text(metadata: Mapping[str, Any], name: str) -> str:
    value = metadata.get(name)
    return "" if value is None else str(value).strip()
