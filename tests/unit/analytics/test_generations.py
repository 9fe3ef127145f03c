from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.analytics.generations import BUILDING, Generation, Generations, parse_generation


def put(generations: Generations, night: str, number: int) -> Generation:
    generation = Generation(night, number)
    generations.path(generation).parent.mkdir(parents=True, exist_ok=True)
    generations.path(generation).write_text(generation.name)
    return generation


def test_a_name_says_night_and_number() -> None:
    assert parse_generation("analytics-2026-11-20-12.duckdb") == Generation("2026-11-20", 12)
    assert parse_generation("analytics.duckdb") is None
    assert Generation("2026-11-20", 2).file_name == "analytics-2026-11-20-2.duckdb"


def test_numbers_sort_as_numbers() -> None:
    assert Generation("2026-11-20", 2) < Generation("2026-11-20", 10) < Generation("2026-11-21", 1)


def test_an_empty_home_has_no_generation(tmp_path: Path) -> None:
    generations = Generations(tmp_path / "analytics")
    assert generations.current() is None
    assert generations.listed() == []
    assert generations.next("2026-11-20", {}) == Generation("2026-11-20", 1)


def test_flip_leaves_a_relative_link(tmp_path: Path) -> None:
    generations = Generations(tmp_path / "analytics")
    first, second = put(generations, "2026-11-20", 1), put(generations, "2026-11-20", 2)
    generations.flip(first)
    generations.flip(second)
    assert os.readlink(generations.pointer) == second.file_name
    assert generations.current() == second
    moved = tmp_path / "elsewhere"
    generations.folder.rename(moved)
    assert Generations(moved).pointer.read_text() == second.name


def test_flip_refuses_a_generation_that_is_not_there(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    generations.flip(put(generations, "2026-11-20", 1))
    with pytest.raises(FileNotFoundError):
        generations.flip(Generation("2026-11-20", 2))
    assert generations.current() == Generation("2026-11-20", 1)


def test_settle_never_replaces_a_generation(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    taken = put(generations, "2026-11-20", 1)
    generations.building_path(taken).write_text("another one")
    with pytest.raises(FileExistsError):
        generations.settle(taken)
    assert generations.path(taken).read_text() == taken.name


def test_what_a_kill_left_is_dropped_and_its_number_used_again(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    published = put(generations, "2026-11-20", 1)
    generations.flip(published)
    put(generations, "2026-11-20", 2)
    generations.building_path(Generation("2026-11-20", 2)).write_text("half")
    (tmp_path / "analytics.duckdb.new").symlink_to("analytics-2026-11-20-2.duckdb")
    dropped = generations.drop_leftovers({"2026-11-20": 1})
    assert sorted(dropped) == [BUILDING, "analytics-2026-11-20-2.duckdb", "analytics.duckdb.new"]
    assert generations.listed() == [published]
    assert generations.next("2026-11-20", {"2026-11-20": 1}) == Generation("2026-11-20", 2)


def test_the_current_generation_is_kept_even_when_unrecorded(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    generations.flip(put(generations, "2026-11-20", 1))
    assert generations.drop_leftovers({}) == []
    assert generations.current() == Generation("2026-11-20", 1)


def test_a_published_number_is_never_used_again(tmp_path: Path) -> None:
    assert Generations(tmp_path).next("2026-11-20", {"2026-11-20": 7}) == Generation("2026-11-20", 8)


def test_prune_keeps_the_newest_and_two_at_least(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    all_of_them = [put(generations, "2026-11-20", n) for n in range(1, 6)]
    generations.flip(all_of_them[-1])
    assert generations.prune(3) == ["analytics-2026-11-20-1", "analytics-2026-11-20-2"]
    assert generations.prune(1) == ["analytics-2026-11-20-3"]
    assert generations.listed() == all_of_them[3:]


def test_prune_after_a_rollback_keeps_the_newer_ones(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    all_of_them = [put(generations, "2026-11-20", n) for n in range(1, 5)]
    generations.flip(all_of_them[1])
    assert generations.prune(2) == []
    assert generations.listed() == all_of_them
