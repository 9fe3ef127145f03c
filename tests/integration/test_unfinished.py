"""Nights that failed, were killed or are held, as `nightcap status` shows them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.cli.show import collect_status, render_status
from pipelines.errors import TransientError, UsageError
from pipelines.flows.execute import execute
from pipelines.settings import Settings, load

FLOW = "nightly_corpus"
#: Nothing listens there.
PMC = {"NIGHTCAP_SOURCES__PMC__LOCATION": "s3://articles", "NIGHTCAP_SOURCES__PMC__ENDPOINT_URL": "http://127.0.0.1:9",
       "NIGHTCAP_S3__MAX_ATTEMPTS": "1"}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(PMC, tmp_path / "home", "demo")


def fail(settings: Settings, day: int) -> None:
    with pytest.raises(TransientError):
        execute(settings, FLOW, "pull", None, {"date": f"2026-11-{day}"})


def close(settings: Settings, day: int) -> None:
    """What a night that went well leaves."""
    folder = settings.path("runs", FLOW, f"2026-11-{day}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "close.json").write_text(json.dumps({"uri": "x"}))


def text_of(data: dict[str, object]) -> str:
    console = Console(record=True, width=400, file=io.StringIO())
    render_status(data, console)
    return console.export_text()


def test_a_night_whose_only_source_is_down_is_said_and_becomes_an_alert(settings: Settings) -> None:
    close(settings, 17)
    for day in (18, 19):
        fail(settings, day)
    data = collect_status(settings)
    assert [(n["night"], n["run_key"], n["step"]) for n in data["unfinished"]] == [
        ("2026-11-19", "2026-11-19", "pull"), ("2026-11-18", "2026-11-18", "pull"),
    ]  # fmt: skip
    assert "127.0.0.1:9" in data["unfinished"][0]["error"]
    assert "\n" not in data["unfinished"][0]["error"]
    assert data["alerts"] == []
    assert "NOT ENDED 2026-11-19 at pull: " in text_of(data)
    assert "go on with `nightcap run nightly_corpus --run 2026-11-19`" in text_of(data)
    fail(settings, 20)
    data = collect_status(settings)
    assert data["alerts"] == ["3 nights in a row did not end, since 2026-11-18: nothing new comes in"]
    assert json.loads(json.dumps(data)) == data
    close(settings, 21)
    assert collect_status(settings)["unfinished"] == []


def test_a_bug_and_a_kill_are_said_until_the_night_goes_on(settings: Settings, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "one.xml").write_text("<article/>")
    options = {"date": "2026-11-18", "articles": str(articles)}
    execute(settings, FLOW, "pull", None, options)
    [killed] = collect_status(settings)["unfinished"]
    assert (killed["step"], killed["error"]) == ("parse", "still running, or killed")
    manifest = settings.path("landing", "nights", "2026-11-18", "manifest-0.jsonl")
    text = manifest.read_text()
    manifest.write_text("{broken")
    with pytest.raises(json.JSONDecodeError):
        execute(settings, FLOW, "parse", "2026-11-18", {})
    [bug] = collect_status(settings)["unfinished"]
    assert (bug["step"], bug["error"].partition(":")[0]) == ("parse", "JSONDecodeError")
    with pytest.raises(UsageError, match="finish it first"):
        execute(settings, FLOW, "pull", None, {**options, "articles": str(tmp_path)})
    manifest.write_text(text)
    execute(settings, FLOW, "parse", "2026-11-18", {})
    [goes_on] = collect_status(settings)["unfinished"]
    assert (goes_on["step"], goes_on["error"]) == ("check", "still running, or killed")


def test_a_held_night_and_one_with_nothing_new_have_ended(settings: Settings) -> None:
    close(settings, 18)
    for key in ("2026-11-18.1", "2026-11-19"):
        folder = settings.path("runs", FLOW, key)
        folder.mkdir()
        for step in ("pull", "parse", "check", "freeze", "close"):
            (folder / f"{step}.json").write_text(json.dumps({"skipped": "hold", "uri": ""}))
    assert collect_status(settings)["unfinished"] == []
