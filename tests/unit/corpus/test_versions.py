"""Names and order of versions."""

from __future__ import annotations

import datetime as dt

from pipelines.corpus.versions import as_of, is_regular, next_part, next_tag


def manifest(seq: int, night: str, tag: str, *, regular: bool) -> dict[str, object]:
    return {"seq": seq, "night": night, "tag": tag, "kind": "night", "is_regular": regular}


CHAIN = [
    manifest(1, "2026-11-18", "corpus/2026-11-18", regular=True),
    manifest(2, "2026-11-20", "corpus/2026-11-20", regular=True),
    manifest(3, "2026-11-19", "corpus/2026-11-19", regular=False),
    manifest(4, "2026-11-20", "corpus/2026-11-20.1", regular=False),
]


def test_tags_of_a_night() -> None:
    assert next_tag(CHAIN, dt.date(2026, 11, 21)) == ("corpus/2026-11-21", 0)
    assert next_tag(CHAIN, dt.date(2026, 11, 20)) == ("corpus/2026-11-20.2", 2)


def test_regular_is_later_than_all_before() -> None:
    assert is_regular(CHAIN, dt.date(2026, 11, 21))
    assert not is_regular(CHAIN, dt.date(2026, 11, 17))
    assert not is_regular(CHAIN, dt.date(2026, 11, 20))


def test_as_of_is_the_last_before_the_next_regular_night() -> None:
    found = as_of(CHAIN, dt.date(2026, 11, 18))
    assert found is not None
    assert found["tag"] == "corpus/2026-11-18"
    found = as_of(CHAIN, dt.date(2026, 11, 20))
    assert found is not None
    assert found["tag"] == "corpus/2026-11-20.1"
    assert as_of(CHAIN, dt.date(2026, 11, 1)) is None


def test_a_withdrawal_takes_a_part_number_and_no_tag_of_the_night() -> None:
    withdrawal = {"seq": 5, "night": "2026-11-20", "tag": "corpus/withdraw-5", "kind": "withdraw", "is_regular": False}
    assert next_part(CHAIN, "2026-11-20") == 2
    assert next_tag([*CHAIN, withdrawal], dt.date(2026, 11, 20)) == ("corpus/2026-11-20.2", 3)
    assert is_regular([*CHAIN, withdrawal], dt.date(2026, 11, 21))
    found = as_of([*CHAIN, withdrawal], dt.date(2026, 11, 20))
    assert found is not None
    assert found["tag"] == "corpus/withdraw-5"
