"""Issues and receipts of homes that no undisturbed night leaves: stopped, published, backfilled, with parts gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from publish_world import NER, make_home, write_predictions
from small_corpus import close_night, home_settings, issue

from pipelines.analytics.step import run_publish
from pipelines.core.runs import Run
from pipelines.core.waivers import Waiver
from pipelines.feedback.issues import Issue
from pipelines.feedback.step import describe_issue, read_issues, run, set_waiver
from pipelines.settings import Settings

VERSION = "corpus/2026-11-18"


def land(settings: Settings, run_key: str, *names: str, sender: str = "deposit", source: str = "deposit") -> None:
    """A manifest with one delivery of these files."""
    night, _, n = run_key.partition(".")
    path = settings.path("landing", "nights", night, f"manifest-{n or 0}.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    delivery_id = f"{source}:{night}:{int(n or 0) + 1}"
    rows: list[dict[str, Any]] = [
        {"row": "file", "source": source, "delivery": ".", "delivery_id": delivery_id, "name": name, "size": 1,
         "status": "valid", "reason": "", "message": "", "raw_sha256": issue("x", name, night)["raw_sha256"]}
        for name in names
    ]  # fmt: skip
    rows.append({
        "row": "delivery", "delivery_id": delivery_id, "source": source, "sender": sender, "name": ".",
        "format": "mixed", "review_stage": "machine", "annotated_types": [], "has_roles": False, "is_synthetic": True,
        "stated_date": None, "content_sha256": "c",
    })  # fmt: skip
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Night one rejected a.xml."""
    home = home_settings(tmp_path / "home")
    land(home, "2026-11-18", "a.xml", "b.xml")
    close_night(home, "2026-11-18", None, [issue("not_xml", "a.xml", "2026-11-18")])
    return home


def only(settings: Settings) -> Issue:
    (found,) = read_issues(settings)
    return found


def receipt(settings: Settings, name: str = "deposit/deposit:2026-11-18:1") -> dict[str, Any]:
    return dict(json.loads(settings.path("outbox", f"{name}.json").read_text()))


def test_a_later_night_fixes_and_an_older_one_backfilled_does_not(settings: Settings) -> None:
    land(settings, "2026-11-17", "a.xml")
    close_night(settings, "2026-11-17", None)
    assert only(settings).status == "open"
    land(settings, "2026-11-18.1", "a.xml")
    close_night(settings, "2026-11-18.1", None)
    assert (only(settings).status, only(settings).settled_by) == ("fixed", "deposit:2026-11-18:2")


def test_a_night_that_was_stopped_or_is_still_running_fixes_nothing(settings: Settings) -> None:
    land(settings, "2026-11-19", "a.xml")
    assert only(settings).status == "open"
    close_night(settings, "2026-11-19", None, status="stopped")
    assert only(settings).status == "open"
    close_night(settings, "2026-11-19", None)
    assert only(settings).status == "fixed"


def test_a_file_that_is_rejected_again_stays_open(settings: Settings) -> None:
    land(settings, "2026-11-19", "a.xml")
    again = {**issue("empty_file", "a.xml", "2026-11-19"), "issue_id": "other"}
    close_night(settings, "2026-11-19", None, [again])
    assert {i.status for i in read_issues(settings)} == {"open"}


def test_a_receipt_follows_the_state_of_its_rows(settings: Settings) -> None:
    first = run(settings, Run("feedback", "all"))
    assert (first.counts["written"], first.counts["rejected"]) == (1, 1)
    assert run(settings, Run("feedback", "all")).counts["written"] == 0
    set_waiver(settings, Waiver(only(settings).issue_id, "ada", "not ours", "2026-11-20"))
    assert run(settings, Run("feedback", "all")).counts["written"] == 1
    assert receipt(settings)["status_of_rejected"] == {"waived": 1}
    land(settings, "2026-11-19", "a.xml")
    close_night(settings, "2026-11-19", None)
    again = run(settings, Run("feedback", "all"))
    assert (again.counts["written"], again.counts["kept"]) == (2, 0)
    assert receipt(settings)["status_of_rejected"] == {"fixed": 1}
    assert receipt(settings)["accepted"] is None


def test_a_row_that_names_no_delivery_goes_with_its_file(settings: Settings) -> None:
    alias = {**issue("no_identity", "b.xml", "2026-11-18"), "delivery_id": "", "unit": "document"}
    close_night(settings, "2026-11-18", None, [alias], status="stopped")
    run(settings, Run("feedback", "all"))
    said = receipt(settings)
    assert (said["n_rejected"], said["is_stopped"], said["corpus_version"]) == (1, True, None)
    assert describe_issue(settings, only(settings))["sender"] == "deposit"


def test_raw_bytes_that_are_gone_are_no_error(settings: Settings) -> None:
    about = describe_issue(settings, only(settings))
    assert (about["is_raw_there"], about["line"], about["legend"]) == (False, None, None)


def test_what_publishing_finds_is_an_issue_too(tmp_path: Path) -> None:
    home = home_settings(tmp_path / "home")
    make_home(home)
    write_predictions(home, VERSION, {"ner": NER}, "m1")
    run_publish(home, Run("reload_predictions", "tests"))
    found = {i.reason: i for i in read_issues(home)}
    assert found.keys() == {"legend_changed", "not_xml"}
    assert found["legend_changed"].status == "open"
    assert describe_issue(home, found["legend_changed"])["sender"] is None


def test_a_receipt_says_how_its_figures_were_aligned_once_they_are_published(tmp_path: Path) -> None:
    home, name = home_settings(tmp_path / "home"), "tests/curation:2026-11-18:1"
    make_home(home)
    land(home, "2026-11-18", "a.xml", sender="tests", source="curation")
    run(home, Run("feedback", "all"))
    assert receipt(home, name)["aligned"] is None
    run_publish(home, Run("reload_predictions", "tests"))
    run(home, Run("feedback", "all"))
    aligned = receipt(home, name)["aligned"]
    assert aligned["on_publisher"] == {"exact": 1, "folded": 0, "aligned": 2, "matched": 0}
    assert aligned["own"] == {"no_publication": 1, "no_legends": 0, "no_fit": 0}
    assert [f["publisher_figure"] for f in aligned["not_exact"]] == ["10.5555/moved#fig-1", "10.5555/atg#fig-1"]
    assert aligned["min_confidence"] < aligned["median_confidence"] < 1
    before = {p: p.read_bytes() for p in home.path("outbox").rglob("*.*")}
    run_publish(home, Run("reload_predictions", "again", is_forced=True))
    assert run(home, Run("feedback", "all")).counts["written"] == 0
    assert {p: p.read_bytes() for p in home.path("outbox").rglob("*.*")} == before
    with duckdb.connect(str(home.path("analytics", "analytics.duckdb").resolve())) as older:  # of an older release
        older.execute("DROP VIEW main.curated_figures")
        older.execute("DROP TABLE out.curated_figures")
    run(home, Run("feedback", "all"))
    assert receipt(home, name)["aligned"] is None
