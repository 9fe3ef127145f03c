"""bioRxiv's lists day by day against a server on loopback."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from http_server import Answer, Asked, Provider, json_answer, serve

from pipelines.clients.http import HttpClient
from pipelines.errors import TransientError
from pipelines.settings import Biorxiv, load
from pipelines.sources.archives import IgnoredMember
from pipelines.sources.biorxiv import BiorxivConnector

NIGHT = dt.date(2026, 11, 18)
PULL = dataclasses.replace(load({}, Path("home"), "demo").pull, max_file_mib=1)
Row = dict[str, object]


def version(number: int, date: str, published: str = "NA", kind: str = "new results", no: str = "1") -> Row:
    return {"doi": f"10.1101/2026.11.01.{number:06d}", "version": no, "date": date, "type": kind, "license": "cc_by",
            "category": "cell biology", "published": published}  # fmt: skip


def article(number: int, date: str) -> Row:
    return {"preprint_doi": f"10.1101/2026.11.01.{number:06d}", "published_doi": f"10.5555/demo.{number}",
            "published_journal": "J Demo", "published_date": date}  # fmt: skip


@dataclass
class FakeBiorxiv:
    """`details` and `pubs` of one server, three rows a page, with a total in text or as a number."""

    details: list[Row] = field(default_factory=list)
    pubs: list[Row] = field(default_factory=list)
    extra: int = 0

    def __call__(self, asked: Asked) -> Answer:
        _, kind, _, first, last, cursor = asked.path.split("/")
        rows = self.details if kind == "details" else self.pubs
        date = "date" if kind == "details" else "published_date"
        hits = [r for r in rows if first <= str(r[date]) <= last]
        if not hits:
            return json_answer({"messages": [{"status": "no posts found"}], "collection": []})
        total: object = len(hits) + self.extra
        page = hits[int(cursor) : int(cursor) + 3]
        message = {"status": "ok", "cursor": int(cursor), "count": len(page), "total": str(total)}
        return json_answer({"messages": [message if kind == "details" else {**message, "total": total}],
                            "collection": page})  # fmt: skip


@pytest.fixture
def fake() -> FakeBiorxiv:
    doubled = version(4, "2026-11-17", published="10.5555/demo.4")
    return FakeBiorxiv(
        [*(version(i, "2026-11-16") for i in range(4)), doubled, {**doubled, "category": "genetics"},
         version(5, "2026-11-17", kind="WITHDRAWN", no="2")],
        [article(1, "2026-11-16")],
    )  # fmt: skip


@pytest.fixture
def provider(fake: FakeBiorxiv) -> Iterator[Provider]:
    with serve(fake) as running:
        yield running


def connector(provider: Provider, night: dt.date = NIGHT, overlap: int = 0) -> BiorxivConnector:
    config = Biorxiv(provider.url, ("biorxiv",), 2, overlap, 9, 1000.0)
    client = HttpClient(provider.url, rate_per_s=1000, retries=0, first_wait_s=0.01)
    return BiorxivConnector(config, http=client, night=night, pull=PULL, is_synthetic=True)


def pulled(source: BiorxivConnector, state: bytes | None = None) -> tuple[dict[str, Row | str], bytes]:
    changes = source.changes(state)
    found = dict(part for item in changes.items for part in source.fetch(item))
    return {k: v.why if isinstance(v, IgnoredMember) else json.loads(v) for k, v in found.items()}, changes.state  # type: ignore[arg-type]


def test_the_rows_that_say_something_land(provider: Provider) -> None:
    found, _ = pulled(connector(provider))
    silent = [k for k, v in found.items() if v == "neither published nor withdrawn"]
    assert silent == [f"biorxiv/details/10.1101/2026.11.01.{i:06d}v1.json" for i in range(4)]
    told = {k: v for k, v in found.items() if k not in silent}
    assert list(told) == [
        "biorxiv/pubs/10.1101/2026.11.01.000001.json", "biorxiv/details/10.1101/2026.11.01.000004v1.json",
        "biorxiv/details/10.1101/2026.11.01.000005v2.json",
    ]  # fmt: skip
    paths = [a.path for a in provider.asked]
    assert "/details/biorxiv/2026-11-16/2026-11-16/3" in paths
    assert len(paths) == 2 + 1 + 1 + 1


def test_the_order_of_doubled_rows_does_not_matter(provider: Provider, fake: FakeBiorxiv) -> None:
    first = pulled(connector(provider))
    fake.details.reverse()
    fake.details.sort(key=lambda r: str(r["date"]))
    assert pulled(connector(provider))[1] == first[1]


def test_a_night_asks_again_and_takes_what_changed(provider: Provider, fake: FakeBiorxiv) -> None:
    _, state = pulled(connector(provider, overlap=2))
    fake.pubs.append(article(2, "2026-11-17"))
    fake.details[0]["published"] = "10.5555/demo.0"
    found, _ = pulled(connector(provider, NIGHT + dt.timedelta(1), overlap=2), state)
    assert sorted(found) == [
        "biorxiv/details/10.1101/2026.11.01.000000v1.json", "biorxiv/pubs/10.1101/2026.11.01.000002.json",
    ]  # fmt: skip


def test_rows_that_never_come(provider: Provider, fake: FakeBiorxiv) -> None:
    fake.extra = 1
    with pytest.raises(TransientError, match="4 of 5 details of biorxiv of 2026-11-16"):
        connector(provider).changes(None)


@pytest.mark.parametrize("rows", [{"a": 1}, 7, None, ["x", 3]])
def test_rows_that_are_none(provider: Provider, rows: object) -> None:
    provider.answer = lambda asked: json_answer({"messages": [{"total": 3}], "collection": rows})
    with pytest.raises(TransientError, match="0 of 3"):
        connector(provider).changes(None)


@pytest.mark.parametrize("value", [{}, {"messages": []}, {"messages": [{"status": "error: database"}]}, []])
def test_an_answer_that_is_none(provider: Provider, value: object) -> None:
    provider.faults = {1: json_answer(value)}
    with pytest.raises(TransientError, match="biorxiv"):
        connector(provider).changes(None)


def test_the_canary(provider: Provider) -> None:
    assert connector(provider).check() == "3 versions on biorxiv, posted 2026-11-17"
