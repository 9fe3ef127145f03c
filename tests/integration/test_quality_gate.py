"""Bands and drift against the accepted nights, and the Data Docs: over real runs of the step."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from quality_world import Tables, merge, valid_tables, write_staging

from pipelines.core.runs import Run
from pipelines.errors import QualityError
from pipelines.quality.step import accept_counts, run
from pipelines.settings import Settings, load

NIGHTS = ("2026-01-02", "2026-01-03", "2026-01-04")
STOP = ("class_mix_drift 0 0.3 stop",)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    found = load({}, tmp_path / "home", "demo")
    return replace(found, quality=replace(found.quality, bands=STOP, min_rows_for_share=20))


def night(key: str) -> Run:
    return Run("nightly_corpus", key, dt.date.fromisoformat(key[:10]))


def check(settings: Settings, tables: Tables, key: str) -> None:
    write_staging(settings, tables, key=key)
    run(settings, night(key))


def usual() -> Tables:
    return merge(valid_tables(n) for n in range(1, 11))


def odd() -> Tables:
    """The same night with every mention a tissue: a map of types that broke."""
    tables = usual()
    for row in tables["annotations"]:
        row.update(entity_type="TISSUE", role=None, raw_role=None, ext_ids=[], ext_dbs=[])
    return tables


def test_a_night_that_looks_like_no_other_stops_and_is_not_what_the_next_is_compared_with(home: Settings) -> None:
    check(home, odd(), NIGHTS[0])  # the first night has nothing to differ from
    check(home, usual(), NIGHTS[0])
    accept_counts(home, night(NIGHTS[0]))
    accept_counts(home, night(NIGHTS[0]))  # close, run a second time
    check(home, usual(), NIGHTS[1])
    with pytest.raises(QualityError, match=r"entity types' shares .*expected 0 to 0.3") as stopped:
        check(home, odd(), NIGHTS[1])
    assert stopped.value.exit_code == 5
    assert "quality.bands" in str(stopped.value)
    check(home, usual(), NIGHTS[2])


def test_a_band_that_warns_lets_the_night_pass(home: Settings) -> None:
    lenient = replace(home, quality=replace(home.quality, bands=("class_mix_drift 0 0.3 warn",)))
    check(lenient, usual(), NIGHTS[0])
    accept_counts(lenient, night(NIGHTS[0]))
    write_staging(lenient, odd(), key=NIGHTS[1])
    warnings = run(lenient, night(NIGHTS[1])).extra["warnings"]
    assert isinstance(warnings, list)
    assert "night.class_mix_drift: 1 of 1" in warnings


def test_a_replay_is_not_judged_as_a_night(home: Settings) -> None:
    check(home, usual(), NIGHTS[0])
    accept_counts(home, night(NIGHTS[0]))
    key = f"{NIGHTS[0]}.1"
    write_staging(home, odd(), key=key)
    replayed = replace(night(key), request={"replay": ["a"]})
    run(home, replayed)
    accept_counts(home, replayed)
    check(home, usual(), NIGHTS[1])


def test_data_docs_say_what_held_and_name_no_row(home: Settings) -> None:
    tables = usual()
    tables["annotations"][0]["role"] = "boss"
    check(home, tables, NIGHTS[0])
    folder = home.path("reports", "docs", NIGHTS[0])
    index = (folder / "index.html").read_text()
    pages = {p.name: p.read_text() for p in folder.glob("*.html")}
    assert {"annotations.html", "figures.html"} <= pages.keys()
    assert all(f'href="{name}"' in index for name in pages if name != "index.html")
    assert "1 unexpected values found" in pages["annotations.html"]
    assert not [n for n, page in pages.items() if "<script" in page or "<link" in page or "<img" in page]
    assert "boss" not in pages["annotations.html"]
    assert max(map(len, pages.values())) < 200_000
