"""bioRxiv and medRxiv: which preprints became which article, and which were withdrawn.

Two lists of their API, day by day: `details` (versions posted) and `pubs` (journal articles that preprints became). The
records that say one of the two land as they came; full texts are not taken (most may not be passed on, and the archive
of them is paid for by who reads it: a MECA archive put into the deposit is read).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.core.hashing import short_hash
from pipelines.core.http import Fetches
from pipelines.core.ids import normalise_doi
from pipelines.errors import TransientError
from pipelines.settings import Biorxiv, Pull
from pipelines.sources.archives import IgnoredMember
from pipelines.sources.connectors import Changes, Item, Part, printable
from pipelines.sources.deliveries import DeliveryInfo
from pipelines.sources.feeds import Window, changes_of, days_of, dump_feed, nothing_new, read_feed

Record = Mapping[str, Any]
_LISTINGS = 2  # a day is listed once more where rows are missing
_LISTS = ("details", "pubs")


class BiorxivConnector:
    """The servers' lists, day by day up to the day before `night`."""

    name = "biorxiv"

    def __init__(self, config: Biorxiv, *, http: Fetches, night: dt.date, pull: Pull, is_synthetic: bool) -> None:
        self.place = config.place
        self.info = DeliveryInfo("bioRxiv", "machine", (), False, is_synthetic, None, "mixed")
        self._config, self._http, self._night = config, http, night
        self._window = Window(config.first_days, config.overlap_days, config.max_days)

    def check(self) -> str:
        day = self._night - dt.timedelta(days=1)
        counts = [f"{_total(self._page('details', s, day, 0))} versions on {s}" for s in self._config.servers]
        return f"{' and '.join(counts)}, posted {day}"

    def changes(self, state: bytes | None) -> Changes:
        """Versions posted and articles published on the days since the last closed night. Errors: TransientError where
        fewer rows came than the API counts."""
        feed = read_feed(state)
        days = days_of(feed, self._night, self._window)
        if not days:
            return nothing_new(feed, state)
        items = (
            (day, item)
            for day in days for server in self._config.servers for kind in _LISTS
            for item in self._day(kind, server, day)
        )  # fmt: skip
        fresh, after, note = changes_of(feed, days, self._window, items, "preprints and their articles")
        return Changes(fresh, state=dump_feed(after), notes=[note])

    def fetch(self, item: Item) -> Iterator[Part]:
        record = item.ref["record"]
        yield item.key, record.encode() if record else IgnoredMember(item.key, "neither published nor withdrawn")

    def _day(self, kind: str, server: str, day: dt.date) -> list[Item]:
        for _ in range(_LISTINGS):
            rows, n = self._list(kind, server, day)
            if len(rows) >= n:
                # the API gives some versions twice: by text and key, so that the order it comes in does not matter
                items = (self._item(kind, server, row) for row in sorted(rows, key=_text))
                return list({item.key: item for item in items}.values())
        raise TransientError(
            f"{self.name}: {len(rows)} of {n} {kind} of {server} of {day} came, and as few the second time; "
            "the days stay open and the next run or night asks again"
        )

    def _item(self, kind: str, server: str, row: Record) -> Item:
        """`ref.record` is empty where the row says nothing about the preprint but that it is there."""
        doi = str(row.get("doi") or row.get("preprint_doi") or row.get("biorxiv_doi") or row.get("medrxiv_doi") or "")
        name = printable(f"{server}/{kind}/{doi}" + (f"v{row.get('version')}" if kind == "details" else "") + ".json")
        is_telling = (
            kind == "pubs"
            or normalise_doi(str(row.get("published") or "")) is not None
            or str(row.get("type") or "").lower() == "withdrawn"
        )
        ref = {"url": f"{self._config.url}/{kind}/{server}/{doi}", "record": _text(row) if is_telling else ""}
        return Item(name, short_hash(_text(row)), ref=ref)

    def _list(self, kind: str, server: str, day: dt.date) -> tuple[list[Record], int]:
        """Rows of one day, and how many the API counts."""
        rows: list[Record] = []
        last: object = None
        while True:
            reply = self._page(kind, server, day, len(rows))
            page, n = reply.get("collection"), _total(reply)
            if not isinstance(page, list) or not page or page == last:
                return rows, n
            rows += [r for r in page if isinstance(r, dict)]
            if len(rows) >= n:
                return rows, n
            last = page

    def _page(self, kind: str, server: str, day: dt.date, cursor: int) -> Record:
        reply = self._http.get(f"{kind}/{server}/{day}/{day}/{cursor}", expect="json").json()
        if not isinstance(reply, dict) or not isinstance(reply.get("messages"), list) or not reply["messages"]:
            raise TransientError(f"{self.name}: the answer to {kind} has no messages: no answer as it is known")
        return reply


def _text(row: Record) -> str:
    return json.dumps(row, sort_keys=True)


def _total(reply: Record) -> int:
    """Rows of the interval; a number or text of one. Where there are none the status says so in words."""
    message = reply["messages"][0]
    total = message.get("total", "") if isinstance(message, dict) else ""
    if str(total).isascii() and str(total).isdigit():
        return int(total)
    status = str(message.get("status", "") if isinstance(message, dict) else message)
    if "no posts found" in status.lower() or "no articles found" in status.lower():
        return 0
    raise TransientError(f"biorxiv: no total in the answer, which says {status[:100]!r}")
