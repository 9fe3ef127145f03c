"""Spans carried from a curator's caption to the publisher's legend: equal text or nothing, and at the right place."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.alignment import FigureCandidate, align, fold_spaces, match_figure

CAPTION = "(A) HeLa cells were treated with 20 µM LY294002 for 24 h. (B) Western blot of LC3-II and p62 in MEFs."


def carried(source: str, target: str, text: str) -> str | None:
    at = source.index(text)
    span = align(source, target).map_span(at, at + len(text))
    return None if span is None else target[slice(*span)]


def test_equal_texts_are_the_identity() -> None:
    alignment = align(CAPTION, CAPTION)
    assert alignment.confidence == 1.0
    assert alignment.map_span(4, 8) == (4, 8)


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        ("Autophagy rises. " + CAPTION, "LY294002", "LY294002"),
        (CAPTION.replace("LC3-II", "LC3‐II"), "LC3-II", "LC3‐II"),
        (CAPTION.replace("20 µM", "20µM"), "LY294002", "LY294002"),
        (CAPTION.replace("HeLa cells", "HeLa\N{NO-BREAK SPACE} cells"), "HeLa cells", "HeLa\N{NO-BREAK SPACE} cells"),
        (CAPTION.replace("20 µM", "20µM"), "20 µM", None),
        (CAPTION.replace("p62", "p61"), "p62", None),
        (CAPTION.replace("Western blot of", "Western blotof"), "LC3-II", "LC3-II"),
        (CAPTION.replace("HeLa", "The HeLa-derived"), "LY294002", "LY294002"),
    ],
)
def test_span_is_carried_or_refused(target: str, text: str, expected: str | None) -> None:
    assert carried(CAPTION, target, text) == expected


def test_text_of_a_deleted_sentence_is_not_found_elsewhere() -> None:
    source = "p62 was stained in one experiment. " + CAPTION
    assert align(source, CAPTION).map_span(0, 3) is None


@pytest.mark.parametrize("span", [(-1, 3), (3, 3), (5, 4), (0, 10_000), (3, 4)])
def test_spans_outside_or_blank_are_none(span: tuple[int, int]) -> None:
    assert align(CAPTION, CAPTION + " More.").map_span(*span) is None


@pytest.mark.parametrize(("source", "target"), [("", "x"), ("x", ""), (" ", "x"), ("x", "y")])
def test_nothing_in_common_has_no_confidence(source: str, target: str) -> None:
    assert align(source, target).confidence == 0.0


WORDS = st.lists(
    st.sampled_from(["LC3", "p62-GFP", "cells", "(B)", "α-tubulin", "20 µm", "of", "the", "Fig. 3", "HeLa,", "blot"]),
    min_size=8, max_size=60,
)  # fmt: skip


@dataclass(frozen=True)
class Edit:
    at: int
    kind: str


EDITS = st.lists(
    st.builds(Edit, st.integers(0, 59), st.sampled_from(["insert", "delete", "dash", "space", "nbsp", "case"])),
    max_size=12,
)


def apply_edits(words: list[str], edits: list[Edit]) -> str:
    out = list(words)
    for edit in sorted(edits, key=lambda e: -e.at):
        if edit.at >= len(out):
            continue
        match edit.kind:
            case "insert":
                out.insert(edit.at, "another thing")
            case "delete":
                del out[edit.at]
            case "dash":
                out[edit.at] = out[edit.at].replace("-", "–")
            case "space":
                out[edit.at] = out[edit.at].replace(" ", "")
            case "nbsp":
                out[edit.at] = out[edit.at].replace(" ", "\N{NARROW NO-BREAK SPACE}")
            case _:
                out[edit.at] = out[edit.at].upper()
    return " ".join(out)


@given(WORDS, EDITS)
@settings(max_examples=300, deadline=None)
def test_every_mapped_span_has_equal_folded_text(words: list[str], edits: list[Edit]) -> None:
    source, target = " ".join(words), apply_edits(words, edits)
    alignment = align(source, target)
    assert 0.0 <= alignment.confidence <= 1.0
    last = -1
    for start in range(0, len(source), 3):
        span = alignment.map_span(start, min(start + 5, len(source)))
        if span is not None:
            assert fold_spaces(target[slice(*span)]) == fold_spaces(source[start : start + 5])
            assert span[0] >= last
            last = span[0]


@given(
    st.lists(st.from_regex(r"[a-z]{3,9}", fullmatch=True), min_size=20, max_size=60, unique=True), st.integers(0, 19)
)
@settings(max_examples=100, deadline=None)
def test_unique_words_keep_their_place_around_an_insertion(words: list[str], at: int) -> None:
    source = " ".join(words)
    target = " ".join([*words[:at], "1234567 98765", *words[at:]])
    alignment = align(source, target)
    for word in (words[-1], words[0]) if at not in (0, 1) else (words[-1],):
        start = source.index(f" {word}") + 1 if word != words[0] else 0
        span = alignment.map_span(start, start + len(word))
        if at in (1, 2) and word == words[0]:
            continue
        assert span is not None
        assert target[slice(*span)] == word


CANDIDATES = [
    FigureCandidate(
        "d#fig-1", "Fig. 1", "Growth of yeast strains on plates with and without rapamycin for three days."
    ),
    FigureCandidate("d#fig-2", "Fig 2", "Autophagy rises. " + CAPTION),
    FigureCandidate("d#fig-3", "Figure 3", None),
]


def test_figure_is_found_by_label_where_words_agree() -> None:
    match = match_figure("Figure 2", CAPTION, CANDIDATES)
    assert match is not None
    assert (match.figure_id, match.how, match.shared) == ("d#fig-2", "label", 1.0)


def test_figure_is_found_by_content_where_the_number_is_another() -> None:
    match = match_figure("Figure 1", CAPTION, CANDIDATES)
    assert match is not None
    assert (match.figure_id, match.how) == ("d#fig-2", "content")


def test_figure_without_label_is_found_by_content() -> None:
    match = match_figure(None, CAPTION, CANDIDATES)
    assert match is not None
    assert match.figure_id == "d#fig-2"


@pytest.mark.parametrize(
    "legend", ["", "Western blot of it.", "Patients were recruited at four sites between May and June by three nurses."]
)
def test_no_figure_is_alike_enough(legend: str) -> None:
    assert match_figure("Figure 3", legend, CANDIDATES) is None


def test_two_equally_good_figures_are_no_match() -> None:
    twins = [FigureCandidate("d#a", None, CAPTION), FigureCandidate("d#b", None, CAPTION)]
    assert match_figure(None, CAPTION, twins) is None
    assert match_figure(None, CAPTION, []) is None
