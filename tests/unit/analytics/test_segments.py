from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.analytics.segments import cache_name, segment_legends, split_by_starts

LEGEND = "Title. (A) First panel. (B, C) Second.  (d) Third. "


def test_text_before_the_first_start_belongs_to_the_first_panel() -> None:
    panels = split_by_starts(LEGEND, [LEGEND.index("(A)"), LEGEND.index("(B"), LEGEND.index("(d)")])
    assert [LEGEND[p.start : p.end] for p in panels] == ["Title. (A) First panel.", "(B, C) Second.", "(d) Third."]
    assert [p.labels for p in panels] == [("A",), ("B", "C"), ("D",)]


def test_without_a_start_the_legend_is_one_panel() -> None:
    panels = split_by_starts(LEGEND, [])
    assert [(p.start, p.end, p.labels) for p in panels] == [(0, len(LEGEND), ())]


def test_a_start_without_a_marker_has_no_label() -> None:
    assert [p.labels for p in split_by_starts("Something. Next thing.", [0, 11])] == [(), ()]


@given(st.text(min_size=1, max_size=80), st.lists(st.integers(-5, 90), max_size=8))
def test_panels_are_in_order_and_lie_inside(legend: str, starts: list[int]) -> None:
    panels = split_by_starts(legend, starts)
    assert panels[0].start == 0
    assert all(p.start <= p.end <= len(legend) for p in panels)
    assert all(a.end <= b.start for a, b in pairwise(panels))


def test_by_rule_and_by_model_give_rows_of_one_form() -> None:
    row = {"legend_sha256": "x", "legend": LEGEND, "starts": [LEGEND.index("(d)")]}
    by_rule = segment_legends([row], is_model=False).to_pylist()
    by_model = segment_legends([row], is_model=True).to_pylist()
    assert by_rule[0].keys() == by_model[0].keys()
    assert [r["labels"] for r in by_model] == [["D"]]
    assert by_rule[0]["labels"] == ["A"]


def test_caches_of_rule_and_models_do_not_mix() -> None:
    assert len({cache_name(None), cache_name("a"), cache_name("b")}) == 3
