"""A night from Europe PMC, pulled from a server on loopback: failures anywhere, and a source that stands in."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_europepmc import BASE, Article, FakeEuropePmc
from http_server import Answer, Provider, serve

from pipelines.clients.objectstore import open_part
from pipelines.core.runs import Run, StageResult
from pipelines.errors import TransientError, UsageError
from pipelines.settings import Settings, load
from pipelines.sources import step

NIGHT = dt.date(2026, 11, 18)


@pytest.fixture
def provider() -> Iterator[Provider]:
    articles = [Article(i, f"2026-11-{16 + i % 2}", xml=b"<article>%d</article>" % i) for i in range(6)]
    articles[3].xml = b""
    with serve(FakeEuropePmc(articles)) as running:
        yield running


def settings_of(home: Path, provider: Provider, **extra: str) -> Settings:
    environ = {
        "NIGHTCAP_SOURCES__EUROPEPMC__URL": f"{provider.url}{BASE}", "NIGHTCAP_SOURCES__EUROPEPMC__PAGE_SIZE": "2",
        "NIGHTCAP_SOURCES__EUROPEPMC__RATE_PER_S": "1000.0", "NIGHTCAP_SOURCES__EUROPEPMC__FIRST_DAYS": "2",
        "NIGHTCAP_HTTP__RETRIES": "0", "NIGHTCAP_HTTP__FIRST_WAIT_S": "0.01", "NIGHTCAP_PULL__WORKERS": "2", **extra,
    }  # fmt: skip
    return load(environ, home, "demo")


def pull(settings: Settings, night: dt.date = NIGHT, **places: str) -> StageResult:
    request = {"night": night.isoformat(), **settings.sources.places(), **places}
    return step.run(settings, Run("nightly_corpus", night.isoformat(), night, request))


def landed(settings: Settings, night: dt.date = NIGHT) -> tuple[list[dict[str, object]], list[str], bytes]:
    """Manifest without times, raw objects and the state for the next night."""
    landing, staging = open_part(settings, "landing"), open_part(settings, "staging")
    rows = [json.loads(line) for line in landing.read(f"nights/{night}/manifest-0.jsonl").splitlines()]
    manifest = [{k: v for k, v in row.items() if k != "fetched_at"} for row in rows]
    states = [o.key for o in staging.iter_objects(f"{night}/pull/listings/")]
    assert len(states) == 1
    return manifest, [o.key for o in landing.iter_objects("sha256/")], staging.read(states[0])


def close(settings: Settings, night: dt.date = NIGHT) -> None:
    """What the close step does with the state of a source."""
    landing, staging = open_part(settings, "landing"), open_part(settings, "staging")
    for found in staging.iter_objects(f"{night}/pull/listings/"):
        landing.write(f"listings/{found.key.rsplit('/', 1)[-1]}", staging.read(found.key))


def test_a_failure_after_any_answer_leaves_the_undisturbed_manifest(provider: Provider, tmp_path: Path) -> None:
    """For every n: the n-th answer fails and the pull with it; the next try of the same night counts nothing twice."""
    undisturbed = settings_of(tmp_path / "0", provider)
    result = pull(undisturbed)
    assert dict(result.counts) == {
        "n_in": 12, "valid": 11, "quarantined": 0, "duplicate": 0, "unchanged": 0, "ignored": 1,
    }  # fmt: skip
    n_requests = len(provider.asked)
    assert n_requests == 1 + 2 * 2 + 6 + 2  # canary, pages, full texts, and the empty page that ends each day
    for n in range(1, n_requests + 1):
        settings = settings_of(tmp_path / str(n), provider)
        provider.asked.clear()
        provider.faults = {n: Answer(502)}
        with pytest.raises(TransientError, match="status 502"):
            pull(settings)
        assert not list(open_part(settings, "landing").iter_objects("nights/"))
        assert dict(pull(settings).counts) == dict(result.counts)
        assert landed(settings) == landed(undisturbed)


@pytest.mark.parametrize("fault", [Answer(429, headers={"Retry-After": "0"}), Answer(body=b"<html>x</html>"),
                                   Answer(body=b"<article>", cut=3)], ids=["429", "page", "cut"])  # fmt: skip
def test_a_passing_fault_is_not_seen(provider: Provider, tmp_path: Path, fault: Answer) -> None:
    undisturbed = settings_of(tmp_path / "0", provider)
    pull(undisturbed)
    n_requests = len(provider.asked)
    settings = settings_of(tmp_path / "1", provider, NIGHTCAP_HTTP__RETRIES="1", NIGHTCAP_PULL__WORKERS="1")
    provider.asked.clear()
    provider.faults = dict.fromkeys(range(1, 2 * n_requests, 2), fault)
    pull(settings)
    assert len(provider.asked) == 2 * n_requests
    assert landed(settings) == landed(undisturbed)


def test_the_next_night_takes_what_came_since(provider: Provider, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, provider)
    pull(settings)
    close(settings)
    assert isinstance(provider.answer, FakeEuropePmc)
    provider.answer.articles.append(Article(7, "2026-11-18", xml=b"<article>new</article>"))
    after = pull(settings, NIGHT + dt.timedelta(1))
    assert (after.counts["n_in"], after.counts["valid"]) == (3, 2)
    assert "1 new or changed, 6 as before" in after.message
    manifest = landed(settings, NIGHT + dt.timedelta(1))[0]
    names = [row["name"] for row in manifest if row["row"] == "file" and row["status"] == "valid"]
    assert names == ["PMC9000007.json", "PMC9000007.xml"]


def files(settings: Settings, night: dt.date) -> list[tuple[object, ...]]:
    rows = (row for row in landed(settings, night)[0] if row["row"] == "file")
    return [(row["name"], row["status"]) for row in rows]


def texts_asked(provider: Provider) -> list[str]:
    found = [a.path.split("/")[-2] for a in provider.asked if a.path.endswith("/fullTextXML")]
    provider.asked.clear()
    return found


def test_a_full_text_that_comes_after_its_record_is_taken(provider: Provider, tmp_path: Path) -> None:
    """The record of article 3 does not change any more; its text comes on the third night."""
    settings, fake = settings_of(tmp_path, provider), provider.answer
    assert isinstance(fake, FakeEuropePmc)
    pull(settings)
    close(settings)
    texts_asked(provider)
    nights = [NIGHT + dt.timedelta(n) for n in range(1, 5)]
    second = pull(settings, nights[0])
    close(settings, nights[0])
    assert "1 full texts that were not there asked for again, 0 more wait" in second.message
    assert files(settings, nights[0]) == [("PMC9000003.xml", "ignored")]
    assert texts_asked(provider) == ["PMC9000003"]
    fake.articles[3].xml = b"<article>late</article>"
    provider.faults = {len(provider.asked) + 1: Answer(502)}
    with pytest.raises(TransientError):
        pull(settings, nights[1])
    provider.faults = {}
    assert pull(settings, nights[1]).counts["valid"] == 1
    close(settings, nights[1])
    assert files(settings, nights[1]) == [("PMC9000003.xml", "valid")]
    texts_asked(provider)
    pull(settings, nights[2])
    close(settings, nights[2])
    assert (files(settings, nights[2]), texts_asked(provider)) == ([], [])


def test_a_run_that_names_its_sources_says_which_it_does_not_ask(provider: Provider, tmp_path: Path) -> None:
    (tmp_path / "deposit").mkdir()
    (tmp_path / "deposit" / "a.xml").write_bytes(b"<article/>")
    settings, deposit = settings_of(tmp_path / "home", provider), str(tmp_path / "deposit")
    result = step.run(settings, Run("nightly_corpus", NIGHT.isoformat(), NIGHT, {"deposit": deposit}))
    assert "configured and not asked in this run, which names its sources: europepmc" in result.message
    assert provider.asked == []
    assert "not asked" not in pull(settings, NIGHT + dt.timedelta(1)).message


def test_waiting_ends_with_a_row_that_says_so(provider: Provider, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, provider, NIGHTCAP_SOURCES__EUROPEPMC__WAIT_DAYS="2")
    statuses = []
    for night in (NIGHT + dt.timedelta(n) for n in range(4)):
        pull(settings, night)
        close(settings, night)
        statuses.append([s for name, s in files(settings, night) if name == "PMC9000003.xml"])
        again = dt.date.isoformat(night) + ".1"
        result = step.run(settings, Run("nightly_corpus", again, night, dict(settings.sources.places())))
        assert "nothing new since the last run" in str(result.skipped)
    assert statuses == [["ignored"], ["ignored"], ["quarantined"], []]
    (row,) = [r for r in landed(settings, NIGHT + dt.timedelta(2))[0] if r["row"] == "file"]
    assert row["reason"] == "unreadable"
    assert "answered 404 since 2026-11-18: given up (sources.europepmc.wait_days)" in str(row["message"])


def test_the_calls_for_what_is_not_there_are_bounded_and_go_round(provider: Provider, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, provider, NIGHTCAP_SOURCES__EUROPEPMC__MAX_AGAIN="2")
    assert isinstance(provider.answer, FakeEuropePmc)
    for article in provider.answer.articles[1:]:
        article.xml = b""
    asked = []
    for night in (NIGHT + dt.timedelta(n) for n in range(4)):
        pull(settings, night)
        close(settings, night)
        asked.append(sorted(texts_asked(provider)))
    assert asked[1:] == [["PMC9000001", "PMC9000002"], ["PMC9000003", "PMC9000004"], ["PMC9000001", "PMC9000005"]]


def test_a_source_that_fails_is_missing_and_its_days_stay_open(provider: Provider, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home", provider)
    (tmp_path / "deposit").mkdir()
    provider.faults = {1: Answer(500)}
    result = pull(settings, deposit=str(tmp_path / "deposit"))
    assert list(result.extra["sources_missing"]) == ["europepmc"]  # type: ignore[call-overload]
    close(settings)
    after = pull(settings, NIGHT + dt.timedelta(1), deposit=str(tmp_path / "deposit"))
    assert after.counts["valid"] == 11 - 6  # the first night has passed: this one begins two days before it


def test_a_source_stands_in_for_one_that_is_missing(provider: Provider, tmp_path: Path) -> None:
    (tmp_path / "deposit").mkdir()
    (tmp_path / "deposit" / "a.xml").write_bytes(b"<article/>")
    days = (NIGHT + dt.timedelta(i) for i in itertools.count())
    settings = settings_of(tmp_path / "home", provider, NIGHTCAP_SOURCES__EUROPEPMC__FALLBACK_FOR="deposit")
    there = pull(settings, next(days), deposit=str(tmp_path / "deposit"))
    assert (there.counts["valid"], provider.asked) == (1, [])
    gone = pull(settings, next(days), deposit=str(tmp_path / "gone"))
    assert list(gone.extra["sources_missing"]) == ["deposit"]  # type: ignore[call-overload]
    assert gone.counts["valid"] == 5
    alone = pull(settings, next(days))
    assert alone.counts["valid"] == 0
    with pytest.raises(UsageError, match="must be one of deposit, curation, pmc"):
        settings_of(tmp_path, provider, NIGHTCAP_SOURCES__EUROPEPMC__FALLBACK_FOR="PMC").sources.places()
