"""Whether the alias may move: holds, rollbacks, and who stands there."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.registry.alias import (
    AliasState,
    ModelHold,
    hold_name,
    read_fingerprints,
    refuse_move,
    write_fingerprints,
)

TODAY = dt.date(2026, 1, 2)


def test_nothing_in_the_way() -> None:
    assert refuse_move(AliasState("a", "a", "b"), TODAY) is None
    assert refuse_move(AliasState(None, None, "b"), TODAY) is None


@pytest.mark.parametrize(("until", "is_held"), [(None, True), (TODAY, True), (dt.date(2026, 1, 1), False)])
def test_a_hold_holds_to_its_last_day(until: dt.date | None, is_held: bool) -> None:
    refused = refuse_move(AliasState("a", "a", "b", hold=ModelHold("Ann", "odd tags", until)), TODAY)
    assert (refused is not None) is is_held
    if refused:
        assert "Ann" in refused
        assert "odd tags" in refused


def test_a_rolled_back_one_stays_back_after_the_hold_ended() -> None:
    ended = ModelHold("Ann", "bad", dt.date(2026, 1, 1), ("b",))
    assert "rolled back" in str(refuse_move(AliasState("a", "a", "b", hold=ended), TODAY))
    assert "rolled back" in str(refuse_move(AliasState("a", "a", "b", is_rolled_back=True), TODAY))
    assert refuse_move(AliasState("a", "a", "c", hold=ended), TODAY) is None


def test_the_one_it_was_compared_with_must_still_stand_there() -> None:
    assert "changed" in str(refuse_move(AliasState("x", "a", "b"), TODAY))
    assert "changed" in str(refuse_move(AliasState("x", None, "b"), TODAY))


def test_a_move_that_was_made_before_the_kill_is_no_refusal() -> None:
    assert refuse_move(AliasState("b", "a", "b"), TODAY) is None
    assert "is the champion" in str(refuse_move(AliasState("b", "b", "b"), TODAY))


def test_fingerprints_of_a_hold_survive_the_way_through_its_detail() -> None:
    assert read_fingerprints(write_fingerprints(["b", "a", "b"])) == ("a", "b")
    assert read_fingerprints("a, b") == ("a", "b")
    assert read_fingerprints('"a"') == ("a",)
    assert read_fingerprints("") == ()
    assert hold_name("ner") == "model:ner"
