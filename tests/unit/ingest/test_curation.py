"""Offsets survive normalisation; rows of one span become one record; overlaps are marked."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.core.labels import load_labels
from pipelines.core.records import AnnotationRecord
from pipelines.core.text import normalise_legend
from pipelines.ingest.curation import mark_nested, merge_rows, resolve_raw_id, trace_legend

TRICKY = st.text(alphabet="ab \n\t\r\u00a0\u2009e\u0301\u0308A\u030a\u1100\u1161\u11a8ﬁ\u0958·µ", max_size=40)


@given(st.one_of(TRICKY, st.text(max_size=40)))
@example("  a \n \n\t b  ")
@example(" \u0301x")
@settings(max_examples=500, deadline=None)
def test_trace_is_the_normalised_legend_and_keeps_every_character(raw: str) -> None:
    traced = trace_legend(raw)
    assert traced.text == normalise_legend(raw)
    reached: set[int] = set()
    for i, char in enumerate(raw):
        span = traced.map_span(i, i + 1)
        if not char.isspace():
            assert span is not None
            reached |= set(range(*span))
    assert reached >= {i for i, char in enumerate(traced.text) if not char.isspace()}


@given(st.lists(st.sampled_from(["LC3", "α-é", "e\u0301x", "µM", "Ａ"]), min_size=1, max_size=8), st.data())
def test_words_are_found_where_they_went(words: list[str], data: st.DataObject) -> None:
    gaps = [data.draw(st.sampled_from([" ", "  ", "\u00a0", "\n", " \t"])) for _ in words]
    raw = "".join(gap + word for gap, word in zip(gaps, words, strict=True))
    traced, at = trace_legend(raw), 0
    for gap, word in zip(gaps, words, strict=True):
        span = traced.map_span(at, at + len(gap) + len(word))
        assert span is not None
        assert traced.text[slice(*span)] == normalise_legend(word)
        at += len(gap) + len(word)


def test_white_space_alone_has_no_place() -> None:
    assert trace_legend("a   b").map_span(1, 4) is None
    assert trace_legend("a b").map_span(1, 2) is None


LABELS = load_labels()


@pytest.mark.parametrize(
    ("raw", "entity_type", "ext_id", "ext_db"),
    [
        ("Uniprot:P28482", "GENEPROD", "P28482", "Uniprot"),
        ("CVCL_0063", "CELL_LINE", "CVCL_0063", "CVCL"),
        ("CHEBI:18420", "SMALL_MOLECULE", "CHEBI:18420", "ChEBI"),
        ("GO:0005739", "SUBCELLULAR", "GO:0005739", "Gene Ontology"),
        ("Uberon:UBERON:0000955", "TISSUE", "UBERON:0000955", "Uberon"),
        ("NCBI taxon:9606", "ORGANISM", "9606", "NCBI taxon"),
        ("protein:GFP  of\nfish", "GENEPROD", "protein:GFP of fish", ""),
        ("cell:RCC1.24", "CELL", "cell:RCC1.24", ""),
    ],
)
def test_id_prefix_decides_the_type(raw: str, entity_type: str, ext_id: str, ext_db: str) -> None:
    resolved = resolve_raw_id(raw, LABELS)
    assert resolved is not None
    assert (resolved.entity_type, resolved.ext_ids, resolved.ext_dbs) == (entity_type, (ext_id,), (ext_db,))


@pytest.mark.parametrize("raw", ["", "GFP", "spaceship:Enterprise", ":x"])
def test_unknown_prefix_is_none(raw: str) -> None:
    assert resolve_raw_id(raw, LABELS) is None


def row(start: int | None, end: int | None, ext_id: str = "", **changes: object) -> AnnotationRecord:
    values: dict[str, object] = {
        "start": start, "end": end, "text": "x", "entity_type": "GENEPROD", "raw_type": "protein",
        "ext_ids": (ext_id,) if ext_id else (), "ext_dbs": ("Uniprot",) if ext_id else (), **changes,
    }  # fmt: skip
    return AnnotationRecord(**values)  # type: ignore[arg-type]


def test_ids_of_one_span_become_a_list_and_repeats_are_counted() -> None:
    rows = [row(0, 3, "P1", tag_ids=("1",)), row(0, 3, "P2", tag_ids=("2",)), row(0, 3, "P1", tag_ids=("3",))]
    merged, n_repeated = merge_rows(rows)
    assert n_repeated == 1
    assert [(r.ext_ids, r.ext_dbs, r.tag_ids, r.n_source_rows) for r in merged] == [
        (("P1", "P2"), ("Uniprot", "Uniprot"), ("1", "2"), 2)
    ]


def test_types_and_floating_tags_stay_apart() -> None:
    rows = [
        row(0, 3, "P1"), row(0, 3, "P1", entity_type="CELL_LINE"),
        row(None, None, text="mTOR", panel_no=0), row(None, None, text="mTOR", panel_no=1),
    ]  # fmt: skip
    merged, n_repeated = merge_rows(rows)
    assert (len(merged), n_repeated) == (4, 0)


def test_a_role_that_comes_later_is_kept() -> None:
    merged, n_repeated = merge_rows([row(0, 3, "P1"), row(0, 3, "P1", role="measured", raw_role="assayed")])
    assert (merged[0].role, merged[0].raw_role, n_repeated) == ("measured", "assayed", 0)


def test_longest_then_first_stands() -> None:
    records = mark_nested([row(5, 8), row(0, 4), row(2, 9), row(12, 14), row(13, 15), row(None, None)])
    assert [(r.start, r.end, r.is_nested) for r in records] == [
        (0, 4, True), (2, 9, False), (5, 8, True), (12, 14, False), (13, 15, True), (None, None, False),
    ]  # fmt: skip
