"""A payload of the SourceData API gives the same records as the XML export, and nothing of it is lost."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from pipelines.core.records import CuratedFigure, DocIds, ParsedFile, Reason, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest.sourcedata_api import is_payload, parse_figure, parse_paper, parse_payload

PAPER = {"paper_id": "19", "doi": "10.1234/Demo.7", "last_modification_date": "2026-08-05 07:29:26"}


def tag(number: int, text: str, kind: str | None = "gene", **facts: Any) -> dict[str, Any]:
    return {"id": str(number), "type": kind, "role": None, "text": text, "category": None, "in_caption": "Y", **facts}


def panel(number: int, caption: str, *tags: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {"panel_id": str(number), "label": "Fig 1-A", "caption": caption, "tags": list(tags), **facts}


def payload(*panels: dict[str, Any], paper: dict[str, Any] | None = None) -> bytes:
    figure = {"figure_id": "42", "label": "Fig 1", "href": "https://example.org/f", "panels": list(panels)}
    return json.dumps({"current_panel_id": "1", "paper": PAPER if paper is None else paper, "figure": figure}).encode()


def parse(*panels: dict[str, Any]) -> ParsedFile:
    parsed = parse_figure(payload(*panels))
    assert all(counts.balances for counts in parsed.counts.values())
    return parsed


def only_figure(parsed: ParsedFile) -> CuratedFigure:
    (figure,) = parsed.curated
    for record in figure.annotations:
        assert record.is_floating or figure.legend[record.start : record.end] == record.text
    return figure


def test_caption_and_list_are_joined_by_id() -> None:
    """Several roots, ids in the list of another panel, lists of ids, a box, the date and time that the paper states."""
    figure = only_figure(parse(
        panel(1, '<span>(A) <sd-tag id="sdTag3">Mfa1</sd-tag></span><sup>+</sup>'
                 '<span>Pg, <sd-tag id="sdTag9">DC</sd-tag>.</span>',
              tag(3, "Mfa1", role="intervention", external_ids=["1", "2"], external_databases=["NCBI gene"] * 2),
              coords={"topleft_x": 0, "topleft_y": 1, "bottomright_x": 773, "bottomright_y": 899}),
        panel(2, "<p>(B) Blot.</p>", tag(9, "DC", "cell", external_ids=["CL:0001029"], external_databases=["CL"])),
    ))  # fmt: skip
    assert (figure.ids, figure.external_id, figure.label) == (
        DocIds("10.1234/demo.7", None, None, "SD19"),
        "42",
        "Fig 1",
    )
    assert (figure.stated_date, figure.stated_version) == (dt.date(2026, 8, 5), 72926)
    assert figure.legend == "(A) Mfa1+Pg, DC. (B) Blot."
    rows = [(a.text, a.entity_type, a.role, a.ext_ids, a.panel_no) for a in figure.annotations]
    assert rows[:2] == [
        ("Mfa1", "GENEPROD", "controlled", ("1", "2"), 0),
        ("DC", "CELL_TYPE", None, ("CL:0001029",), 0),
    ]
    assert [p.coords for p in figure.panels] == [(0, 1, 773, 899), ()]


@pytest.mark.parametrize(
    ("panel_id", "key", "position"), [(1, "fig-1", 0), (2, "fig-1-b", 2), (3, "pos-2", 1), (4, "fig-1", 0)]
)
def test_figures_of_one_label_or_none_have_keys_of_their_own(panel_id: int, key: str, position: int) -> None:
    listed = [{"label": "Fig 1", "panel_id": "1"}, {"label": "", "panel_id": "3"}, {"label": "Fig. 1", "panel_id": "2"}]
    data = payload(panel(panel_id, "(A) Blot."), paper={**PAPER, "figures": listed})
    figure = only_figure(parse_figure(data))
    assert (figure.key, figure.position) == (key, position)


def test_tags_outside_the_text_are_facts_of_their_panel() -> None:
    figure = only_figure(
        parse(panel(1, "(A) Blot."), panel(2, "(B) Image.", tag(4, "CO2", "molecule", in_caption="N")))
    )
    assert [(a.text, a.start, a.panel_no, a.is_floating) for a in figure.annotations] == [("CO2", None, 1, True)]


def test_a_tag_that_should_be_in_the_text_and_is_not_is_refused() -> None:
    parsed = parse(panel(1, "(A) Blot.", tag(4, "CO2", "molecule")))
    assert [(r.unit, r.reason) for r in parsed.rejections] == [("annotation", Reason.TEXT_MISMATCH)]


@pytest.mark.parametrize(
    "caption", ['A) p<0.001 in <sd-tag id="sdTag1">LC3</sd-tag>', "A) a & b <sd-tag id='sdTag1'>LC3</sd-tag>"]
)
def test_a_caption_that_is_no_xml_is_read_as_html(caption: str) -> None:
    figure = only_figure(parse(panel(1, caption, tag(1, "LC3"))))
    assert [a.text for a in figure.annotations] == ["LC3"]
    assert "0.001" in figure.legend or "a & b" in figure.legend


def test_one_text_for_two_panels_stands_once() -> None:
    text = '(B) <sd-tag id="sdTag1">LC3</sd-tag> blot.'
    parsed = parse(panel(1, text, tag(1, "LC3")), panel(2, text, tag(8, "CFU", None, category="assay", in_caption="N")))
    figure = only_figure(parsed)
    assert (figure.legend, len(figure.panels)) == ("(B) LC3 blot.", 1)
    assert [(a.text, a.entity_type) for a in figure.annotations] == [("LC3", "GENEPROD"), ("CFU", "EXP_ASSAY")]
    assert parsed.counts["panel"] == UnitCounts(n_in=2, valid=1, duplicate=1)


def test_null_is_not_a_word() -> None:
    figure = only_figure(
        parse(panel(1, '(A) <sd-tag id="sdTag1">ELISA</sd-tag>', tag(1, "ELISA", None, category="assay")))
    )
    assert [(a.entity_type, a.raw_role) for a in figure.annotations] == [("EXP_ASSAY", None)]


@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"figure": {}}', b'{"paper": {"doi": "10.1/x"}, "figure": null}'])
def test_an_error_is_no_empty_figure(data: bytes) -> None:
    with pytest.raises(RejectedInput) as caught:
        parse_payload(data)
    assert caught.value.reason == Reason.INCOMPLETE_DELIVERY


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", Reason.NOT_WELL_FORMED),
        (payload(panel(1, "(A) Blot."), paper={**PAPER, "last_modification_date": "soon"}), Reason.BAD_DATE),
        (payload(panel(1, "(A) Blot."), paper={"doi": "empty", "paper_id": None}), Reason.NO_IDENTITY),
    ],
)
def test_unusable_payloads_say_why(data: bytes, reason: Reason) -> None:
    with pytest.raises(RejectedInput) as caught:
        parse_payload(data)
    assert caught.value.reason == reason


def test_a_paper_of_the_list_links_its_ids() -> None:
    known = {"doi": "10.1371/x", "pmid": "PMC43", "id": "PMC43", "nbTags": 1}
    (ids,) = parse_paper(json.dumps(known).encode()).aliases
    assert ids == DocIds("10.1371/x", "PMC43", None, "PMC43")
    unnamed = {"doi": "empty", "pmid": 20162553, "id": "SD190", "nbTags": 1}
    (ids,) = parse_payload(json.dumps(unnamed).encode()).aliases
    assert ids == DocIds(None, None, "20162553", "SD190")


def test_payloads_are_known_by_their_keys() -> None:
    assert is_payload(payload())
    assert is_payload(b' {"doi": "empty", "nbTags": 3}')
    assert not is_payload(b'{"documents": []}')
    assert not is_payload(b"<article/>")
