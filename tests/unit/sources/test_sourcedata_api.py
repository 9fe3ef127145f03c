"""The SourceData API on loopback: what a night asks for, what changed, what is gone; no failure is an answer."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from http_server import Answer, Asked, Provider, json_answer, serve

from pipelines.clients.http import HttpClient
from pipelines.core.records import Reason, Rejection
from pipelines.errors import PermanentError, TransientError
from pipelines.settings import SourceDataApi, load
from pipelines.sources.connectors import Changes
from pipelines.sources.sourcedata_api import SourceDataApiConnector

EMPTY_DOI = {"doi": "empty", "pmid": 7, "id": "SD7", "nbFigures": 1, "nbPanels": 1, "nbTags": 1}


class FakeApi:
    """Papers → figures → panels of one tag each, with one user."""

    def __init__(self, papers: dict[str, int]) -> None:
        self.figures = {paper: [f"Fig {n + 1}" for n in range(n_figures)] for paper, n_figures in papers.items()}
        self.modified = dict.fromkeys(papers, "2026-08-05 07:29:26")
        self.stated_tags: dict[str, int] = {}
        self.nothing: set[str] = set()
        self.others: list[dict[str, Any]] = []

    def entry(self, paper: str) -> dict[str, Any]:
        n = len(self.figures[paper])
        tags = self.stated_tags.get(paper, n)
        return {"doi": f"10.1234/{paper}", "id": paper, "pmid": "", "nbFigures": n, "nbPanels": n, "nbTags": tags}

    def payload(self, panel: str) -> dict[str, Any]:
        paper, _, number = panel.partition("-")
        tag = {"id": "1", "type": "gene", "role": "assayed", "text": "LC3", "category": None, "in_caption": "Y"}
        caption = f'<p>(A) Blot of <sd-tag id="sdTag1">LC3</sd-tag> in figure {number} of {paper}.</p>'
        listed = [{"label": f, "panel_id": f"{paper}-{n}"} for n, f in enumerate(self.figures[paper])]
        return {
            "current_panel_id": panel,
            "paper": {"paper_id": paper, "doi": f"10.1234/{paper}", "last_modification_date": self.modified[paper],
                      "figures": listed},
            "figure": {"figure_id": f"f{panel}", "label": self.figures[paper][int(number)],
                       "panels": [{"panel_id": panel, "label": "A", "caption": caption, "tags": [tag]}]},
        }  # fmt: skip

    def __call__(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Basic " + base64.b64encode(b"ann:secret").decode():
            return Answer(401)
        if asked.path in self.nothing:
            return json_answer({})
        parts = asked.path.strip("/").split("/")
        if parts == ["collection", "PUBLICSEARCH"]:
            return json_answer([{"collection_id": "97", "name": "PUBLICSEARCH"}])
        if parts == ["collection", "97", "papers"]:
            return json_answer([*map(self.entry, self.figures), *self.others])
        if parts[0] == "panel":
            return json_answer(self.payload(parts[1]))
        paper = parts[4]
        if len(parts) == 5:
            return json_answer({"nbFigures": str(len(self.figures[paper]))})
        n = int(parts[6]) - 1
        return json_answer({"figure_id": "x", "label": self.figures[paper][n], "panels": [f"{paper}-{n}"]})


@pytest.fixture
def api() -> FakeApi:
    return FakeApi({"p1": 2, "p2": 1, "p3": 3})


@pytest.fixture
def provider(api: FakeApi) -> Iterator[Provider]:
    with serve(api) as running:
        yield running


def connector(provider: Provider, *, password: str = "secret", **options: object) -> SourceDataApiConnector:
    base: SourceDataApi = load({}, "/nowhere", "demo").sources.sourcedata_api
    config = dataclasses.replace(base, url=provider.url, user="ann", password=password, **options)  # type: ignore[arg-type]
    client = HttpClient(provider.url, rate_per_s=1000, retries=0, auth=("ann", password), auth_setting="the connection")
    return SourceDataApiConnector(config, http=client, is_synthetic=True)


def landed(source: SourceDataApiConnector, changes: Changes) -> dict[str, bytes | Rejection]:
    return {name: part for item in changes.items for name, part in source.fetch(item)}  # type: ignore[misc]


def test_a_first_night_brings_every_figure_once(provider: Provider) -> None:
    source = connector(provider)
    assert source.check() == "collection PUBLICSEARCH has the id 97"
    found = landed(source, source.changes(None))
    figures = [f"{p}/figure-{n + 1}.json" for p, of in (("p1", 2), ("p2", 1), ("p3", 3)) for n in range(of)]
    assert sorted(found) == sorted([*figures, "p1/paper.json", "p2/paper.json", "p3/paper.json"])
    assert json.loads(found["p3/figure-2.json"])["figure"]["label"] == "Fig 2"  # type: ignore[arg-type]


def test_the_next_night_asks_once_a_paper_and_brings_what_changed(provider: Provider, api: FakeApi) -> None:
    state = connector(provider).changes(None).state
    provider.asked.clear()
    assert connector(provider).changes(state).items == []
    assert len(provider.asked) == 2 + 3
    api.modified["p2"] = "2026-11-20 10:00:00"
    changes = connector(provider).changes(state)
    assert [i.key for i in changes.items] == ["p2"]
    assert connector(provider).changes(changes.state).items == []


def test_what_is_gone_is_said_so(provider: Provider, api: FakeApi) -> None:
    state = connector(provider).changes(None).state
    api.figures["p3"].remove("Fig 2")
    del api.figures["p1"]
    source = connector(provider)
    found = landed(source, source.changes(state))
    deleted = {name: json.loads(part)["deleted"] for name, part in found.items() if name.endswith("deleted.json")}  # type: ignore[arg-type]
    assert deleted == {
        "p1/deleted.json": ["10.1234/p1#Fig 1", "10.1234/p1#Fig 2"],
        "p3/deleted.json": ["10.1234/p3#Fig 2"],
    }


def test_more_papers_than_a_night_takes_follow_the_next(provider: Provider) -> None:
    first = connector(provider, max_papers=2).changes(None)
    second = connector(provider, max_papers=2).changes(first.state)
    assert [i.key for i in first.items] == ["p1", "p2"]
    assert [i.key for i in second.items] == ["p3"]
    assert "1 left for later" in first.notes[0]


def test_an_empty_object_is_a_rejection_and_asked_for_again(provider: Provider, api: FakeApi) -> None:
    api.nothing = {"/collection/97/paper/10.1234/p3/figure/2", "/panel/p2-0"}
    source = connector(provider)
    changes = source.changes(None)
    found = landed(source, changes)
    rejected = {name: part.reason for name, part in found.items() if isinstance(part, Rejection)}
    assert rejected == dict.fromkeys(
        ["p2/figure-1", "p2/reconciliation", "p3/figure-2", "p3/reconciliation"], Reason.INCOMPLETE_DELIVERY
    )
    api.nothing = set()
    again = landed(source, connector(provider).changes(changes.state))
    assert {"p2/figure-1.json", "p3/figure-2.json"} <= again.keys()
    assert not any(isinstance(part, Rejection) for part in again.values())


def test_other_numbers_than_the_list_states_are_said(provider: Provider, api: FakeApi) -> None:
    api.stated_tags["p1"] = 166
    source = connector(provider)
    found = landed(source, source.changes(None))
    (wrong,) = [part for part in found.values() if isinstance(part, Rejection)]
    assert wrong.message.startswith("the list and what came differ: nbTags is 166, 2 came")


def test_a_paper_without_doi_is_rejected_once(provider: Provider, api: FakeApi) -> None:
    api.others = [EMPTY_DOI]
    source = connector(provider)
    changes = source.changes(None)
    assert landed(source, changes)["SD7/figures"].reason == Reason.NO_IDENTITY  # type: ignore[union-attr]
    assert connector(provider).changes(changes.state).items == []


def test_no_paper_at_all_takes_nothing_away(provider: Provider, api: FakeApi) -> None:
    state = connector(provider).changes(None).state
    api.figures.clear()
    with pytest.raises(PermanentError, match="nothing is taken for gone"):
        connector(provider).changes(state)


def test_wrong_credentials_name_the_setting(provider: Provider) -> None:
    with pytest.raises(PermanentError, match="check the connection"):
        connector(provider, password="wrong").check()


def test_whatever_answer_fails_the_next_try_has_all(provider: Provider) -> None:
    """A fault at each n-th request: the source is missing from that night, and nothing is lost or taken for gone."""
    source = connector(provider)
    whole = landed(source, source.changes(None))
    n_requests = len(provider.asked)
    for n in range(1, n_requests + 1):
        provider.asked.clear()
        provider.faults = {n: Answer(503)}
        source = connector(provider)
        with pytest.raises(TransientError):
            landed(source, source.changes(None))
        provider.faults = {}
        assert landed(source, source.changes(None)) == whole
