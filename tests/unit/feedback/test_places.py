"""The place of a rejected row: its line in the file, its span in the legend."""

from __future__ import annotations

import pytest

from pipelines.feedback.places import find_in_legend, find_in_raw

RAW = (
    b'<article doi="10.1/x">\n<fig id="7"><title>About p62</title>\n<p>(<b>A</b>) Cells with <tag id="t1">p62</tag>'
    b' &amp; more <tag id="t2">p62</tag></p></fig>\n<fig id="8"><p><tag id="t1">LC3</tag></p></fig></article>'
)
LEGEND = "(A) Cells with p62 & more p62"
FIGURE = {"figure_id": "10.1/x#cur-c-7", "jats_id": "7", "label": "Figure 1", "legend": LEGEND, "legend_sha256": "l"}


def test_line_and_column_are_taken_as_stated() -> None:
    found = find_in_raw(RAW, "2:5")
    assert found is not None
    assert (found.line, found.column) == (2, 5)
    assert "About p62" in found.excerpt


def test_ids_are_looked_for_in_the_order_named() -> None:
    first, second = find_in_raw(RAW, "fig 7#t1"), find_in_raw(RAW, "fig 8#t1 (2)")
    assert first is not None
    assert second is not None
    assert (first.line, second.line) == (3, 4)
    assert first.before.endswith("(A) Cells with ")


@pytest.mark.parametrize("locator", ["", "fig 9#t1", "fig 8#t2", "10.1/x#none"])
def test_what_is_not_there_has_no_place(locator: str) -> None:
    assert find_in_raw(RAW, locator) is None


def test_a_place_past_the_end_is_no_error() -> None:
    assert find_in_raw(b"", "9:9") is not None
    assert find_in_raw(RAW, "99:9999999") is not None


def test_bioc_ids_stand_in_elements() -> None:
    raw = b"<document><id>12</id>\n<annotation id='4'/></document>"
    found = find_in_raw(raw, "12#4")
    assert found is not None
    assert found.line == 2


def test_offsets_give_the_exact_span() -> None:
    found = find_in_legend({"legend_sha256": "l", "start_offset": 15, "end_offset": 18}, "", [FIGURE])
    assert found is not None
    assert (found.spans, found.is_exact) == (((15, 18),), True)


def test_the_words_before_tell_which_of_several_it_is() -> None:
    for tag, span in (("t1", (15, 18)), ("t2", (26, 29))):
        raw = find_in_raw(RAW, f"fig 7#{tag}")
        assert raw is not None
        found = find_in_legend({"text": "p62"}, f"fig 7#{tag}", [FIGURE], raw.before)
        assert found is not None
        assert (found.spans, found.is_exact) == ((span,), True)


def test_without_words_before_all_are_shown() -> None:
    found = find_in_legend({"text": "p62"}, "fig 7#t1", [FIGURE])
    assert found is not None
    assert (len(found.spans), found.is_exact) == (2, False)


@pytest.mark.parametrize(
    ("text", "spans"), [("CELLS", ((4, 9),)), ("ell", ((5, 8),)), ("p63", ()), ("", ()), (" ", ())]
)
def test_text_is_found_as_a_word_first(text: str, spans: tuple[tuple[int, int], ...]) -> None:
    found = find_in_legend({"text": text, "figure_id": "10.1/x#cur-c-7"}, "", [FIGURE])
    assert found is not None
    assert found.spans == spans


def test_offsets_outside_the_legend_are_not_trusted() -> None:
    found = find_in_legend({"text": "Cells", "start_offset": 20, "end_offset": 400}, "fig 7", [FIGURE])
    assert found is not None
    assert found.spans == ((4, 9),)


def test_a_rejected_figure_is_its_own_legend_and_a_row_without_figure_has_none() -> None:
    own = find_in_legend({"legend": "Own text", "label": None, "figure_id": "f"}, "f", [])
    assert own is not None
    assert (own.legend, own.label) == ("Own text", "f")
    assert find_in_legend({"text": "p62"}, "fig 9#t1", [FIGURE]) is None
    assert find_in_legend({"text": "p62"}, "fig 7#t1", [{**FIGURE, "legend": None}]) is None
