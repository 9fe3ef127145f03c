"""Europe PMC: articles that match a query, by the day of their last update, with record and full text.

The record comes with the search (resultType=core) and lands as it came; the full text is asked for where the article
is open access and its licence is wanted. A day counts only when as many records came as the search says there are.
A full text that is listed and answers 404 is asked for again on later nights, a bounded number of days and calls.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipelines.core.hashing import short_hash
from pipelines.core.http import Fetches
from pipelines.core.records import Reason, Rejection
from pipelines.errors import BodyTooLarge, NotFound, PermanentError, TransientError
from pipelines.settings import EuropePmc, Pull
from pipelines.sources.archives import IgnoredMember
from pipelines.sources.connectors import NOT_THERE, Changes, Item, Part
from pipelines.sources.deliveries import DeliveryInfo
from pipelines.sources.feeds import (
    Feed,
    Waiting,
    Window,
    changes_of,
    days_of,
    due,
    dump_feed,
    nothing_new,
    read_feed,
)  # fmt: skip

Record = Mapping[str, Any]
_LISTINGS = 2  # a day is listed once more where records are missing: it may have changed while it was listed
#: Fields that change by themselves: counts of citations and of what others made of the article.
_VOLATILE = {
    "citedByCount", "hasTextMinedTerms", "hasDbCrossReferences", "hasLabsLinks", "hasTMAccessionNumbers",
    "tmAccessionTypeList", "dbCrossReferenceList", "hasReferences", "hasEvaluations", "dataLinksTagsList", "hasData",
}  # fmt: skip
_SKIPPED = "listed in sources.europepmc.skip"
_ISSN = re.compile(r"\d{4}-\d{3}[\dXx]")


class EuropePmcConnector:
    """One query, day by day up to the day before `night`."""

    name = "europepmc"

    def __init__(self, config: EuropePmc, *, http: Fetches, night: dt.date, pull: Pull, is_synthetic: bool) -> None:
        self.place = config.place
        self.info = DeliveryInfo("Europe PMC", "machine", (), False, is_synthetic, None, "jats")
        self._config, self._http, self._night, self._max_bytes = config, http, night, pull.max_file_mib << 20
        self._window = Window(config.first_days, config.overlap_days, config.max_days)
        self._licences = {_plain(licence) for licence in config.licences}

    def check(self) -> str:
        reply = self._ask(query_of(self._config), "*", kind="idList", size=1)
        n = _hit_count(reply)
        if not n:
            raise PermanentError(
                f"{self.name}: the query {query_of(self._config)!r} matches no article at all; mend sources.europepmc"
            )
        return f"Europe PMC {reply.get('version', 'of an unnamed version')}, {n} articles match the query"

    def changes(self, state: bytes | None) -> Changes:
        """Articles updated on the days since the last closed night. Errors: TransientError where fewer records came
        than the search counts."""
        feed = read_feed(state)
        days = days_of(feed, self._night, self._window, only_recent=bool(self._config.fallback_for))
        if not days:
            return nothing_new(feed, state)
        items = ((day, self._item(record)) for day in days for record in self._day(day))
        fresh, after, note = changes_of(feed, days, self._window, items, "articles updated on the days")
        return self._with_waiting(fresh, after, note)

    def _with_waiting(self, fresh: list[Item], feed: Feed, note: str) -> Changes:
        """Full texts that were listed and not there are asked for again, after what is new: a text often comes days
        after its record, and the record does not change by that."""
        new = {i.key for i in fresh}
        waiting = {k: w for k, w in feed.waiting.items() if k not in new}
        again = due(waiting, self._night, self._config.max_again)
        kept = {k: w for k, w in waiting.items() if k not in set(again)}

        def state_without(keys: Collection[str]) -> bytes:
            asked = {i.key: self._asked(i, feed) for i in items if i.key in keys}
            return dump_feed(replace(feed, waiting={**kept, **asked}))

        items = [*fresh, *(self._again(k, waiting[k]) for k in again)]
        notes = [note]
        if again:
            notes.append(f"{len(again)} full texts that were not there asked for again, {len(kept)} more wait")
        return Changes(items, state=state_without(()), state_without=state_without, notes=notes)

    def _asked(self, item: Item, feed: Feed) -> Waiting:
        night = self._night.isoformat()
        since = feed.waiting[item.key].since if item.is_again else night
        return Waiting(item.ref["text_id"], since, night)

    def _again(self, key: str, waiting: Waiting) -> Item:
        why = _SKIPPED if waiting.name in self._config.skip else ""
        path = f"{waiting.name}/fullTextXML"
        ref = {"url": f"{self._config.url}/{path}", "name": key, "text_id": "" if why else waiting.name, "why": why,
               "since": waiting.since}  # fmt: skip
        return Item(key, f"since-{waiting.since}", terms=short_hash(waiting.name, self._max_bytes), is_again=True,
                    ref=ref)  # fmt: skip

    def fetch(self, item: Item) -> Iterator[Part]:
        """The record (unless only the text was wanting), then the full text or why there is none."""
        name = item.ref["name"]
        if not item.is_again:
            yield f"{name}.json", item.ref["record"].encode()
        if not item.ref["text_id"]:
            yield f"{name}.xml", IgnoredMember(f"{name}.xml", item.ref["why"])
            return
        path = f"{item.ref['text_id']}/fullTextXML"
        try:
            yield f"{name}.xml", self._http.get(path, expect="xml", max_body=self._max_bytes).body
        except NotFound:
            yield f"{name}.xml", self._not_there(item, path)
        except TransientError as error:
            raise TransientError(
                f"{error}; where it is this article alone, add it to sources.europepmc.skip"
            ) from error
        except BodyTooLarge as error:
            message = f"{error}; files up to that are read (pull.max_file_mib)"
            yield f"{name}.xml", Rejection("file", Reason.TOO_LARGE, message, path)

    def _not_there(self, item: Item, path: str) -> Rejection | IgnoredMember:
        since = dt.date.fromisoformat(item.ref.get("since") or self._night.isoformat())
        if (self._night - since).days < self._config.wait_days:
            return IgnoredMember(f"{item.ref['name']}.xml", NOT_THERE)
        message = (f"the provider lists it and has answered 404 since {since}: given up (sources.europepmc.wait_days), "
                   "asked for again when its record changes")  # fmt: skip
        return Rejection("file", Reason.UNREADABLE, message, path)

    def _item(self, record: Record) -> Item:
        text_id, why = self._full_text(record)
        etag = short_hash(json.dumps({k: v for k, v in record.items() if k not in _VOLATILE}, sort_keys=True))
        path = f"{text_id}/fullTextXML" if text_id else f"article/{record.get('source')}/{record.get('id')}"
        ref = {
            "url": f"{self._config.url}/{path}", "name": _name(record), "text_id": text_id, "why": why,
            "record": json.dumps(record, sort_keys=True),
        }  # fmt: skip
        return Item(_name(record), etag, terms=short_hash(text_id, self._max_bytes), ref=ref)

    def _full_text(self, record: Record) -> tuple[str, str]:
        """(id to ask the full text by, "") or ("", why it is not asked for)."""
        licence = _plain(str(record.get("license") or "none stated"))
        if record.get("isOpenAccess") != "Y":
            return "", "not open access"
        if self._licences and licence not in self._licences:
            return "", f"licence {licence}, not among sources.europepmc.licences"
        ids = record.get("fullTextIdList")
        listed = ids.get("fullTextId") if isinstance(ids, dict) else None
        first = listed[0] if isinstance(listed, list) and listed else listed
        text_id = str(first or record.get("pmcid") or "")
        if text_id in self._config.skip:
            return "", _SKIPPED
        return (text_id, "") if re.fullmatch(r"[A-Za-z]+\d+", text_id) else ("", "no full text is listed")

    # listing

    def _day(self, day: dt.date) -> list[Record]:
        """All records of one day. Errors: TransientError where they stay fewer than the search counts."""
        for _ in range(_LISTINGS):
            found, n = self._list(day)
            if len(found) >= n:
                return [found[key] for key in sorted(found)]
        raise TransientError(
            f"{self.name}: {len(found)} of {n} articles updated on {day} came, and as few the second time; "
            "the days stay open and the next run or night asks again"
        )

    def _list(self, day: dt.date) -> tuple[dict[str, Record], int]:
        """Records by name, and how many the search counts. It ends where the API says so: a mark that came before, no
        mark, a page that is empty or brings nothing new."""
        query = f"({query_of(self._config)}) AND UPDATE_DATE:[{day} TO {day}]"
        found: dict[str, Record] = {}
        mark, marks, n = "*", {"*"}, 0
        while True:
            reply = self._ask(query, mark, kind="core", size=self._config.page_size)
            page, n, n_before = _results(reply), _hit_count(reply), len(found)
            found.update({_name(record): record for record in page})
            mark = str(reply.get("nextCursorMark") or "")
            if len(found) == n_before or not mark or mark in marks:
                return found, n
            marks.add(mark)

    def _ask(self, query: str, mark: str, *, kind: str, size: int) -> Record:
        params = {"query": query, "resultType": kind, "format": "json", "pageSize": str(size), "cursorMark": mark}
        reply = self._http.get("search", params, expect="json").json()
        if isinstance(reply, dict) and (error := reply.get("errMsg")):
            raise PermanentError(f"{self.name} refuses the query: {error}; mend sources.europepmc")
        if not isinstance(reply, dict) or "hitCount" not in reply:
            raise TransientError(f"{self.name}: the answer has no hitCount: no answer of the search as it is known")
        return reply


def query_of(config: EuropePmc) -> str:
    """The query in Europe PMC's syntax, with the journals (title or ISSN) that it is narrowed to."""
    if not config.journals:
        return config.query
    names = [f'{"ISSN" if _ISSN.fullmatch(j) else "JOURNAL"}:"{j}"' for j in config.journals]
    return f"({config.query}) AND ({' OR '.join(names)})"


def _plain(licence: str) -> str:
    return " ".join(licence.lower().replace("-", " ").split())


def _hit_count(reply: Record) -> int:
    try:
        return int(str(reply["hitCount"]))
    except ValueError as error:
        raise TransientError(f"europepmc: hitCount is {reply['hitCount']!r}, no number") from error


def _results(reply: Record) -> list[Record]:
    listed = reply.get("resultList")
    found = listed.get("result") if isinstance(listed, dict) else None
    return [r for r in found if isinstance(r, dict)] if isinstance(found, list) else []


def _name(record: Record) -> str:
    """Name of a record, unique in the feed: its PMC id, else source and id."""
    pmcid = str(record.get("pmcid") or "")
    if re.fullmatch(r"PMC\d+", pmcid):
        return pmcid
    name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{record.get('source')}-{record.get('id')}")
    return name if record.get("id") else f"unnamed-{short_hash(json.dumps(record, sort_keys=True))}"
