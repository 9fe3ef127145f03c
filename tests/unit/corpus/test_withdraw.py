"""What a tombstone hides, what can be withdrawn, and what becomes of a benchmark that held it."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.corpus.withdraw import (
    Withdrawal,
    benchmarks_without,
    find_target,
    hides,
    hiding_version,
    join_words,
    visible_rows,
)
from pipelines.errors import UsageError

NIGHT = dt.date(2026, 11, 19)
DELIVERIES = [{"delivery_id": f"curation:2026-11-{n:02}:1", "name": f"batch-{n}"} for n in range(1, 25)]


def tombstone(kind: str, target: str, through: int = 2) -> dict[str, object]:
    return Withdrawal(kind, target, through).tombstone("wrong", "ada")


def row(delivery: str = "curation:2026-11-19:1", doc_id: str = "10.5555/a") -> dict[str, object]:
    return {"delivery_id": delivery, "doc_id": doc_id}


@pytest.mark.parametrize(
    ("kind", "target", "seq", "is_hidden"),
    [
        ("delivery", "curation:2026-11-19:1", 2, True),
        ("delivery", "curation:2026-11-19:1", 3, False),
        ("delivery", "curation:2026-11-19:2", 2, False),
        ("night", "2026-11-19", 1, True),
        ("night", "2026-11-20", 1, False),
        ("document", "10.5555/a", 2, True),
        ("document", "10.5555/b", 2, False),
    ],
)
def test_a_tombstone_hides_its_target_up_to_its_version(kind: str, target: str, seq: int, is_hidden: bool) -> None:
    assert hides(tombstone(kind, target), row(), seq, NIGHT) is is_hidden


def test_hidden_rows_are_left_out_and_identity_stays() -> None:
    rows = {"figures": [row(), row("curation:2026-11-19:2")], "id_aliases": [{"alias": "x"}], "splits": [{"s": 1}]}
    left = visible_rows(rows, [tombstone("delivery", "curation:2026-11-19:1")], 2, NIGHT)
    assert left == {**rows, "figures": [row("curation:2026-11-19:2")]}
    assert visible_rows(rows, [tombstone("night", "2026-11-19")], 3, NIGHT) == rows


def test_only_what_is_known_can_be_withdrawn() -> None:
    assert find_target("curation:2026-11-03:1", DELIVERIES, ["2026-11-03"]) == ("delivery", "curation:2026-11-03:1")
    assert find_target("2026-11-03", DELIVERIES, ["2026-11-03"]) == ("night", "2026-11-03")
    with pytest.raises(UsageError) as said:
        find_target("2026-11-04", DELIVERIES, ["2026-11-03"])
    assert "4 older, curation:2026-11-05:1 (batch-5)" in str(said.value)
    assert "Nights: 2026-11-03" in str(said.value)
    with pytest.raises(UsageError, match=r"Deliveries: none\. Nights: none"):
        find_target("x", [], [])


def test_a_benchmark_that_held_a_withdrawn_revision_gets_a_version_without_it() -> None:
    def held(task: str, figure: str, *, is_hidden: bool) -> dict[str, object]:
        return {"task": task, "benchmark_version": 1, "figure_id": figure, "n_spans": 3, "is_hidden": is_hidden}

    rows, stuck = benchmarks_without(
        [held("ner", "a", is_hidden=True), held("ner", "b", is_hidden=False), held("roles_gene", "a", is_hidden=True)],
        "d:1",
    )
    assert rows == [
        {"task": "ner", "benchmark_version": 2, "figure_id": "b", "n_spans": 3, "reason": "without withdrawn d:1"}
    ]
    assert stuck == ["roles_gene"]


def test_the_version_that_hid_a_delivery_may_have_hidden_its_night() -> None:
    chain: list[dict[str, object]] = [
        {"tag": "corpus/2026-11-19"},
        {"tag": "corpus/withdraw-2", "withdrawn": {"kind": "night", "target": "2026-11-19"}},
        {"tag": "corpus/withdraw-3", "withdrawn": {"kind": "delivery", "target": "curation:2026-11-20:1"}},
    ]
    assert hiding_version(chain, "delivery", "curation:2026-11-19:4") == "corpus/withdraw-2"
    assert hiding_version(chain, "delivery", "curation:2026-11-20:1") == "corpus/withdraw-3"
    assert hiding_version(chain, "night", "2026-11-20") is None


def test_a_hold_keeps_every_reason_once() -> None:
    assert join_words("", "a") == "a"
    assert join_words("a; b", "a") == "a; b"
    assert join_words("a", "b") == "a; b"
