"""`nightcap plan`: what is new by listing, why, how long earlier nights took for as much; and it changes nothing."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pipelines.cli.plan import fit_line, make_plan
from pipelines.errors import UsageError
from pipelines.flows.execute import execute
from pipelines.settings import Settings, load

NIGHT = {"date": "2026-11-18", "curation": ""}
STEPS = ("pull", "parse", "check", "freeze", "close")


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for n in range(4):
        (folder / f"{n}.xml").write_text(f"<article><front/><!-- {n} --></article>")
    (folder / "notes.txt").write_text("no article")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({}, tmp_path / "home", "demo")


def files_below(folder: Path) -> list[str]:
    return sorted(str(p) for p in folder.rglob("*"))


def close_by_hand(settings: Settings, seconds: float) -> None:
    """What the other steps leave for a plan: their results, and the listing that the next night compares with."""
    folder = settings.path("runs", "nightly_corpus", "2026-11-18")
    for step in STEPS:
        (folder / f"{step}.json").write_text(json.dumps({"seconds": seconds / len(STEPS), "uri": "x"}))
    listings = settings.path("staging", "2026-11-18", "pull", "listings")
    shutil.copytree(listings, settings.path("landing", "listings"))


def test_a_first_night_takes_everything_and_nothing_is_made(settings: Settings, articles: Path) -> None:
    report = make_plan(settings, {**NIGHT, "articles": str(articles)})
    (source,) = report["sources"]
    assert (source["n_files"], source["n_new"], source["n_ignored"]) == (5, 4, 1)
    assert report["has_work"]
    assert report["estimate"] == {}, "no earlier night says how long it takes"
    assert not settings.root.exists()


def test_a_later_night_takes_what_changed(settings: Settings, articles: Path) -> None:
    options = {**NIGHT, "articles": str(articles)}
    execute(settings, "nightly_corpus", "pull", None, options)
    assert "it goes on after pull" in make_plan(settings, options)["why"]
    close_by_hand(settings, seconds=120)
    before = files_below(settings.root)
    report = make_plan(settings, {**options, "date": "2026-11-19"})
    assert not report["has_work"]
    assert report["sources"][0]["n_unchanged"] == 4
    (articles / "0.xml").unlink()
    (articles / "1.xml").write_text("<article><front/>another text</article>")
    (articles / "9.xml").write_text("<article/>")
    os.utime(articles / "1.xml", ns=(1, 1))
    report = make_plan(settings, options)
    (source,) = report["sources"]
    assert (source["n_new"], source["n_changed"], source["n_unchanged"], source["n_vanished"]) == (1, 1, 2, 1)
    assert report["run"] == "2026-11-18.1"
    assert report["estimate"]["nightly_corpus"] == {"minutes": 2.0, "from_runs": 1}
    assert files_below(settings.root) == before


def test_a_source_that_cannot_be_listed_is_named(settings: Settings, articles: Path) -> None:
    report = make_plan(settings, {"date": "2026-11-18", "articles": str(articles), "curation": "/nowhere"})
    assert [("error" in s) for s in report["sources"]] == [False, True]
    assert report["exit_code"] == 0
    assert make_plan(settings, {**NIGHT, "articles": "/nowhere"})["exit_code"] == 2
    with pytest.raises(UsageError, match="no source to pull from"):
        make_plan(settings, {**NIGHT, "articles": ""})


def test_a_run_that_ended_with_nothing_binds_nobody_to_its_folder(settings: Settings, articles: Path) -> None:
    wrong = {**NIGHT, "articles": str(articles.parent / "articels")}
    with pytest.raises(UsageError, match="is no folder"):
        execute(settings, "nightly_corpus", "pull", None, wrong)
    options = {**NIGHT, "articles": str(articles)}
    assert make_plan(settings, options)["sources"][0]["n_new"] == 4
    assert execute(settings, "nightly_corpus", "pull", None, options)["counts"]["valid"] == 4
    with pytest.raises(UsageError, match="finish it first"):
        execute(settings, "nightly_corpus", "pull", None, wrong)
    close_by_hand(settings, 60)
    assert execute(settings, "nightly_corpus", "pull", None, options)["skipped"]
    other = articles.parent / "other"
    other.mkdir()
    (other / "9.xml").write_text("<article><front/><!-- 9 --></article>")
    result = execute(settings, "nightly_corpus", "pull", None, {**NIGHT, "articles": str(other)})
    assert (result["run"], result["counts"]["valid"]) == ("2026-11-18.1", 1)


def test_a_night_that_failed_after_it_had_landed_something_keeps_its_request(
    settings: Settings, articles: Path
) -> None:
    wrong = {**NIGHT, "articles": str(articles.parent / "articels")}
    with pytest.raises(UsageError, match="is no folder"):
        execute(settings, "nightly_corpus", "pull", None, wrong)
    journal = settings.path("staging", "2026-11-18", "pull", "journal", "deposit")
    journal.mkdir(parents=True)
    (journal / "000000.jsonl").write_text("{}")
    with pytest.raises(UsageError, match="finish it first"):
        execute(settings, "nightly_corpus", "pull", None, {**NIGHT, "articles": str(articles)})


def test_minutes_follow_what_earlier_nights_took() -> None:
    assert fit_line([(0, 10), (100, 20)]) == pytest.approx((10, 0.1))
    assert fit_line([(50, 8), (50, 12)]) == pytest.approx((10, 0))
    assert fit_line([(10, 5), (100, 95)])[0] == 0
    assert fit_line([(10, 50), (100, 5)])[1] == 0
