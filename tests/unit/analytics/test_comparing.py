"""Versions of one figure beside each other: agreement, what became of a machine's tags, corrections."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import krippendorff
import pytest

from pipelines.analytics.comparing import (
    agreement_of,
    compare_figures,
    corrections_of,
    fates_of_pretags,
    iter_figures,
    krippendorff_alpha,
)
from pipelines.core.records import ENTITY_TYPES

LEGEND = "(A) Loss of Atg5 in HeLa cells lowers LC3. (B) Rapamycin raises LC3 in liver."
SPLIT = LEGEND.index("(B)")
OTHER_DASHES = "Autophagy.\n" + LEGEND.replace("(B)", "( B )")


def mark(text: str, entity_type: str, **values: Any) -> dict[str, Any]:
    start = LEGEND.index(text)
    return {
        "start_offset": start, "end_offset": start + len(text), "entity_type": entity_type, "text": text, "panel_no": 0,
        "role": None, "ext_ids": [], "is_nested": False, "is_machine": False, **values,
    }  # fmt: skip


def floating(text: str, panel_no: int = 0) -> dict[str, Any]:
    values = mark("Atg5", "EXP_ASSAY", panel_no=panel_no)
    return {**values, "start_offset": None, "end_offset": None, "text": text}


def version(sender: str, stage: str, *marks: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "doc_id": "10.5555/a", "figure_group": "fig-1", "figure_id": "10.5555/a#cur-curation-fig-1", "sender": sender,
        "review_stage": stage, "stamp": "2026-01-01", "legend": LEGEND, "annotated_types": list(ENTITY_TYPES),
        "preannotated_by": None, "untagged": None, "marks": list(marks), **values,
    }  # fmt: skip


UNTAGGED_B = [{"panel_no": 1, "start_offset": SPLIT, "end_offset": len(LEGEND)}]
GENE, LINE, DRUG = mark("Atg5", "GENEPROD"), mark("HeLa", "CELL_LINE"), mark("Rapamycin", "SMALL_MOLECULE")
CELLS = mark("HeLa cells", "CELL_LINE")


def moved(row: dict[str, Any], legend: str) -> dict[str, Any]:
    start = legend.index(row["text"])
    return {**row, "start_offset": start, "end_offset": start + len(row["text"])}


def figures(*rows: dict[str, Any]) -> list[Any]:
    return list(iter_figures(rows))


def fates(rows: Any) -> dict[str, tuple[int, ...]]:
    names = ("n_machine", "n_kept", "n_changed", "n_deleted", "n_added", "n_unseen")
    return {r["entity_type"]: tuple(r[n] for n in names) for r in rows}


# agreement


def test_two_who_say_the_same_agree_fully() -> None:
    rows = agreement_of(figures(version("ann", "curator", GENE, LINE), version("bob", "curator", GENE, LINE)))
    assert {(r["annotator_a"], r["annotator_b"], r["f1"], r["alpha"]) for r in rows} == {("ann", "bob", 1.0, 1.0)}
    assert [r["entity_type"] for r in rows] == ["all", "CELL_LINE", "GENEPROD"]


def test_f1_and_alpha_of_two_who_differ() -> None:
    rows = agreement_of(figures(version("ann", "curator", GENE, LINE), version("bob", "curator", GENE, CELLS, DRUG)))
    every = rows[0]
    assert (every["n_spans_a"], every["n_spans_b"], every["n_spans_same"]) == (2, 3, 1)
    assert every["f1"] == pytest.approx(2 / 5)
    by_type = {r["entity_type"]: r for r in rows}
    assert (by_type["CELL_LINE"]["f1"], by_type["SMALL_MOLECULE"]["f1"], by_type["GENEPROD"]["f1"]) == (0, 0, 1)
    # by hand: 21 words; GENEPROD 2 labels of 42, both paired; CELL_LINE 1 of a, 2 of b
    n, o = by_type["CELL_LINE"]["n_words"] * 2, 2.0
    observed, expected = o / n, 2 * 3 * (n - 3) / (n * (n - 1))
    assert by_type["CELL_LINE"]["alpha"] == pytest.approx(1 - observed / expected)
    assert every["alpha"] < 1


def test_alpha_is_the_published_measure_and_undefined_without_variation() -> None:
    # two coders, ten units, as Krippendorff's "Computing alpha-reliability" (2011), section B: 0.095
    a, b = "0100000010", "1110010000"
    words: dict[tuple[str, str], int] = {}
    for pair in zip(a, b, strict=True):
        words[pair] = words.get(pair, 0) + 1
    assert krippendorff_alpha(words) == pytest.approx(0.095, abs=5e-4)
    assert krippendorff_alpha({("O", "O"): 9}) is None


def test_alpha_is_that_of_the_package() -> None:
    dice = random.Random(1)
    for n_labels in (2, 3, 9):
        pairs = [(dice.randrange(n_labels), dice.randrange(n_labels)) for _ in range(60)]
        words = Counter((str(a), str(b)) for a, b in pairs)
        expected = krippendorff.alpha([[a for a, _ in pairs], [b for _, b in pairs]], level_of_measurement="nominal")
        assert krippendorff_alpha(words) == pytest.approx(expected)


def test_untagged_panels_and_types_of_one_guideline_alone_are_not_compared() -> None:
    half = version("bob", "curator", GENE, LINE, untagged=UNTAGGED_B)
    rows = agreement_of(figures(version("ann", "curator", GENE, LINE, DRUG), half))
    assert rows[0]["f1"] == 1.0
    only_genes = version("bob", "curator", GENE, annotated_types=["GENEPROD"])
    rows = agreement_of(figures(version("ann", "curator", GENE, LINE, DRUG), only_genes))
    assert [(r["entity_type"], r["f1"]) for r in rows] == [("all", 1.0), ("GENEPROD", 1.0)]


def test_versions_of_other_texts_are_compared_where_the_texts_meet() -> None:
    other = version("bob", "curator", *(moved(m, OTHER_DASHES) for m in (GENE, LINE)), legend=OTHER_DASHES)
    rows = agreement_of(figures(version("ann", "curator", GENE, LINE, DRUG), other))
    assert rows[0]["n_spans_same"] == 2
    assert {r["entity_type"]: r["f1"] for r in rows}["GENEPROD"] == 1.0


def test_a_cell_nobody_typed_is_open_not_outside() -> None:
    unknown = mark("HeLa cells", "CELL")
    rows = agreement_of(figures(version("ann", "curator", GENE, unknown), version("bob", "curator", GENE, CELLS)))
    assert [(r["entity_type"], r["f1"]) for r in rows] == [("all", 1.0), ("GENEPROD", 1.0)]


def test_stages_of_one_sender_are_two_annotators_and_two_sources_of_one_are_not() -> None:
    twice = [version("ann", "curator", GENE), version("ann", "author", GENE, DRUG)]
    [pair] = {(r["stage_a"], r["stage_b"]) for r in agreement_of(figures(*twice))}
    assert pair == ("curator", "author")
    assert agreement_of(figures(version("ann", "curator", GENE), version("ann", "curator", GENE))) == []


# a machine's tags


def test_what_became_of_the_machines_tags() -> None:
    machine = version("tagger", "machine", GENE, LINE, mark("liver", "ORGANISM"), mark("lowers", "EXP_ASSAY"))
    curator = version("ann", "curator", GENE, CELLS, mark("liver", "TISSUE"), DRUG, preannotated_by="ner/v3")
    rows = list(fates_of_pretags(*figures(machine, curator)))
    assert fates(rows) == {
        "GENEPROD": (1, 1, 0, 0, 0, 0), "CELL_LINE": (1, 0, 1, 0, 0, 0), "ORGANISM": (1, 0, 1, 0, 0, 0),
        "EXP_ASSAY": (1, 0, 0, 1, 0, 0), "SMALL_MOLECULE": (0, 0, 0, 0, 1, 0),
    }  # fmt: skip
    assert {(r["annotator"], r["machine"], r["preannotated_by"]) for r in rows} == {("ann", "tagger", "ner/v3")}


def test_what_the_curator_did_not_judge_is_not_deleted() -> None:
    machine = version("tagger", "machine", GENE, DRUG, mark("liver", "TISSUE"))
    curator = version("ann", "curator", GENE, untagged=UNTAGGED_B)
    assert fates(fates_of_pretags(*figures(machine, curator))) == {
        "GENEPROD": (1, 1, 0, 0, 0, 0), "SMALL_MOLECULE": (1, 0, 0, 0, 0, 1), "TISSUE": (1, 0, 0, 0, 0, 1),
    }  # fmt: skip
    genes = version("ann", "curator", annotated_types=["GENEPROD"])
    assert fates(fates_of_pretags(*figures(machine, genes)))["TISSUE"] == (1, 0, 0, 0, 0, 1)


def test_machine_tags_inside_the_file_and_a_machine_that_came_later() -> None:
    inside = version("ann", "curator", GENE, {**LINE, "is_machine": True})
    assert fates(fates_of_pretags(*figures(inside))) == {
        "CELL_LINE": (1, 0, 0, 1, 0, 0),
        "GENEPROD": (0, 0, 0, 0, 1, 0),
    }
    late = version("tagger", "machine", LINE, stamp="2026-05-01")
    assert {r["machine"] for r in fates_of_pretags(*figures(inside, late))} == {"in the file"}


# corrections


def correction(*rows: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ("from_stage", "to_stage", "n_kept", "n_changed", "n_deleted", "n_added")
    return [tuple(r[n] for n in names) for r in corrections_of(*figures(*rows))]


def test_an_author_who_corrects_nothing_and_one_who_does() -> None:
    curator = version("ann", "curator", GENE, LINE, floating("Western blot"))
    assert correction(curator, version("pat", "author", GENE, LINE, floating("western blot"))) == [
        ("curator", "author", 3, 0, 0, 0)
    ]
    author = version("pat", "author", {**GENE, "role": "controlled"}, DRUG, floating("ELISA"))
    assert correction(curator, author) == [("curator", "author", 0, 1, 2, 2)]


def test_after_a_machine_a_new_role_or_id_is_no_change() -> None:
    curator = version("ann", "curator", {**GENE, "role": "measured", "ext_ids": ["11793"]})
    assert correction(version("tagger", "machine", GENE), curator) == [("machine", "curator", 1, 0, 0, 0)]


def test_of_several_versions_of_a_stage_the_latest_counts_and_figures_add_up() -> None:
    old, new = version("ann", "curator", GENE), version("bob", "curator", GENE, LINE, stamp="2026-02-01")
    author = version("pat", "author", GENE, LINE)
    assert correction(old, new, author) == [("curator", "author", 2, 0, 0, 0)]
    second = [{**v, "figure_group": "fig-2"} for v in (new, version("pat", "author", LINE, CELLS))]
    found = compare_figures(figures(new, author, *second))["corrections"]
    assert found == [{"doc_id": "10.5555/a", "from_stage": "curator", "to_stage": "author", "n_figures": 2, "n_kept": 3,
                      "n_changed": 0, "n_deleted": 1, "n_added": 1}]  # fmt: skip


def test_an_overlapping_span_is_one_change_whatever_stands_around_it() -> None:
    curator = version("ann", "curator", LINE, mark("cells", "TISSUE"))
    assert correction(curator, version("pat", "author", CELLS)) == [("curator", "author", 0, 1, 1, 0)]
