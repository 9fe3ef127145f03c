"""How long a source has been missing, from the nights' records."""

from __future__ import annotations

from pipelines.corpus.night_record import nights_missing


def nights(*missing: tuple[int, str]) -> list[dict[str, object]]:
    return [{"night": f"2026-11-{day}", "sources_missing": names.split()} for day, names in missing]


def test_nights_in_a_row_up_to_the_last_count() -> None:
    assert nights_missing(nights((18, "pmc"), (19, "pmc deposit"), (20, "pmc"))) == {"pmc": 3}
    assert nights_missing(nights((18, "pmc"), (19, ""), (20, "pmc deposit"))) == {"pmc": 1, "deposit": 1}
    assert nights_missing(nights((18, "pmc"), (19, ""))) == {}
    assert nights_missing([]) == {}


def test_the_last_run_of_a_night_counts() -> None:
    assert nights_missing(nights((18, "pmc"), (19, "pmc"), (19, ""))) == {}
    assert nights_missing(nights((18, "pmc"), (18, "pmc"), (19, "pmc"))) == {"pmc": 2}
