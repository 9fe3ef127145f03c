"""Freeze, killed with SIGKILL before each of its side effects and run again, ends as if nothing had happened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from corpus_state import end_state
from killing import iter_killed, spread, trace_run

pytestmark = pytest.mark.timeout(3000)


ARGS = {"first": "2026-11-18", "second": "2026-11-19"}


def check_kills(template: Path, work: Path, night: str, most: int) -> None:
    args = ["run", "nightly_corpus", "--only", "freeze", "--run", night, "--json"]
    undisturbed = work / "undisturbed"
    shutil.copytree(template, undisturbed, symlinks=True)
    events = trace_run(undisturbed, args)
    for word in (" dvc ", "git commit", "git tag", "git push", "part-0.parquet", "index.db"):
        assert any(word in e for e in events), f"the trace shows no {word!r}: it cannot be killed there"
    expected = end_state(undisturbed)
    numbers = spread(events, most)
    for number, state in iter_killed(template, work, args, numbers, end_state):
        assert state == expected, f"killed before side effect {number} ({events[number - 1]})"


def test_second_night(before_second_freeze: Path, tmp_path: Path) -> None:
    check_kills(before_second_freeze, tmp_path, ARGS["second"], most=10)


@pytest.mark.full
def test_second_night_everywhere(before_second_freeze: Path, tmp_path: Path) -> None:
    check_kills(before_second_freeze, tmp_path, ARGS["second"], most=10_000)


@pytest.mark.full
def test_first_night_everywhere(before_first_freeze: Path, tmp_path: Path) -> None:
    check_kills(before_first_freeze, tmp_path, ARGS["first"], most=10_000)
