"""`nightcap hold` and `release`: set, shown first, obeyed, lifted."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.clients.state import Hold, open_state
from pipelines.core.runs import Run
from pipelines.flows.context import Context
from pipelines.flows.holds import corpus_hold
from pipelines.flows.nightly_corpus import pull
from pipelines.settings import Settings, load


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    found = load({}, tmp_path / "home", "demo")
    found.root.mkdir()
    return found


def call(settings: Settings, *args: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "pipelines", *args, "--home", str(settings.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_held_corpus_pulls_no_night_until_it_is_released(home: Settings) -> None:
    call(home, "hold", "corpus", "--why", "the remote moves", "--who", "ada")
    result = pull(Context(home, Run("nightly_corpus", "2026-11-20")))
    assert result.skipped == "corpus is held by ada: the remote moves (lift it with `nightcap release corpus`)"
    status = json.loads(call(home, "status", "--json").splitlines()[-1])
    assert [(h["name"], h["who"]) for h in status["holds"]] == [("corpus", "ada")]
    call(home, "release", "corpus")
    assert corpus_hold(home) is None
    assert "not held" in call(home, "release", "corpus", code=2)


def test_a_withdrawal_tells_and_stops_nothing_and_a_past_hold_is_over(home: Settings) -> None:
    state = open_state(home)
    state.set_hold(Hold("corpus", "ada", "a night withdrawn", None, "corpus/withdraw-3"))
    assert corpus_hold(home) is None
    call(home, "hold", "corpus", "--why", "look at it first")
    assert "look at it first" in str(corpus_hold(home))
    (held,) = state.holds()
    assert held.detail.split() == ["corpus/withdraw-3", "stop"]
    state.set_hold(Hold("corpus", "ada", "old", dt.date(2020, 1, 1), "stop"))
    assert corpus_hold(home) is None


def test_holds_of_models_and_tables_go_by_the_names_that_flows_look_for(home: Settings) -> None:
    call(home, "hold", "model", "ner", "--why", "audit", "--until", "2099-01-31")
    call(home, "hold", "analytics", "--why", "demo")
    assert [(h.name, str(h.until)) for h in open_state(home).holds()] == [
        ("analytics", "None"), ("model:ner", "2099-01-31"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["corpus"], "--why"), (["model"], "panelization"), (["nothing", "--why", "x"], "corpus, analytics or model"),
        (["corpus", "ner", "--why", "x"], "no task"), (["corpus", "--why", "x", "--until", "2020-01-01"], "is over"),
        (["corpus", "--why", "x", "--until", "soon"], "YYYY-MM-DD"),
    ],
)  # fmt: skip
def test_what_cannot_be_held_is_said(home: Settings, args: list[str], words: str) -> None:
    assert words in call(home, "hold", *args, code=2)
