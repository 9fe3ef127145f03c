"""BioC files: offsets in either unit, each broken mention refused alone, counts that balance."""

from __future__ import annotations

import datetime as dt
from xml.sax.saxutils import escape

import pytest

from pipelines.core.records import CuratedFigure, DocIds, ParsedFile, Reason, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest.bioc import parse_bioc


def annotation(raw_id: str, text: str, offset: object, length: object, tag_id: str = "1") -> str:
    return (
        f'<annotation id="{tag_id}"><infon key="type">{escape(raw_id)}</infon>'
        f'<location offset="{offset}" length="{length}"/><text>{escape(text)}</text></annotation>'
    )


def mention(text: str, word: str, raw_id: str = "Uniprot:P28482", *, is_bytes: bool = True, base: int = 0) -> str:
    at = text.index(word)
    if is_bytes:
        return annotation(raw_id, word, base + len(text[:at].encode()), len(word.encode()))
    return annotation(raw_id, word, base + at, len(word))


def document(figure: str, text: str, *annotations: str, ids: str = "doi pmc_id", offset: int = 0) -> str:
    known = {"doi": "10.1234/Demo.1", "pmc_id": "123"}
    infons = "".join(f'<infon key="{key}">{known[key]}</infon>' for key in ids.split())
    name = figure.replace(" ", "_")
    return (
        f'<document><id>123 {name}</id>{infons}<infon key="figure">{figure}</infon><passage><offset>{offset}</offset>'
        f"<text>{escape(text)}</text>{''.join(annotations)}</passage></document>"
    )


def collection(*documents: str, date: str = "00000000") -> bytes:
    body = "".join(documents)
    return f"<?xml version='1.0' encoding='UTF-8'?><collection><date>{date}</date>{body}</collection>".encode()


def parse(*documents: str) -> ParsedFile:
    parsed = parse_bioc(collection(*documents))
    assert all(counts.balances for counts in parsed.counts.values())
    for figure in parsed.curated:
        for record in figure.annotations:
            assert figure.legend[record.start : record.end] == record.text
    return parsed


def only_figure(parsed: ParsedFile) -> CuratedFigure:
    (figure,) = parsed.curated
    return figure


BLOT = "(A) Blot of α‐tubulin and ERK2 in HeLa cells."
IMAGE = "(B) Image of ERK2 in mice."


def test_panels_of_a_figure_are_joined_and_mentions_rebased() -> None:
    figure = only_figure(
        parse(
            document("Figure 3-A", BLOT, mention(BLOT, "α‐tubulin"), mention(BLOT, "HeLa", "CVCL_0030")),
            document("f3-B", IMAGE, mention(IMAGE, "ERK2"), mention(IMAGE, "mice", "NCBI taxon:10090")),
        )
    )
    assert figure.legend == f"{BLOT} {IMAGE}"
    assert (figure.key, figure.label) == ("fig-3", "Figure 3")
    assert figure.ids == DocIds(doi="10.1234/demo.1", pmcid="PMC123")
    assert [(a.text, a.entity_type, a.ext_ids, a.ext_dbs, a.panel_no) for a in figure.annotations] == [
        ("α‐tubulin", "GENEPROD", ("P28482",), ("Uniprot",), 0),
        ("HeLa", "CELL_LINE", ("CVCL_0030",), ("CVCL",), 0),
        ("ERK2", "GENEPROD", ("P28482",), ("Uniprot",), 1),
        ("mice", "ORGANISM", ("10090",), ("NCBI taxon",), 1),
    ]
    assert [(p.labels, p.marker_offsets, p.has_marker, p.is_labelled) for p in figure.panels] == [
        (("A",), (0,), True, True), (("B",), (len(BLOT) + 1,), True, True),
    ]  # fmt: skip


def test_offsets_as_code_points_are_recognised() -> None:
    records = only_figure(parse(document("Figure 1-A", BLOT, mention(BLOT, "HeLa", is_bytes=False)))).annotations
    assert [a.text for a in records] == ["HeLa"]


@pytest.mark.parametrize("is_bytes", [True, False])
def test_passage_offset_is_honoured(is_bytes: bool) -> None:
    text = mention(BLOT, "HeLa", is_bytes=is_bytes, base=100)
    assert [a.text for a in only_figure(parse(document("Figure 1-A", BLOT, text, offset=100))).annotations] == ["HeLa"]


def test_passages_and_sentences_are_joined() -> None:
    body = (
        "<document><id>7 Figure_1-A</id>"
        f"<passage><offset>0</offset><text>Title α.</text>{mention('Title α.', 'α')}</passage>"
        "<passage><offset>9</offset><sentence><offset>9</offset><text>(A)  Blot.</text>"
        f"{mention('(A)  Blot.', 'Blot', base=9)}</sentence></passage></document>"
    )
    figure = only_figure(parse(body))
    assert figure.legend == "Title α. (A) Blot."
    assert [a.text for a in figure.annotations] == ["α", "Blot"]
    assert figure.ids == DocIds(local_id="7")


@pytest.mark.parametrize(
    ("bad", "reason", "words"),
    [
        (annotation("Uniprot:P1", "HeLa", 9_999, 4), Reason.OFFSET_OUT_OF_RANGE, "do not lie in the passage"),
        (annotation("Uniprot:P1", "HeLa", 44, 40), Reason.OFFSET_OUT_OF_RANGE, "do not lie in the passage"),
        (annotation("Uniprot:P1", "HeLa", "x", 4), Reason.OFFSET_OUT_OF_RANGE, "offset None"),
        (annotation("Uniprot:P1", "HeLa", -3, 4), Reason.OFFSET_OUT_OF_RANGE, "offset None"),
        (annotation("Uniprot:P1", "HeLa", 3, 0), Reason.OFFSET_OUT_OF_RANGE, "length 0"),
        (annotation("Uniprot:P1", "α", 13, 1), Reason.OFFSET_OUT_OF_RANGE, "do not lie"),
        (annotation("Uniprot:P1", "HeLa", 0, 4), Reason.TEXT_MISMATCH, "'(A)'"),
        (annotation("Uniprot:P1", " ", 3, 1), Reason.TEXT_MISMATCH, "white space"),
        (mention(BLOT, "ERK2", "spaceship:Enterprise"), Reason.UNKNOWN_TYPE, "no known database"),
        (mention(BLOT, "ERK2", ""), Reason.UNKNOWN_TYPE, "no known database"),
        (
            mention(BLOT, "ERK2").replace("<text>", '<location offset="0" length="1"/><text>'),
            Reason.TEXT_MISMATCH,
            "( … ERK2",
        ),
        ('<annotation id="9"><infon key="type">Uniprot:P1</infon></annotation>', Reason.OFFSET_OUT_OF_RANGE, "None"),
    ],
)
def test_a_bad_mention_is_refused_and_the_rest_goes_on(bad: str, reason: Reason, words: str) -> None:
    parsed = parse(document("Figure 1-A", BLOT, mention(BLOT, "HeLa", "CVCL_0030"), bad, mention(BLOT, "α‐tubulin")))
    assert [a.text for a in only_figure(parsed).annotations] == ["α‐tubulin", "HeLa"]
    (rejection,) = parsed.rejections
    assert (rejection.unit, rejection.reason) == ("annotation", reason)
    assert words in rejection.message
    assert rejection.payload["document"] == "123 Figure_1-A"
    assert parsed.counts["annotation"] == UnitCounts(n_in=3, valid=2, quarantined=1)


def test_several_ids_on_one_span_are_one_record_and_repeats_are_counted() -> None:
    rows = [mention(BLOT, "ERK2", raw) for raw in ("NCBI gene:5594", "Uniprot:P28482", "NCBI gene:5594", "CL:0000066")]
    parsed = parse(document("Figure 1-A", BLOT, *rows))
    records = only_figure(parsed).annotations
    assert [(a.entity_type, a.ext_ids, a.n_source_rows, a.is_nested) for a in records] == [
        ("GENEPROD", ("5594", "P28482"), 2, False), ("CELL_TYPE", ("CL:0000066",), 1, True),
    ]  # fmt: skip
    assert parsed.counts["annotation"] == UnitCounts(n_in=4, valid=3, duplicate=1)


def test_shorter_overlap_is_nested() -> None:
    records = only_figure(parse(document("Figure 1-A", BLOT, mention(BLOT, "HeLa"), mention(BLOT, "HeLa cells"))))
    assert [(a.text, a.is_nested) for a in records.annotations] == [("HeLa cells", False), ("HeLa", True)]


def test_repeated_document_and_its_annotations_are_duplicates() -> None:
    both = "(E, F) Assay of ERK2 with both reporters in all cells."
    parsed = parse(
        document("Figure 2-E", both, mention(both, "ERK2")),
        document("Figure 2-F", both, mention(both, "ERK2"), mention(both, "cells", "CL:0000066")),
    )
    figure = only_figure(parsed)
    assert figure.legend == both
    assert [(p.labels, p.external_id) for p in figure.panels] == [(("E", "F"), "123 Figure_2-E")]
    assert parsed.counts["panel"] == UnitCounts(n_in=2, valid=1, duplicate=1)
    assert parsed.counts["annotation"] == UnitCounts(n_in=3, valid=2, duplicate=1)


def test_annotations_of_a_shared_lead_in_stand_once() -> None:
    lead = "ERK2 was silenced in all of the cells for two days before the assay. "
    texts = {letter: f"{lead}({letter}) Image." for letter in "AB"}
    parsed = parse(*(document(f"Figure 2-{x}", t, mention(t, "ERK2")) for x, t in texts.items()))
    assert only_figure(parsed).legend == f"{lead}(A) Image. (B) Image."
    assert parsed.counts["annotation"] == UnitCounts(n_in=2, valid=1, duplicate=1)


def test_a_mention_that_the_joining_would_tear_apart_is_refused() -> None:
    lead = "ERK2 was silenced in all of the cells for two days before the assay. "
    image = f"{lead}(B) Image of the cells that were kept."
    both = f"{image} (C) Sum."
    torn = mention(both, "assay. (B) Image")
    parsed = parse(
        document("Figure 2-A", f"{lead}(A) Blot."), document("Figure 2-B", image), document("Figure 2-C", both, torn)
    )
    assert only_figure(parsed).legend == f"{lead}(A) Blot. (B) Image of the cells that were kept. (C) Sum."
    assert [(r.unit, r.reason) for r in parsed.rejections] == [("annotation", Reason.TEXT_MISMATCH)]
    assert "joined legend" in parsed.rejections[0].message


def test_white_space_is_normalised_and_offsets_follow() -> None:
    text = "(A)\N{NO-BREAK SPACE} Blot  of\nERK2 ."
    figure = only_figure(parse(document("Figure 1-A", text, mention(text, "ERK2 "))))
    assert figure.legend == "(A) Blot of ERK2 ."
    assert [a.text for a in figure.annotations] == ["ERK2"]


def test_panel_without_annotation_is_unlabelled() -> None:
    parsed = parse(document("Figure 1-A", BLOT, mention(BLOT, "HeLa")), document("Figure 1-B", IMAGE))
    assert [p.is_labelled for p in only_figure(parsed).panels] == [True, False]


def test_start_without_marker_is_said() -> None:
    (panel,) = only_figure(parse(document("Figure 1-A", "Western blot of it."))).panels
    assert (panel.has_marker, panel.marker_offsets) == (False, ())


def test_document_without_text_or_identity_is_refused_with_its_annotations() -> None:
    nameless = document("Figure 1-A", BLOT, mention(BLOT, "HeLa"), ids="").replace("<id>123 Figure_1-A</id>", "")
    empty = document("Figure 1-C", "", annotation("Uniprot:P1", "x", 0, 1), annotation("Uniprot:P1", "y", 0, 1))
    parsed = parse(nameless, empty, document("Figure 1-B", IMAGE, mention(IMAGE, "mice")))
    assert [(r.unit, r.reason, r.n) for r in parsed.rejections] == [
        ("panel", Reason.NO_IDENTITY, 1), ("annotation", Reason.PARENT_REJECTED, 1),
        ("panel", Reason.NO_LEGEND, 1), ("annotation", Reason.PARENT_REJECTED, 2),
    ]  # fmt: skip
    assert only_figure(parsed).legend == IMAGE
    assert parsed.counts["panel"] == UnitCounts(n_in=3, valid=1, quarantined=2)


def test_articles_of_one_file_stay_apart_and_keys_are_unique() -> None:
    other = document("Figure 1-A", IMAGE).replace("10.1234/Demo.1", "10.1234/demo.2").replace(">123<", ">124<")
    parsed = parse(document("Figure 1-A", BLOT), document("Scheme", IMAGE), document("scheme.", IMAGE), other)
    assert [(f.ids.pmcid, f.key, f.position) for f in parsed.curated] == [
        ("PMC123", "fig-1", 0), ("PMC123", "scheme", 1), ("PMC123", "scheme-b", 2), ("PMC124", "fig-1", 0),
    ]  # fmt: skip
    assert parsed.counts["document"] == UnitCounts(n_in=2, valid=2)
    assert parsed.counts["figure"] == UnitCounts(n_in=4, valid=4)


@pytest.mark.parametrize(
    ("date", "stated"),
    [("20260930", dt.date(2026, 9, 30)), ("2026-09-30", dt.date(2026, 9, 30)), ("00000000", None), ("soon", None)],
)
def test_date_of_the_collection_is_stated(date: str, stated: dt.date | None) -> None:
    figure = only_figure(parse_bioc(collection(document("Figure 1-A", BLOT), date=date)))
    assert figure.stated_date == stated


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY_FILE),
        (b"<article/>", Reason.UNKNOWN_FORMAT),
        (collection(document("Figure 1-A", BLOT))[:-40], Reason.NOT_WELL_FORMED),
        (b"not xml at all", Reason.NOT_XML),
    ],
)
def test_unusable_file_is_refused_as_a_whole(data: bytes, reason: Reason) -> None:
    with pytest.raises(RejectedInput) as refused:
        parse_bioc(data)
    assert refused.value.reason == reason


def test_a_mention_whose_infon_names_a_machine_is_a_machines_and_labels_no_panel() -> None:
    text = "(A) Blot of LC3."
    made = mention(text, "LC3").replace("</infon>", '</infon><infon key="origin">SmartTag</infon>')
    (figure,) = parse(document("Figure 1-A", text, made)).curated
    assert [(a.text, a.is_machine) for a in figure.annotations] == [("LC3", True)]
    assert [p.is_labelled for p in figure.panels] == [False]
