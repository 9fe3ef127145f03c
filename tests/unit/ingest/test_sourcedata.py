"""SourceData XML with its quirks: each tag is kept, refused with a reason, or ignored by rule, and all are counted."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.core.records import AnnotationRecord, CuratedFigure, DocIds, ParsedFile, Reason, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest.sourcedata import parse_sourcedata


def tag(surface: str, entity_type: str = "protein", /, **attributes: str) -> str:
    values = {"id": "sdTag1", "source": "sdapi", "category": "entity", "entity_type": entity_type, **attributes}
    return f"<sd-tag {' '.join(f'{k}={chr(34)}{v}{chr(34)}' for k, v in values.items())}>{surface}</sd-tag>"


def panel(body: str, panel_id: str = "7") -> str:
    return f'<sd-panel panel_id="{panel_id}">{body}<graphic href="https://example.org/{panel_id}"/></sd-panel>'


def figure(*panels: str, label: str = "Figure 2") -> str:
    return f'<fig id="90"><title>T</title><label>{label}</label><graphic href="g"/>{"".join(panels)}</fig>'


def article(*figures: str, attributes: str = 'doi="10.1234/Demo.1"') -> bytes:
    return f'<article {attributes} abstract="…">{"".join(figures)}</article>'.encode()


def parse(*figures: str, attributes: str = 'doi="10.1234/Demo.1"') -> ParsedFile:
    parsed = parse_sourcedata(article(*figures, attributes=attributes))
    assert all(counts.balances for counts in parsed.counts.values())
    for curated in parsed.curated:
        for record in curated.annotations:
            assert record.is_floating or curated.legend[record.start : record.end] == record.text
    return parsed


def only_figure(parsed: ParsedFile) -> CuratedFigure:
    (curated,) = parsed.curated
    return curated


def only_tag(body: str) -> AnnotationRecord:
    (record,) = only_figure(parse(figure(panel(body)))).annotations
    return record


def refused(body: str) -> Reason:
    parsed = parse(figure(panel(body + " in " + tag("HeLa", "cell_line", id="good"))))
    assert [a.tag_ids for a in only_figure(parsed).annotations] == [("good",)]
    (rejection,) = parsed.rejections
    assert rejection.unit == "annotation"
    assert rejection.payload["id"] == "sdTag1"
    assert rejection.locator == "fig 90#sdTag1"
    return rejection.reason


def test_figure_with_panels_tags_and_markers() -> None:
    parsed = parse(
        figure(
            panel(f"<p><strong>(A)</strong> Blot of {tag('LC3‐<i>II</i>', role='assayed', text='LC3-II')}.</p>", "1"),
            panel(f"<b>(B, C)</b> {tag('ELISA', '', category='assay')}\n of\n it.", "2"),
        )
    )
    curated = only_figure(parsed)
    assert curated.legend == "(A) Blot of LC3‐II. (B, C) ELISA of it."
    assert (curated.key, curated.label, curated.external_id) == ("fig-2", "Figure 2", "90")
    assert curated.ids == DocIds(doi="10.1234/demo.1")
    assert curated.graphics == ("g", "https://example.org/1", "https://example.org/2")
    assert [(p.labels, p.start, p.end, p.marker_offsets, p.external_id) for p in curated.panels] == [
        (("A",), 0, 19, (0,), "1"), (("B", "C"), 20, 39, (20,), "2"),
    ]  # fmt: skip
    assert [(a.text, a.entity_type, a.raw_type, a.role, a.raw_role, a.panel_no) for a in curated.annotations] == [
        ("LC3‐II", "GENEPROD", "protein", "measured", "assayed", 0), ("ELISA", "EXP_ASSAY", "assay", None, None, 1),
    ]  # fmt: skip
    assert parsed.counts["annotation"] == UnitCounts(n_in=2, valid=2)


@pytest.mark.parametrize(
    ("entity_type", "category", "expected"),
    [
        ("molecule", "entity", "SMALL_MOLECULE"), ("gene", "entity", "GENEPROD"), ("geneprod", "entity", "GENEPROD"),
        ("protein", "None", "GENEPROD"), ("subcellular", "", "SUBCELLULAR"), ("cell_type", "entity", "CELL_TYPE"),
        ("cell_line", "entity", "CELL_LINE"), ("tissue", "entity", "TISSUE"), ("organism", "entity", "ORGANISM"),
        ("cell", "entity", "CELL"), ("", "assay", "EXP_ASSAY"), ("", "disease", "DISEASE"),
        ("protein", "disease", "DISEASE"),
    ],
)  # fmt: skip
def test_type_comes_from_category_then_type(entity_type: str, category: str, expected: str) -> None:
    assert only_tag(tag("x", entity_type, category=category)).entity_type == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("intervention", "controlled"), ("assayed", "measured"), ("reporter", "boring"), ("normalizing", "boring"),
        ("component", "boring"), ("experiment", None), ("", None),
    ],
)  # fmt: skip
def test_roles(role: str, expected: str | None) -> None:
    record = only_tag(tag("x", role=role))
    assert (record.role, record.raw_role) == (expected, role or None)


def test_an_assay_has_no_role() -> None:
    record = only_tag(tag("ELISA", "", category="assay", role="assayed"))
    assert (record.role, record.raw_role) == (None, "assayed")


@pytest.mark.parametrize(
    ("attributes", "ids", "dbs"),
    [
        ({"ext_ids": "P1", "ext_dbs": "Uniprot"}, ("P1",), ("Uniprot",)),
        (
            {"ext_ids": "P1///P2", "ext_dbs": "Uniprot///Uniprot", "ext_tax_ids": "1///2", "ext_urls": "http://a////b"},
            ("P1", "P2"),
            ("Uniprot", "Uniprot"),
        ),
        ({"ext_ids": "P1///P1", "ext_dbs": "Uniprot///Uniprot"}, ("P1",), ("Uniprot",)),
        ({"ext_ids": "CL_0000000", "ext_dbs": "CL"}, (), ()),
        ({"ext_ids": "CL_0000084", "ext_dbs": "CL"}, ("CL:0000084",), ("CL",)),
        ({"ext_ids": "x", "ext_dbs": "Elsewhere"}, ("x",), ("Elsewhere",)),
        ({"ext_ids": "x"}, ("x",), ("",)),
        ({"ext_ids": "", "ext_dbs": ""}, (), ()),
        (
            {
                "external_id0": "P1",
                "external_database0": "Uniprot",
                "external_id1": "P2",
                "external_database1": "Uniprot",
            },
            ("P1", "P2"),
            ("Uniprot", "Uniprot"),
        ),
    ],
)
def test_id_lists_run_in_parallel(attributes: dict[str, str], ids: tuple[str, ...], dbs: tuple[str, ...]) -> None:
    record = only_tag(tag("x", "cell_type", **attributes))
    assert (record.ext_ids, record.ext_dbs) == (ids, dbs)


@pytest.mark.parametrize(
    ("db", "ext_id", "expected"),
    [("CVCL", "CVCL_0030", "CELL_LINE"), ("CL", "CL:0000084", "CELL_TYPE"), ("CL", "CL_0000000", "CELL")],
)
def test_a_bare_cell_takes_the_type_of_its_id(db: str, ext_id: str, expected: str) -> None:
    assert only_tag(tag("x", "cell", ext_ids=ext_id, ext_dbs=db)).entity_type == expected


def test_old_attribute_names() -> None:
    body = '<sd-tag id="sdTag1" type="molecule" role="intervention" external_id0="CHEBI:1">ATP</sd-tag>'
    record = only_tag(body)
    assert (record.entity_type, record.role, record.ext_ids) == ("SMALL_MOLECULE", "controlled", ("CHEBI:1",))


@pytest.mark.parametrize(
    "body",
    [
        '<sd-tag id="sdTag1">B7/21</sd-tag>',
        '<sd-tag id="sdTag1" source="sdapi">B7/21</sd-tag>',
        tag("24 h", "", category="time"),
        tag("37 °C", "", category="physical"),
        tag("supernatant", "undefined"),
    ],
)
def test_phantoms_and_types_of_no_label_set_are_ignored_with_count(body: str) -> None:
    parsed = parse(figure(panel(f"Blot {body} and {tag('LC3')}.")))
    assert parsed.counts["annotation"] == UnitCounts(n_in=2, valid=1, ignored=1)


@pytest.mark.parametrize(
    ("attributes", "entity_type", "raw_role"),
    [
        ('class="component tissue"', "TISSUE", "component"),
        ('class="assay"', "EXP_ASSAY", None),
        ('role="assayed" type="geneprod"', "GENEPROD", "assayed"),
    ],
)
def test_pretags_are_a_machines_and_label_nothing(attributes: str, entity_type: str, raw_role: str | None) -> None:
    parsed = parse(figure(panel(f'In <sd-pretag id="sdPretag1" {attributes}>table</sd-pretag> 1.')))
    curated = only_figure(parsed)
    [made] = curated.annotations
    assert (made.text, made.entity_type, made.raw_role, made.is_machine) == ("table", entity_type, raw_role, True)
    assert curated.legend == "In table 1."
    assert [p.is_labelled for p in curated.panels] == [False]
    assert parsed.counts["pretag"] == UnitCounts(n_in=1, valid=1)
    assert parsed.counts["annotation"] == UnitCounts()


def test_a_pretag_hides_no_tag_and_one_without_a_type_is_ignored() -> None:
    whole = f'<sd-pretag id="p1" class="cell">{tag("LC3")} cells</sd-pretag>'
    body = f'Loss of {whole} in <sd-pretag id="p2">vials</sd-pretag>'
    parsed = parse(figure(panel(body)))
    found = [(a.text, a.is_machine, a.is_nested) for a in only_figure(parsed).annotations]
    assert found == [("LC3", False, False), ("LC3 cells", True, False)]
    assert [p.is_labelled for p in only_figure(parsed).panels] == [True]
    assert parsed.counts["pretag"] == UnitCounts(n_in=2, valid=1, ignored=1)
    assert parsed.counts["annotation"] == UnitCounts(n_in=1, valid=1)


def test_a_tag_whose_origin_is_a_machine_is_kept_as_such() -> None:
    parsed = parse(figure(panel(f"Blot of {tag('LC3', origin='smarttag')}.")))
    assert [(a.text, a.is_machine) for a in only_figure(parsed).annotations] == [("LC3", True)]
    assert [p.is_labelled for p in only_figure(parsed).panels] == [False]
    assert parsed.counts["annotation"] == UnitCounts(n_in=1, valid=1)


def test_panel_with_phantoms_only_is_unlabelled_and_a_time_tag_labels() -> None:
    parsed = parse(
        figure(panel('A <sd-tag id="1">x</sd-tag>', "1"), panel(f"B {tag('2 h', '', category='time')}", "2"))
    )
    assert [p.is_labelled for p in only_figure(parsed).panels] == [False, True]


@pytest.mark.parametrize("body", [tag("", text="mTOR", in_caption="False"), tag("mTOR", text="mTOR", in_caption="N")])
def test_floating_tag_has_no_place(body: str) -> None:
    record = only_tag(f"Blot. {body}")
    assert (record.start, record.end, record.text, record.panel_no) == (None, None, "mTOR", 0)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (tag("x", "spaceship"), Reason.UNKNOWN_TYPE),
        (tag("x", category="colour"), Reason.UNKNOWN_TYPE),
        (tag("x", role="villain"), Reason.BAD_ROLE),
        (tag("x", ext_ids="P1///P2", ext_dbs="Uniprot"), Reason.UNEQUAL_ID_LISTS),
        (tag("x", ext_ids="P1", ext_dbs="Uniprot", ext_tax_ids="1///2"), Reason.UNEQUAL_ID_LISTS),
        (tag("LC3", text="p62"), Reason.TEXT_MISMATCH),
        (tag(""), Reason.TEXT_MISMATCH),
    ],
)
def test_a_bad_tag_is_refused_and_the_rest_goes_on(body: str, reason: Reason) -> None:
    assert refused(f"Blot of {body}") == reason


def test_nested_tags_are_kept_and_marked() -> None:
    outer = tag(f"anti-{tag('GFP', id='inner')} serum", "molecule", id="outer")
    records = only_figure(parse(figure(panel(f"Blot with {outer}.")))).annotations
    assert [(a.text, a.tag_ids, a.is_nested) for a in records] == [
        ("anti-GFP serum", ("outer",), False), ("GFP", ("inner",), True),
    ]  # fmt: skip


def test_same_tag_twice_on_one_span_is_a_repeat() -> None:
    parsed = parse(figure(panel(f"Blot of {tag(tag('LC3', id='inner'), id='outer')}.")))
    assert len(only_figure(parsed).annotations) == 1
    assert parsed.counts["annotation"] == UnitCounts(n_in=2, valid=1, duplicate=1)


def test_nested_panels_are_flattened() -> None:
    inner = panel(f"(B) Image of {tag('p62')}.", "2")
    parsed = parse(figure(panel(f"(A) Blot of {tag('LC3')}. {inner} Bars, {tag('ERK')}.", "1")))
    curated = only_figure(parsed)
    assert curated.legend == "(A) Blot of LC3. (B) Image of p62. Bars, ERK."
    assert [p.labels for p in curated.panels] == [("A",), ("B",)]
    assert [a.panel_no for a in curated.annotations] == [0, 1, 1]


def test_a_panel_that_only_wraps_others_is_a_duplicate() -> None:
    parsed = parse(figure(panel(panel("(A) Blot.", "2") + panel("(B) Image.", "3"), "1")))
    assert [p.external_id for p in only_figure(parsed).panels] == ["2", "3"]
    assert parsed.counts["panel"] == UnitCounts(n_in=3, valid=2, duplicate=1)


def test_repeated_panel_is_a_duplicate_and_adds_only_what_is_new() -> None:
    plain, more = f"(A) Blot of {tag('LC3')} and p62.", f"(A) Blot of {tag('LC3')} and {tag('p62')}."
    parsed = parse(figure(panel(plain, "1"), panel("(B) Image.", "2"), panel(more, "1")))
    curated = only_figure(parsed)
    assert [a.text for a in curated.annotations] == ["LC3", "p62"]
    assert parsed.counts["panel"] == UnitCounts(n_in=3, valid=2, duplicate=1)
    assert parsed.counts["annotation"] == UnitCounts(n_in=3, valid=2, duplicate=1)


def test_same_panel_id_with_other_text_is_another_panel() -> None:
    assert len(only_figure(parse(figure(panel("(A) Blot.", "1"), panel("(B) Image.", "1")))).panels) == 2


def test_paragraphs_are_lines_and_white_space_is_folded() -> None:
    curated = only_figure(
        parse(figure(panel(f"<p>(A)\n\t Blot</p><p>of \N{NO-BREAK SPACE} {tag(' LC3 ')}.<br/>End</p>")))
    )
    assert curated.legend == "(A) Blot\nof LC3 .\nEnd"
    assert [a.text for a in curated.annotations] == ["LC3"]


def test_comments_and_instructions_leave_the_text_around_them() -> None:
    curated = only_figure(parse(figure(panel("(A) Blot<!-- no --> of <?x y?>it."))))
    assert curated.legend == "(A) Blot of it."


@pytest.mark.parametrize(
    ("bodies", "labels", "offsets"),
    [
        (["(A) Blot.", "(B) Image."], [("A",), ("B",)], [0, 10]),
        (["Title here. (A) Blot.", "(B) Image."], [("A",), ("B",)], [12, 22]),
        (["Left, blot.", "Right, image."], [(), ()], [0, 12]),
        (["<b>Left</b> blot.", "<b>c</b> image."], [(), ("C",)], [0, 11]),
        (["A Western blot.", "A Western blot again."], [("A",), ()], [0, 16]),
        (["<p><strong>a–c</strong> blots.</p>", "d, image."], [("A", "B", "C"), ("D",)], [0, 11]),
    ],
)
def test_every_panel_has_a_start(bodies: list[str], labels: list[tuple[str, ...]], offsets: list[int]) -> None:
    panels = only_figure(parse(figure(*(panel(b, str(n)) for n, b in enumerate(bodies))))).panels
    assert [p.labels for p in panels] == labels
    assert [p.marker_offsets for p in panels] == [(at,) for at in offsets]
    assert all(p.has_marker for p in panels)


def test_figures_and_panels_without_text_are_refused_and_counted() -> None:
    parsed = parse(
        figure(panel("(A) Blot.", "1"), panel(f" {tag('', text='mTOR')}", "2"), panel("", "3")),
        figure(label="Figure 3"),
        figure(panel("(A) Blot."), label="Figure 2"),
    )
    assert [f.key for f in parsed.curated] == ["fig-2", "fig-2-b"]
    assert [(r.unit, r.reason) for r in parsed.rejections] == [
        ("panel", Reason.NO_LEGEND), ("annotation", Reason.PARENT_REJECTED), ("panel", Reason.NO_LEGEND),
        ("figure", Reason.NO_LEGEND),
    ]  # fmt: skip
    assert parsed.counts["figure"] == UnitCounts(n_in=3, valid=2, quarantined=1)


def test_stated_date_and_version() -> None:
    attributes = 'doi="10.1234/X" pmid="5" date="2026-11-18" version="2"'
    curated = only_figure(parse(figure(panel("(A) Blot.")), attributes=attributes))
    assert (curated.stated_date, curated.stated_version) == (dt.date(2026, 11, 18), 2)
    assert curated.ids == DocIds(doi="10.1234/x", pmid="5")


GOOD = figure(panel("(A) Blot."))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY_FILE),
        (article(GOOD)[:-20], Reason.NOT_WELL_FORMED),
        (b"<collection/>", Reason.UNKNOWN_FORMAT),
        (b"<article><front/><body/></article>", Reason.UNKNOWN_FORMAT),
        (article(GOOD, attributes='doi="empty"'), Reason.NO_IDENTITY),
        (article(GOOD, attributes='doi="10.1234/x" date="18.11.2026"'), Reason.BAD_DATE),
        (article(GOOD, attributes='doi="10.1234/x" version="two"'), Reason.BAD_DATE),
    ],
)
def test_unusable_file_is_refused_as_a_whole(data: bytes, reason: Reason) -> None:
    with pytest.raises(RejectedInput) as error:
        parse_sourcedata(data)
    assert error.value.reason == reason


def test_article_without_any_text_is_refused_but_counted() -> None:
    parsed = parse(figure())
    assert parsed.curated == ()
    assert parsed.counts["document"] == UnitCounts(n_in=1, quarantined=1)
