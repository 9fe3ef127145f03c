from __future__ import annotations

from pipelines.analytics.placing import match_figures, place_panel, place_spans
from pipelines.core.alignment import align

SOURCE = "(A) Loss of Atg5 lowers LC3-II levels in HeLa cells. (B) Rapamycin raises LC3-II in liver."
TARGET = "Autophagy. (A) Loss of Atg5 lowers LC3–II levels in HeLa cells. (B) Rapamycin raises LC3–II in mouse liver."


def test_mentions_are_found_again_or_null() -> None:
    spans = [{"start": SOURCE.index(t), "end": SOURCE.index(t) + len(t), "is_panel": False} for t in ("Atg5", "liver")]
    gone = {"start": 0, "end": len(SOURCE), "is_panel": False}
    row = {"record_sha256": "r", "figure_id": "f", "legend_sha256": "t", "source": SOURCE, "target": TARGET}
    out = place_spans([{**row, "spans": [*spans, gone]}]).to_pylist()
    found = {SOURCE[r["start_offset"] : r["end_offset"]]: r for r in out}
    atg5 = found["Atg5"]
    assert TARGET[atg5["target_start"] : atg5["target_end"]] == "Atg5"
    assert found[SOURCE]["target_start"] is None
    assert {(r["confidence"], r["is_folded"]) for r in out} == {(0.92, False)}


def test_a_legend_that_differs_in_dashes_and_spaces_alone_is_told_from_another() -> None:
    span = {"start": 0, "end": 3, "is_panel": False}
    row = {"record_sha256": "r", "figure_id": "f", "legend_sha256": "t", "source": SOURCE, "spans": [span]}
    targets = [SOURCE.replace("-", "–").replace(" (B)", "\n(B)"), SOURCE.replace("Rapamycin", "Torin 1")]
    found = [place_spans([{**row, "target": t}]).to_pylist()[0] for t in targets]
    assert [r["is_folded"] for r in found] == [True, False]
    assert found[0]["confidence"] == 1.0
    assert 0.5 < found[1]["confidence"] < 1.0


def test_a_panel_with_a_changed_word_is_found_by_its_edges() -> None:
    start = SOURCE.index("(B)")
    alignment = align(SOURCE, TARGET.replace("mouse liver", "liver").replace("raises", "elevates"))
    place = place_panel(alignment, start, len(SOURCE))
    assert place is None or alignment.target[slice(*place)].startswith("(B) Rapamycin")
    longer = SOURCE.replace("(B)", "(B) Treatment of cultured cells for two hours in rich medium;")
    changed = TARGET.replace("(B)", "(B) Treatment of cultured cells for two hours in poor medium;").replace(
        "mouse ", ""
    )
    alignment = align(longer, changed)
    start = longer.index("(B)")
    assert alignment.map_span(start, len(longer)) is None
    place = place_panel(alignment, start, len(longer))
    assert place is not None
    assert changed[slice(*place)].startswith("(B) Treatment")
    assert changed[slice(*place)].endswith("in liver.")


def test_the_last_panel_is_found_where_the_legend_goes_on() -> None:
    target = f"A title of the figure\n{SOURCE}\nSource data are available online for this figure."
    start = SOURCE.index("(B)")
    place = place_panel(align(SOURCE, target), start, len(SOURCE))
    assert place is not None
    assert target[slice(*place)] == SOURCE[start:]


def test_match_says_which_figure_and_null_where_none_fits() -> None:
    candidates = [
        {"figure_id": "d#fig-1", "label": "Figure 1", "legend": TARGET},
        {"figure_id": "d#fig-2", "label": "Figure 2", "legend": "Yeast grows on plates with glucose at 30 degrees."},
    ]
    row = {"record_sha256": "r", "figure_id": "c", "candidates": candidates, "candidates_sha256": "x"}
    out = match_figures(
        [
            {**row, "label": "Fig. 1", "legend": SOURCE},
            {**row, "label": "Fig. 2", "legend": SOURCE * 2},
            {**row, "label": "Fig. 9", "legend": "Something else entirely, about worms and light."},
        ]
    )
    assert [r["figure_id"] for r in out.to_pylist()] == ["d#fig-1", "d#fig-1", None]
