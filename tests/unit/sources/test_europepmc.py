"""Europe PMC day by day against a server on loopback: what is asked, when it ends, what is missing, what is new."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_europepmc import BASE, Article, FakeEuropePmc
from http_server import Answer, Asked, Provider, json_answer, serve

from pipelines.clients.http import HttpClient
from pipelines.core.records import Rejection
from pipelines.errors import PermanentError, TransientError
from pipelines.settings import EuropePmc, load
from pipelines.sources.archives import IgnoredMember
from pipelines.sources.connectors import Changes, Item
from pipelines.sources.europepmc import EuropePmcConnector, query_of

NIGHT = dt.date(2026, 11, 18)
PULL = dataclasses.replace(load({}, Path("home"), "demo").pull, max_file_mib=1)
DAYS = ["2026-11-15", "2026-11-16", "2026-11-17"]


@pytest.fixture
def fake() -> FakeEuropePmc:
    return FakeEuropePmc([Article(i, DAYS[i % 3]) for i in range(12)])


@pytest.fixture
def provider(fake: FakeEuropePmc) -> Iterator[Provider]:
    with serve(fake) as running:
        yield running


def config(provider: Provider, **options: object) -> EuropePmc:
    base = EuropePmc(
        url=f"{provider.url}{BASE}", query="OPEN_ACCESS:Y", journals=(), licences=(), skip=("PMC9000099",),
        first_days=3, overlap_days=1,
        max_days=10, wait_days=3, max_again=5, page_size=2, rate_per_s=1000.0, fallback_for="",
    )  # fmt: skip
    return dataclasses.replace(base, **options)  # type: ignore[arg-type]


def connector(provider: Provider, night: dt.date = NIGHT, *, retries: int = 0, **options: object) -> EuropePmcConnector:
    client = HttpClient(f"{provider.url}{BASE}", rate_per_s=1000, retries=retries, first_wait_s=0.01)
    return EuropePmcConnector(config(provider, **options), http=client, night=night, pull=PULL, is_synthetic=True)


def keys(changes: Changes) -> list[str]:
    return sorted(i.key for i in changes.items)


def days_asked(provider: Provider) -> list[str]:
    asked = [a.query["query"].partition("UPDATE_DATE:[")[2][:10] for a in provider.asked if a.path.endswith("/search")]
    return sorted(set(asked))


def parts(source: EuropePmcConnector, item: Item) -> dict[str, bytes | Rejection | IgnoredMember]:
    return dict(source.fetch(item))


def test_a_first_night_asks_for_whole_days(provider: Provider, fake: FakeEuropePmc) -> None:
    fake.articles += [Article(20, "2026-11-14"), Article(21, "2026-11-18")]
    source = connector(provider)
    changes = source.changes(None)
    assert keys(changes) == sorted(a.pmcid for a in fake.articles[:12])
    assert days_asked(provider) == DAYS
    assert "12 new or changed, 0 as before" in changes.notes[0]
    found = parts(source, changes.items[0])
    name = changes.items[0].key
    assert found[f"{name}.xml"] == b"<article/>"
    assert json.loads(found[f"{name}.json"])["pmcid"] == name  # type: ignore[arg-type]


def test_the_next_night_brings_what_changed(provider: Provider, fake: FakeEuropePmc) -> None:
    state = connector(provider).changes(None).state
    provider.asked.clear()
    fake.articles.append(Article(20, "2026-11-17"))
    fake.articles.append(Article(21, "2026-11-18"))
    fake.articles[2].fields = {"title": "Corrected"}
    fake.articles[5].fields = {"citedByCount": 99}
    fake.articles[0].day = "2026-11-18"
    changed = [fake.articles[0], fake.articles[2], *fake.articles[12:]]
    after = connector(provider, NIGHT + dt.timedelta(1)).changes(state)
    assert days_asked(provider) == ["2026-11-17", "2026-11-18"]
    assert keys(after) == sorted(a.pmcid for a in changed)
    again = connector(provider, NIGHT + dt.timedelta(2)).changes(after.state)
    assert keys(again) == []


def test_the_same_or_an_older_night_asks_nothing_and_keeps_the_state(provider: Provider) -> None:
    state = connector(provider).changes(None).state
    provider.asked.clear()
    for night in (NIGHT, NIGHT - dt.timedelta(5)):
        changes = connector(provider, night).changes(state)
        assert (changes.items, changes.state) == ([], state)
        assert "read through 2026-11-17" in changes.notes[0]
    assert provider.asked == []


def test_a_long_pause_is_caught_up_in_portions(provider: Provider, fake: FakeEuropePmc) -> None:
    state = connector(provider).changes(None).state
    fake.articles = [Article(100 + i, f"2026-11-{18 + i}") for i in range(8)]
    found, night = [], dt.date(2026, 11, 26)
    for _ in range(3):
        changes = connector(provider, night, max_days=3).changes(state)
        found += keys(changes)
        state = changes.state
    assert found == [a.pmcid for a in fake.articles]
    assert connector(provider, night).changes(state).items == []


def test_as_a_fallback_it_goes_no_further_back_than_a_first_night(provider: Provider, fake: FakeEuropePmc) -> None:
    state = connector(provider, fallback_for="pmc").changes(None).state
    provider.asked.clear()
    connector(provider, dt.date(2026, 12, 20), fallback_for="pmc").changes(state)
    assert days_asked(provider) == ["2026-12-16", "2026-12-17", "2026-12-18", "2026-12-19"]


def answer_with(fake: FakeEuropePmc, change: dict[str, object], *, from_mark: str = "*"):  # type: ignore[no-untyped-def]
    def answer(asked: Asked) -> Answer:
        reply = fake(asked)
        if not asked.path.endswith("/search") or asked.query["cursorMark"] < from_mark:
            return reply
        return json_answer({**json.loads(reply.body), **change})

    return answer


def test_the_list_ends_where_no_mark_comes(provider: Provider, fake: FakeEuropePmc) -> None:
    provider.answer = answer_with(fake, {"nextCursorMark": None}, from_mark="Ao2")
    assert len(connector(provider).changes(None).items) == 12
    assert len(provider.asked) == 3 * 2


def test_the_list_ends_on_an_empty_page_and_on_a_repeated_mark(provider: Provider, fake: FakeEuropePmc) -> None:
    assert len(connector(provider, page_size=4).changes(None).items) == 12
    assert len(provider.asked) == 3 * 2  # the second page is empty, and its mark the one before


@pytest.mark.parametrize("change", [{"nextCursorMark": "*"}, {"nextCursorMark": None}, {"resultList": {}}],
                         ids=["repeated mark", "no mark", "no results"])  # fmt: skip
def test_a_list_cut_short_is_no_small_night(provider: Provider, fake: FakeEuropePmc, change: dict[str, object]) -> None:
    provider.answer = answer_with(fake, change)
    with pytest.raises(TransientError, match=r"[02] of 4 articles updated on 2026-11-15 came"):
        connector(provider).changes(None)


def test_a_day_that_changes_while_it_is_listed_is_listed_again(provider: Provider, fake: FakeEuropePmc) -> None:
    provider.faults = {2: json_answer({"hitCount": 4, "resultList": {"result": []}})}
    assert len(connector(provider).changes(None).items) == 12


def test_hits_that_never_come(provider: Provider, fake: FakeEuropePmc) -> None:
    fake.extra_hits = 1
    with pytest.raises(TransientError, match="4 of 5"):
        connector(provider).changes(None)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"hitCount": "many"}', b"<html>down</html>", b'{"hitCount": 3, "resultList"'],
)  # fmt: skip
def test_an_answer_that_is_none(provider: Provider, body: bytes) -> None:
    provider.faults = {1: Answer(body=body)}
    with pytest.raises(TransientError):
        connector(provider).changes(None)


def test_what_has_no_full_text_is_said(provider: Provider, fake: FakeEuropePmc) -> None:
    fake.articles = [
        Article(1, DAYS[0], is_open=False), Article(2, DAYS[0], licence="cc by-nc"), Article(3, DAYS[0], xml=b""),
        Article(4, DAYS[0], xml=b"<article>" + b" " * (1 << 20) + b"</article>"),
        Article(5, DAYS[0], fields={"pmcid": None, "id": "PPR1", "source": "PPR"}), Article(99, DAYS[0]),
    ]  # fmt: skip
    source = connector(provider, licences=("CC-BY",))
    items = {i.key: i for i in source.changes(None).items}
    said = {}
    for key, item in items.items():
        found = parts(source, item)
        assert isinstance(found[f"{key}.json"], bytes)
        text = found[f"{key}.xml"]
        said[key] = text.why if isinstance(text, IgnoredMember) else text.message if isinstance(text, Rejection) else ""
    assert list(said) == ["PMC9000001", "PMC9000002", "PMC9000003", "PMC9000004", "PMC9000099", "PPR-PPR1"]
    expected = ["not open access", "licence cc by nc", "404", "max_file_mib", "skip", "no full text is listed"]
    assert all(word in text for word, text in zip(expected, said.values(), strict=True)), said


def test_the_full_text_id_of_the_record_is_taken_first(provider: Provider, fake: FakeEuropePmc) -> None:
    fake.articles = [Article(1, DAYS[0], fields={"fullTextIdList": {"fullTextId": ["PPR7"]}})]
    source = connector(provider)
    parts(source, source.changes(None).items[0])
    assert provider.asked[-1].path == f"{BASE}/PPR7/fullTextXML"


def test_the_canary(provider: Provider, fake: FakeEuropePmc) -> None:
    assert connector(provider).check() == "Europe PMC 6.9, 12 articles match the query"
    assert provider.asked[0].query["pageSize"] == "1"
    fake.articles = []
    with pytest.raises(PermanentError, match=r"matches no article.*mend sources\.europepmc"):
        connector(provider).check()
    provider.faults = {3: json_answer({"errCode": 404, "errMsg": "Invalid query"})}
    with pytest.raises(PermanentError, match="Invalid query"):
        connector(provider).check()


def test_the_query(provider: Provider) -> None:
    narrowed = config(provider, journals=("eLife", "1460-2075"))
    assert query_of(narrowed) == '(OPEN_ACCESS:Y) AND (JOURNAL:"eLife" OR ISSN:"1460-2075")'
    assert narrowed.place != config(provider).place
    assert config(provider, url="").place == ""


def test_a_failure_after_any_answer_loses_nothing(provider: Provider) -> None:
    """The provider fails at its n-th answer, for every n; the next try from the same state finds what an undisturbed
    one does."""

    def everything() -> tuple[list[tuple[str, str]], bytes]:
        source = connector(provider)
        changes = source.changes(None)
        return [(name, str(data)) for item in changes.items for name, data in source.fetch(item)], changes.state

    undisturbed = everything()
    n_requests = len(provider.asked)
    assert n_requests > 20
    for n in range(1, n_requests + 1):
        provider.asked.clear()
        provider.faults = {n: Answer(503)}
        with pytest.raises(TransientError):
            everything()
        assert everything() == undisturbed
