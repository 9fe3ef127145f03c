"""PubTator, PubAnnotation, CoNLL, SourceData JSONL, BioC JSON: proved mentions, one refusal for each fault, balance."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pipelines.core.records import CuratedFigure, DocIds, ParsedFile, Reason, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest.bioc import parse_bioc
from pipelines.ingest.conll import parse_conll
from pipelines.ingest.formats import look_at, parse_file
from pipelines.ingest.pubannotation import parse_pubannotation
from pipelines.ingest.pubtator import parse_pubtator
from pipelines.ingest.sourcedata_jsonl import parse_jsonl

ABSTRACT = "Loss of α‐tubulin kills HeLa cells."


def checked(parsed: ParsedFile) -> ParsedFile:
    assert all(counts.balances for counts in parsed.counts.values())
    for figure in parsed.curated:
        for record in figure.annotations:
            assert figure.legend[record.start : record.end] == record.text
    return parsed


def tags(figure: CuratedFigure) -> list[tuple[str, str]]:
    return [(a.text, a.entity_type) for a in figure.annotations]


def faults(parsed: ParsedFile) -> list[tuple[str, Reason]]:
    return [(r.unit, r.reason) for r in parsed.rejections]


# PubTator


def pubtator(*lines: str) -> ParsedFile:
    return checked(parse_pubtator("\n".join(lines).encode(), "pubtator"))


def test_pubtator_offsets_run_over_title_and_abstract() -> None:
    at = len("A title\n") + ABSTRACT.index("HeLa")
    parsed = pubtator("26094|t|A title", f"26094|a|{ABSTRACT}", f"26094\t{at}\t{at + 4}\tHeLa\tCellLine\tCVCL_0030", "")
    (figure,) = parsed.curated
    assert figure.legend == f"A title\n{ABSTRACT}"
    assert (figure.ids, figure.key) == (DocIds(pmid="26094"), "pubtator-text")
    assert tags(figure) == [("HeLa", "CELL_LINE")]
    assert (figure.annotations[0].ext_ids, figure.annotations[0].ext_dbs) == (("CVCL_0030",), ("CVCL",))


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        ("D003866", ("D003866",)), ("MESH:D003866", ("D003866",)), ("D1|D2", ("D1", "D2")), ("D1;D2", ("D1", "D2")),
        ("-1", ()), ("", ()), ("-", ()), ("D1|-1", ("D1",)),
    ],
)  # fmt: skip
def test_pubtator_ids_are_lists_and_minus_one_is_none(ids: str, kept: tuple[str, ...]) -> None:
    parsed = pubtator("1|t|pain", f"1\t0\t4\tpain\tDisease\t{ids}")
    assert parsed.curated[0].annotations[0].ext_ids == kept
    assert set(parsed.curated[0].annotations[0].ext_dbs) <= {"MeSH"}


def test_pubtator_offsets_in_bytes_are_seen_for_the_whole_file() -> None:
    at = len(ABSTRACT[: ABSTRACT.index("HeLa")].encode())
    parsed = pubtator(f"1|t|{ABSTRACT}", f"1\t{at}\t{at + 4}\tHeLa\tCellLine")
    assert tags(parsed.curated[0]) == [("HeLa", "CELL_LINE")]


def test_pubtator_relations_are_ignored_and_bad_lines_refused_one_by_one() -> None:
    parsed = pubtator(
        "1|t|pain of HeLa", "1\t0\t4\tpain\tDisease\tD1", "1\tCID\tD008750\tD003866", "1\t0\t9\tpain\tDisease",
        "1\t8\t12\tHeLa\tSpaceship", "1\t8\t99\tHeLa\tCellLine", "no line at all",
    )  # fmt: skip
    assert parsed.counts["annotation"] == UnitCounts(n_in=6, valid=1, quarantined=4, ignored=1)
    assert sorted(r for _, r in faults(parsed)) == sorted(
        [Reason.BAD_TAGS, Reason.TEXT_MISMATCH, Reason.UNKNOWN_TYPE, Reason.OFFSET_OUT_OF_RANGE]
    )


def test_pubtator_mentions_without_a_text_are_refused() -> None:
    parsed = pubtator("1|t|pain", "2\t0\t4\tpain\tDisease")
    assert faults(parsed) == [("figure", Reason.NO_LEGEND), ("annotation", Reason.PARENT_REJECTED)]
    assert parsed.counts["figure"] == UnitCounts(n_in=2, valid=1, quarantined=1)


# PubAnnotation


def annotation(text: str, *denotations: Mapping[str, object], **more: object) -> dict[str, Any]:
    base = {"sourcedb": "PMC", "sourceid": "PMC7", "divid": 3, "text": text, "denotations": list(denotations)}
    return {**base, **more}


def denotation(obj: str, *spans: tuple[int, int], tag_id: str = "T1") -> dict[str, Any]:
    places = [{"begin": b, "end": e} for b, e in spans]
    return {"id": tag_id, "span": places[0] if len(places) == 1 else places, "obj": obj}


def pubannotation(value: object, labels: str = "craft") -> ParsedFile:
    return checked(parse_pubannotation(json.dumps(value).encode(), labels))


def test_pubannotation_keeps_ids_of_the_document_and_of_the_mention() -> None:
    norm = {"id": "A1", "subj": "T1", "pred": "norm", "obj": "CL:0000066"}
    other = {"id": "A2", "subj": "T1", "pred": "speculation", "obj": "true"}
    value = annotation("HeLa cells", denotation("CL:0000540", (0, 4)), attributes=[norm, other])
    (figure,) = pubannotation(value).curated
    assert (figure.ids, figure.key) == (DocIds(pmcid="PMC7"), "craft-div-3")
    assert figure.annotations[0].ext_ids == ("CL:0000540", "CL:0000066")
    assert figure.annotations[0].entity_type == "CELL_TYPE"


def test_pubannotation_reads_a_list_and_ignores_relations() -> None:
    relations = [{"id": "R1", "subj": "T1", "obj": "T2", "pred": "is_in"}]
    parsed = pubannotation([annotation("a b"), annotation("c d", sourcedb="PubMed", sourceid="9", relations=relations)])
    assert [f.ids for f in parsed.curated] == [DocIds(pmcid="PMC7"), DocIds(pmid="9")]
    assert parsed.counts["annotation"] == UnitCounts(n_in=1, ignored=1)


def test_a_mention_in_pieces_is_stored_whole_and_taught_to_nobody() -> None:
    parsed = pubannotation(annotation("white and brown adipocytes", denotation("CL:0000448", (0, 5), (16, 26))))
    (record,) = parsed.curated[0].annotations
    assert (record.text, record.entity_type) == ("white and brown adipocytes", "OTHER")
    assert record.ext_ids == ("CL:0000448",)


@pytest.mark.parametrize("span", [{"begin": 3, "end": 99}, {"begin": 5, "end": 2}, {"begin": "x", "end": 2}, {}, None])
def test_pubannotation_spans_outside_the_text_are_refused(span: object) -> None:
    parsed = pubannotation(annotation("HeLa cells", {"id": "T1", "span": span, "obj": "CL:0000540"}))
    assert faults(parsed) == [("annotation", Reason.OFFSET_OUT_OF_RANGE)]


# CoNLL

SENTENCES = "ERK2\tB-Gene\nbinds\tO\nHeLa\tB-CellLine\ncells\tI-CellLine\n\n.\tO\n"


def conll(text: str, labels: str = "pubtator") -> ParsedFile:
    return checked(parse_conll(text.encode(), labels))


def test_conll_without_borders_gives_a_text_a_sentence_that_names_itself() -> None:
    first, second = conll(SENTENCES).curated
    assert (first.legend, second.legend) == ("ERK2 binds HeLa cells", ".")
    assert tags(first) == [("ERK2", "GENEPROD"), ("HeLa cells", "CELL_LINE")]
    assert str(first.ids.local_id).startswith("text-")
    assert first.ids != second.ids


def test_a_sentence_keeps_its_name_where_another_is_put_before_it() -> None:
    names = {f.legend: (f.ids, f.key) for f in conll("New\tO\n\n" + SENTENCES).curated}
    assert {f.legend: (f.ids, f.key) for f in conll(SENTENCES).curated}.items() <= names.items()


def test_equal_sentences_are_told_apart_by_their_number() -> None:
    a, b = conll("Fig\tO\n\nFig\tO\n").curated
    assert a.ids == b.ids
    assert (a.key, b.key) == ("pubtator-text", "pubtator-text-2")


@pytest.mark.parametrize("border", ["-DOCSTART- (7)\tO\n\n", "# doc_id = 7\n", "# newdoc id = 7\n", "-DOCSTART- 7\n"])
def test_conll_with_borders_gives_a_text_a_document(border: str) -> None:
    (figure,) = conll(border + SENTENCES).curated
    assert figure.ids == DocIds(local_id="7")
    assert figure.legend == "ERK2 binds HeLa cells ."
    assert tags(figure) == [("ERK2", "GENEPROD"), ("HeLa cells", "CELL_LINE")]


def test_conll_takes_the_senders_own_text_where_it_shows_the_words() -> None:
    shown = conll("# text = ERK2 (HeLa).\nERK2\tB-Gene\n(\tO\nHeLa\tB-CellLine\n).\tO\n")
    assert shown.curated[0].legend == "ERK2 (HeLa)."
    assert tags(shown.curated[0]) == [("ERK2", "GENEPROD"), ("HeLa", "CELL_LINE")]
    other = conll("# text = Something else\nERK2\tB-Gene\n")
    assert other.curated[0].legend == "ERK2"


@pytest.mark.parametrize("columns", ["ERK2 NN B-NP B-Gene\nbinds VB O O\n", "ERK2\tNN\tB-Gene\r\nbinds\tVB\tO\r\n"])
def test_conll_reads_the_last_of_several_columns(columns: str) -> None:
    assert tags(conll(columns).curated[0]) == [("ERK2", "GENEPROD")]


@pytest.mark.parametrize(
    "bad", ["a\tO\nb\tI-Gene\n", "a\tB-Gene\nb\tI-Disease\n", "a\tX-Gene\n", "a\tB-\n", "a\nb\tB-Gene\n", "I\tI-Gene\n"]
)
def test_tags_that_are_no_iob2_spoil_their_sentence_and_no_other(bad: str) -> None:
    parsed = conll(f"{bad}\nHeLa\tB-CellLine\n")
    assert [f.legend for f in parsed.curated] == ["HeLa"]
    assert parsed.rejections[0].reason == Reason.BAD_TAGS
    assert parsed.rejections[0].unit == "figure"
    assert parsed.counts["figure"] == UnitCounts(n_in=2, valid=1, quarantined=1)


# SourceData JSONL


def row(text: str, words: str, labels: str, codes: list[int] | None) -> str:
    value: dict[str, object] = {"words": words.split(), "labels": labels.split(), "text": text}
    return json.dumps(value if codes is None else {**value, "is_category": codes})


GOOD = row("ERK2 in HeLa.", "ERK2 in HeLa .", "B-GENEPROD O B-CELL_LINE O", [1, 0, 0, 0])


def jsonl(*rows: str, labels: str = "sourcedata") -> ParsedFile:
    return checked(parse_jsonl("\n".join(rows).encode(), labels))


def test_jsonl_words_are_placed_in_their_text() -> None:
    (figure,) = jsonl(GOOD).curated
    assert figure.legend == "ERK2 in HeLa."
    assert tags(figure) == [("ERK2", "GENEPROD"), ("HeLa", "CELL_LINE")]


@pytest.mark.parametrize(
    ("bad", "reason", "words"),
    [
        (row("ERK2 in.", "ERK2 in .", "B-GENEPROD O", [1, 0, 0]), Reason.BAD_TAGS, "not parallel"),
        (row("ERK2 in.", "ERK2 in .", "B-GENEPROD O O", [1, 0]), Reason.BAD_TAGS, "not parallel"),
        (row("ERK2 in.", "ERK2 in .", "O I-GENEPROD O", [0, 1, 0]), Reason.BAD_TAGS, "goes on"),
        (row("ERK2 in.", "ERK2 in .", "B-GENEPROD O O", [2, 0, 0]), Reason.BAD_TAGS, "is_category is 2"),
        (row("ERK2 in.", "ERK2 in .", "O O O", None), Reason.BAD_TAGS, "no is_category"),
        (row("ERK2 in HeLa", "ERK2 in", "B-GENEPROD O", [1, 0]), Reason.TEXT_MISMATCH, "last word"),
        (row("ERK2 – x", "ERK2 - x", "B-GENEPROD O O", [1, 0, 0]), Reason.TEXT_MISMATCH, "another dash"),
        (row("ERK in.", "ERK2 in .", "B-GENEPROD O O", [1, 0, 0]), Reason.TEXT_MISMATCH, "word 1"),
        ('{"words": "ERK2", "labels": []}', Reason.BAD_TAGS, "no list"),
        ('{"words": ["ERK2"', Reason.NOT_WELL_FORMED, "JSON"),
        ("[1]", Reason.BAD_TAGS, "object"),
    ],
)
def test_a_bad_row_is_refused_and_the_rest_goes_on(bad: str, reason: Reason, words: str) -> None:
    parsed = jsonl(bad, GOOD)
    assert [f.legend for f in parsed.curated] == ["ERK2 in HeLa."]
    assert parsed.rejections[0].reason == reason
    assert words in parsed.rejections[0].message
    assert parsed.counts["figure"] == UnitCounts(n_in=2, valid=1, quarantined=1)


def test_an_unknown_label_is_one_refused_mention() -> None:
    parsed = jsonl(row("ERK2.", "ERK2 .", "B-SPACESHIP O", [0, 0]), GOOD)
    assert faults(parsed) == [("annotation", Reason.UNKNOWN_TYPE)]


def test_roles_come_with_the_mentions_that_have_none() -> None:
    text = "ERK2 and p53 with U0126."
    line = row(text, "ERK2 and p53 with U0126 .", "B-CONTROLLED_VAR O O O O O", [1, 0, 1, 0, 2, 0])
    (figure,) = jsonl(line, labels="sourcedata-roles").curated
    # no small molecule has a role in this file: those of U0126 are in another one
    assert [(a.text, a.entity_type, a.role) for a in figure.annotations] == [
        ("ERK2", "GENEPROD", "controlled"), ("p53", "GENEPROD", None),
    ]  # fmt: skip


def test_a_role_without_a_category_is_refused() -> None:
    parsed = jsonl(row("ERK2.", "ERK2 .", "B-MEASURED_VAR O", [0, 0]), GOOD, labels="sourcedata-roles")
    assert faults(parsed)[0] == ("figure", Reason.BAD_TAGS)


def test_panel_starts_become_panels() -> None:
    text = "Blots. (A) One. (B) Two."
    words = "Blots . ( A ) One . ( B ) Two ."
    labels = "O O B-PANEL_START O O O O B-PANEL_START O O O O"
    (figure,) = jsonl(row(text, words, labels, None), labels="sourcedata-panels").curated
    assert [(text[p.start : p.end], p.marker_offsets, p.is_labelled) for p in figure.panels] == [
        ("Blots. (A) One.", (7,), False), ("(B) Two.", (16,), False),
    ]  # fmt: skip


# BioC JSON


def bioc_document(text: str, *words: tuple[str, Mapping[str, str]], offset: int = 0, **infons: str) -> dict[str, Any]:
    annotations = [
        {"id": str(n), "infons": dict(kind), "text": word,
         "locations": [{"offset": offset + len(text[: text.index(word)].encode()), "length": len(word.encode())}]}
        for n, (word, kind) in enumerate(words)
    ]  # fmt: skip
    passage = {"offset": offset, "text": text, "annotations": annotations}
    return {"id": "5 Figure_2-A", "infons": {"pmc_id": "5", **infons}, "passages": [passage]}


def test_bioc_json_is_read_as_bioc_xml_is() -> None:
    words = (("α‐tubulin", {"type": "Uniprot:P68363"}), ("HeLa", {"type": "CVCL_0030"}))
    document = bioc_document(ABSTRACT, *words, offset=9, figure="Figure 2-A")
    parsed = checked(parse_bioc(json.dumps({"date": "20200102", "documents": [document]}).encode(), is_json=True))
    xml = "".join(
        f'<annotation id="{a["id"]}"><infon key="type">{a["infons"]["type"]}</infon><location offset="'
        f'{a["locations"][0]["offset"]}" length="{a["locations"][0]["length"]}"/><text>{a["text"]}</text></annotation>'
        for a in document["passages"][0]["annotations"]
    )
    same = parse_bioc(
        f"<collection><date>20200102</date><document><id>5 Figure_2-A</id><infon key='pmc_id'>5</infon><infon key="
        f"'figure'>Figure 2-A</infon><passage><offset>9</offset><text>{ABSTRACT}</text>{xml}</passage></document>"
        f"</collection>".encode()
    )
    assert parsed == same
    assert tags(parsed.curated[0]) == [("α‐tubulin", "GENEPROD"), ("HeLa", "CELL_LINE")]


@pytest.mark.parametrize("wrap", [lambda d: {"documents": [d]}, lambda d: [{"documents": [d]}], lambda d: d,
                                  lambda d: {"PubTator3": [d]}])  # fmt: skip
def test_bioc_json_in_all_its_wrappings(wrap: Callable[[object], object]) -> None:
    kind = {"type": "Gene", "identifier": "5594;5595"}
    data = json.dumps(wrap(bioc_document("ERK2 binds", ("ERK2", kind)))).encode()
    (figure,) = checked(parse_bioc(data, "pubtator", is_json=True)).curated
    assert (figure.annotations[0].entity_type, figure.annotations[0].ext_ids) == ("GENEPROD", ("5594", "5595"))
    assert figure.annotations[0].ext_dbs == ("NCBI gene", "NCBI gene")


def test_a_bare_number_is_no_figure_label() -> None:
    document = {"id": "26094", "passages": [{"offset": 0, "text": "A text."}]}
    (figure,) = parse_bioc(json.dumps({"documents": [document]}).encode(), is_json=True).curated
    assert (figure.label or None, figure.ids) == (None, DocIds(local_id="26094"))


# files as a whole


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"", "conll", Reason.EMPTY_FILE),
        (b" \n", "jsonl", Reason.EMPTY_FILE),
        (b"\xff\xfe", "pubtator", Reason.WRONG_ENCODING),
        (b'{"text": "\\ud800"}', "pubannotation", Reason.WRONG_ENCODING),
        (b"[" * 100_000, "bioc-json", Reason.TOO_DEEP),
        (b"{", "pubannotation", Reason.NOT_WELL_FORMED),
        (b"[1]", "pubannotation", Reason.UNKNOWN_FORMAT),
        (b"{}", "bioc-json", Reason.UNKNOWN_FORMAT),
        (b"word\n", "conll", Reason.UNKNOWN_FORMAT),
        (b"no text\n", "pubtator", Reason.UNKNOWN_FORMAT),
        (b"1\n", "jsonl", Reason.UNKNOWN_FORMAT),
    ],
)
def test_a_file_that_is_none_of_its_format_is_refused_whole(data: bytes, kind: str, reason: Reason) -> None:
    with pytest.raises(RejectedInput) as caught:
        parse_file(data, kind)
    assert caught.value.reason == reason


def test_a_text_with_control_characters_is_refused_alone() -> None:
    parsed = conll("a\x00\tO\n\nHeLa\tB-CellLine\n")
    assert faults(parsed) == [("figure", Reason.WRONG_ENCODING)]
    assert len(parsed.curated) == 1


@pytest.mark.parametrize(
    ("data", "looks"),
    [
        (b'{"documents": [{"passages": []}]}', "bioc-json"), (b'[{"text": "", "denotations": []}]', "pubannotation"),
        (b'{"words": [], "labels": []}\n', "jsonl"), (b"1|t|x\n", "pubtator"), (b"a\tB-X\nb\tO\n", "conll"),
        (b"<collection/>", ""), (b"plain text", ""),
    ],
)  # fmt: skip
def test_formats_are_told_by_their_look(data: bytes, looks: str) -> None:
    assert look_at(data) == looks


def test_a_text_format_that_no_delivery_states_is_refused_with_what_to_write() -> None:
    with pytest.raises(RejectedInput, match='format = "pubtator"'):
        parse_file(b"1|t|x\n")
