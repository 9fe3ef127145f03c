"""From curated rows to examples: what was not annotated is unlabelled, never O; a machine's tags are nobody's gold."""

from __future__ import annotations

from typing import Any

from pipelines.core.gold import task_counts
from pipelines.train.examples import CuratedRows, example_of, is_trainable, labels_of

LEGEND = "(A) Loss of Atg5 in HeLa cells. (B) More LC3 in liver."
SPLIT = LEGEND.index("(B)")


def row(text: str, entity_type: str, **values: Any) -> dict[str, Any]:
    start = LEGEND.index(text)
    return {
        "start_offset": start, "end_offset": start + len(text), "entity_type": entity_type, "role": None,
        "is_floating": False, "is_nested": False, "review_stage": "curator", **values,
    }  # fmt: skip


def curated(
    *annotations: dict[str, Any], types: tuple[str, ...] = ("GENEPROD", "TISSUE"), **values: Any
) -> CuratedRows:
    figure = {
        "figure_id": "d#cur-s-fig-1", "doc_id": "d", "legend": LEGEND, "annotated_types": list(types),
        "has_roles": True, "review_stage": "curator", "split": "train", "exclusion": None, "status": "current",
        **values,
    }  # fmt: skip
    bounds = [(0, SPLIT - 1), (SPLIT, len(LEGEND))]
    panels = [
        {"start_offset": a, "end_offset": b, "has_marker": True, "marker_offsets": [a + 1],
         "is_labelled": any(a <= r["start_offset"] < b and r["review_stage"] != "machine" for r in annotations)}
        for a, b in bounds
    ]  # fmt: skip
    return CuratedRows(figure, panels, list(annotations))


def test_an_untagged_panel_is_unlabelled_for_entities_and_gold_for_markers() -> None:
    rows = curated(row("Atg5", "GENEPROD"))
    example = example_of("ner", rows, "train")
    assert example is not None
    assert example.unlabelled == ((SPLIT, len(LEGEND)),)
    markers = example_of("panelization", rows, "train")
    assert markers is not None
    assert (len(markers.spans), markers.unlabelled) == (2, ())


def test_a_type_that_the_guideline_leaves_out_is_unlabelled_where_it_is_tagged_all_the_same() -> None:
    rows = curated(row("Atg5", "GENEPROD"), row("HeLa", "CELL_LINE"), row("liver", "TISSUE"))
    example = example_of("ner", rows, "train")
    assert example is not None
    assert [s.label for s in example.spans] == ["GENEPROD", "TISSUE"]
    assert [LEGEND[a:b] for a, b in example.unlabelled] == ["HeLa"]
    assert example.annotated_types == ("GENEPROD", "TISSUE")
    assert labels_of("ner", [rows]) == ("GENEPROD", "TISSUE")


def test_machine_tags_are_in_no_example_of_any_task_and_in_no_count() -> None:
    tags = [
        row("LC3", "GENEPROD", role="measured", review_stage="machine"),
        row("liver", "TISSUE", review_stage="machine"),
    ]
    rows = curated(row("Atg5", "GENEPROD", role="controlled"), *tags)
    example = example_of("ner", rows, "train")
    assert example is not None
    assert [LEGEND[s.start : s.end] for s in example.spans] == ["Atg5"]
    assert example.unlabelled == ((SPLIT, len(LEGEND)),)
    roles = example_of("roles_gene", rows, "train")
    assert roles is not None
    assert ([LEGEND[s.start : s.end] for s in roles.spans], len(roles.context_spans)) == (["Atg5"], 1)
    counts = task_counts(rows.panels, rows.annotations, has_roles=True)
    assert (counts["ner"], counts["roles_gene"]) == (1, 1)


def test_a_figure_of_machine_tags_alone_or_of_a_machine_is_not_learnt_from() -> None:
    assert (
        example_of("roles_gene", curated(row("LC3", "GENEPROD", role="measured", review_stage="machine")), "x") is None
    )
    assert not is_trainable(curated(review_stage="machine").figure)
    assert is_trainable(curated().figure)
