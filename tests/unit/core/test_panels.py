"""The letter-chain rule: every style of marker, groups and ranges, and letters that are no markers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.panels import expand_letters, find_chain, marker_at, split_by_rule


def panels_of(legend: str) -> list[tuple[tuple[str, ...], str]]:
    return [(p.labels, legend[p.start : p.end]) for p in split_by_rule(legend)]


@pytest.mark.parametrize(
    ("legend", "labels"),
    [
        ("Title of it. (A) Foo bar. (B) Baz.", [("A",), ("B",)]),
        ("A) Foo bar. B) Baz.", [("A",), ("B",)]),
        ("A. Foo bar. B. Baz.", [("A",), ("B",)]),
        ("a, Foo bar. b, Baz. c, Qux.", [("A",), ("B",), ("C",)]),
        ("A Western blot of it. B Northern blot of it.", [("A",), ("B",)]),
        ("A Western blot. B qRT-PCR of it. C, D siRNA of it.", [("A",), ("B",), ("C", "D")]),
        ("(A, B) Foo. (C) Baz.", [("A", "B"), ("C",)]),
        ("(A–C) Foo. (D and E) Baz.", [("A", "B", "C"), ("D", "E")]),
        ("A and B, Foo bar. C, Baz.", [("A", "B"), ("C",)]),
        ("(A, left) Foo. (B, right panel) Baz.", [("A",), ("B",)]),
        ("(A) Foo; (B) Baz", [("A",), ("B",)]),
        ("Title\n(A) Foo\n(B) Baz", [("A",), ("B",)]),
        ("(A) Foo bar\N{NO-BREAK SPACE}µm (B) The next without a stop. (C) Baz.", [("A",), ("B",), ("C",)]),
        ("(A) Foo. (B and D) Same. (C) Baz.", [("A",), ("B", "D"), ("C",)]),
    ],
)
def test_rule_finds_chain(legend: str, labels: list[tuple[str, ...]]) -> None:
    assert [labels for labels, _ in panels_of(legend)] == labels


@pytest.mark.parametrize(
    "legend",
    [
        "Cells were given vitamin A. The rest got none.",
        "Mean values are shown (n = 3) as in (B) and (C).",
        "The scheme of the experiment.",
        "As seen in (A) Panel legends refer to others.",
    ],
)
def test_letters_without_sentence_start_are_none(legend: str) -> None:
    assert panels_of(legend) == [((), legend)]
    assert split_by_rule(legend)[0].marker_start is None


def test_lead_in_belongs_to_first_panel_and_ends_exclude_space() -> None:
    legend = "Title. (A) Foo.  (B) Baz. "
    first, second = split_by_rule(legend)
    assert (first.start, first.marker_start, legend[first.end - 1]) == (0, 7, ".")
    assert (second.start, second.marker_start, second.end) == (17, 17, len(legend) - 1)


def test_reference_to_other_panels_does_not_break_the_chain() -> None:
    legend = "(A) Foo. (B) Baz as in (A). (A and B) Bars, 5 µm. (C) Qux."
    assert [m.letters for m in find_chain(legend)] == [("A",), ("B",), ("C",)]


def test_group_that_announces_loses_against_its_members() -> None:
    legend = "(A-C) Cells were treated. (A) Foo. (B) Baz. (C) Qux."
    assert [m.letters for m in find_chain(legend)] == [("A",), ("B",), ("C",)]


def test_no_legend_no_panel() -> None:
    assert split_by_rule("") == []


@pytest.mark.parametrize(
    ("group", "letters"),
    [("A", "A"), ("a-c", "ABC"), ("A, C", "AC"), ("A-C, E", "ABCE"), ("C-A", "CA"), ("A to C", "ABC"), ("A, A", "A")],
)
def test_expand_letters(group: str, letters: str) -> None:
    assert "".join(expand_letters(group)) == letters


def test_marker_with_most_letters_wins() -> None:
    marker = marker_at("A, B PSA cells", 0)
    assert marker is not None
    assert (marker.letters, marker.style) == (("A", "B"), "bare")
    assert marker_at("Actin", 0) is None


@given(st.text(alphabet="AB(), .;\n-abcµ–1", max_size=80))
def test_panels_are_ordered_and_hold_their_markers(legend: str) -> None:
    panels = split_by_rule(legend)
    assert all(0 <= p.start <= p.end <= len(legend) for p in panels)
    assert all(a.end <= b.start for a, b in pairwise(panels))
    assert all(p.marker_start is None or p.start <= p.marker_start < p.end for p in panels)
