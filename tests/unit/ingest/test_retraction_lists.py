"""Lists of retracted papers: the Retraction Watch table with its quirks, and plain lists of ids."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from pipelines.core.records import DocIds, EventRecord, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.retraction_lists import find_reader, parse_id_list, parse_retraction_watch

HEADER = [
    "Record ID", "Title", "Subject", "Institution", "Journal", "Publisher", "Country", "Author", "URLS", "ArticleType",
    "RetractionDate", "RetractionDOI", "RetractionPubMedID", "OriginalPaperDate", "OriginalPaperDOI",
    "OriginalPaperPubMedID", "RetractionNature", "Reason", "Paywalled", "Notes",
]  # fmt: skip


def table(*rows: dict[str, str], encoding: str = "latin-1") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER, restval="")
    writer.writeheader()
    for number, row in enumerate(rows, start=1):
        usual = {"Record ID": str(number), "RetractionNature": "Retraction", "RetractionDate": "4/15/2021 0:00"}
        writer.writerow({**usual, **row})
    return out.getvalue().encode(encoding)


def test_a_row_becomes_a_dated_statement_with_its_notice() -> None:
    row = {
        "Title": 'Müller\'s "cells", again', "OriginalPaperDOI": "10.5555/Paper", "OriginalPaperPubMedID": "11",
        "RetractionDOI": "10.5555/notice", "RetractionPubMedID": "12", "Reason": "+Duplication of Image;",
    }  # fmt: skip
    data = table(row)
    reader = find_reader(data)
    assert reader is not None
    assert reader(data).events == (
        EventRecord(
            DocIds(doi="10.5555/paper", pmid="11"), "integrity", "retraction", dt.date(2021, 4, 15),
            "Retraction Watch record 1: +Duplication of Image;", DocIds(doi="10.5555/notice", pmid="12"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("nature", "event"),
    [
        ("Retraction", "retraction"), ("Expression of concern", "expression_of_concern"),
        ("Correction", "correction"), ("Reinstatement", "reinstatement"),
    ],
)  # fmt: skip
def test_natures_are_kept_apart(nature: str, event: str) -> None:
    parsed = parse_retraction_watch(table({"OriginalPaperDOI": "10.5555/a", "RetractionNature": nature}))
    assert [e.event for e in parsed.events] == [event]


def test_a_row_without_ids_concerns_no_document_and_is_ignored_with_count() -> None:
    nameless = {"OriginalPaperDOI": "unavailable", "OriginalPaperPubMedID": "0"}
    parsed = parse_retraction_watch(table(nameless, nameless, {"OriginalPaperDOI": "10.5555/a"}))
    counts = parsed.counts["event"]
    assert (counts.n_in, counts.valid, counts.ignored) == (3, 1, 2)
    assert not parsed.rejections


def test_several_ids_in_one_row_are_several_papers() -> None:
    row = {"OriginalPaperDOI": "10.5555/a;10.5555/b", "OriginalPaperPubMedID": "11;12"}
    targets = [e.target for e in parse_retraction_watch(table(row)).events]
    assert targets == [DocIds(doi="10.5555/a"), DocIds(doi="10.5555/b"), DocIds(pmid="11"), DocIds(pmid="12")]


def test_a_notice_under_the_papers_own_ids_is_no_notice_and_links_nothing() -> None:
    row = {
        "OriginalPaperDOI": "10.5555/a", "OriginalPaperPubMedID": "11", "RetractionDOI": "10.5555/n",
        "RetractionPubMedID": "11",
    }  # fmt: skip
    [event] = parse_retraction_watch(table(row)).events
    assert event.target == DocIds(doi="10.5555/a")
    [event] = parse_retraction_watch(table({**row, "RetractionDOI": "10.5555/A", "RetractionPubMedID": "0"})).events
    assert event.notice == DocIds()
    assert event.target == DocIds(doi="10.5555/a", pmid="11")


@pytest.mark.parametrize(
    "date", ["5/1/2024 0:00", "05/01/2024", "2024-05-01", "2024-05-01 0:00", "2024-05-01T00:00:00Z"]
)
def test_dates_come_in_two_forms(date: str) -> None:
    parsed = parse_retraction_watch(table({"OriginalPaperDOI": "10.5555/a", "RetractionDate": date}))
    assert [e.event_date for e in parsed.events] == [dt.date(2024, 5, 1)]
    assert not parsed.rejections


@pytest.mark.parametrize("date", ["15/4/2021 0:00", "2024-13-01", "May 2021"])
def test_a_date_that_cannot_be_read_is_refused_and_the_statement_stands(date: str) -> None:
    row = {"OriginalPaperDOI": "10.5555/a;10.5555/b", "RetractionDate": date}
    parsed = parse_retraction_watch(table(row, {"OriginalPaperDOI": "unavailable", "RetractionDate": date}))
    assert [e.event_date for e in parsed.events] == [None, None]
    assert all(f"on {date}" in (e.detail or "") for e in parsed.events)
    (refused,) = parsed.rejections
    assert refused.reason == Reason.BAD_DATE
    assert f"record 1: {date!r} is no date like 4/15/2021 or 2021-04-15" in refused.message
    counts = parsed.counts["event"]
    assert (counts.n_in, counts.valid, counts.quarantined, counts.ignored) == (4, 2, 1, 1)


def test_a_row_without_a_date_is_no_fault() -> None:
    parsed = parse_retraction_watch(table({"OriginalPaperDOI": "10.5555/a", "RetractionDate": ""}))
    assert ([e.event_date for e in parsed.events], parsed.rejections) == ([None], ())


def test_an_unknown_nature_and_a_short_row_are_refused_and_the_rest_goes_on() -> None:
    data = table({"RetractionNature": "Rumour"}, {"OriginalPaperDOI": "10.5555/a"}) + b"9,cut short\r\n"
    parsed = parse_retraction_watch(data)
    assert {r.reason for r in parsed.rejections} == {Reason.UNKNOWN_TYPE, Reason.NOT_WELL_FORMED}
    assert len(parsed.events) == 1


def test_a_table_that_ends_inside_a_quoted_field_is_refused_whole() -> None:
    data = table({"Title": "one, two", "OriginalPaperDOI": "10.5555/a"})
    with pytest.raises(RejectedInput, match="broken CSV") as caught:
        parse_retraction_watch(data[: data.index(b"one, two") + 3])
    assert caught.value.reason == Reason.NOT_WELL_FORMED


def test_a_table_with_a_broken_header_is_refused() -> None:
    with pytest.raises(RejectedInput, match="broken CSV before line 1") as caught:
        parse_retraction_watch(table({}).replace(b"Record ID", b'"Record" ID', 1))
    assert caught.value.reason == Reason.NOT_WELL_FORMED


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(RejectedInput, match="no column 'RetractionNature'"):
        parse_retraction_watch(table({}).replace(b"RetractionNature", b"Nature"))


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("10026173", DocIds(pmid="10026173")), ("PMID:10026173", DocIds(pmid="10026173")),
        ("PMC123", DocIds(pmcid="PMC123")), ("https://doi.org/10.5555/A", DocIds(doi="10.5555/a")),
        ("PMID:7,PMCID:PMC8", DocIds(pmid="7", pmcid="PMC8")), ("10.5555/a(7);2-x", DocIds(doi="10.5555/a(7);2-x")),
    ],
)  # fmt: skip
def test_plain_lists_name_papers_by_any_id(line: str, target: DocIds) -> None:
    data = f"! Downloaded on 2026-06-10\n\n{line}\n{line}\n".encode()
    assert find_reader(data) is parse_id_list
    parsed = parse_id_list(data)
    assert [(e.target, e.event, e.event_date) for e in parsed.events] == [(target, "retraction", None)]
    assert (parsed.counts["event"].valid, parsed.counts["event"].duplicate) == (1, 1)


def test_a_line_that_is_no_id_is_refused_with_its_place() -> None:
    data = b"12\nsee the appendix\nPMID:1,PMID:2\nPMC3\n10.5555/a\n"
    assert find_reader(data) is parse_id_list
    parsed = parse_id_list(data)
    assert [(r.reason, r.n, r.payload["examples"]) for r in parsed.rejections] == [
        (Reason.NO_IDENTITY, 2, ["line 2", "line 3"])
    ]
    assert parsed.counts["event"].balances


@pytest.mark.parametrize("data", [b"", b"! only a comment", b"<article/>", b"1,2,3\n", b"name\nother\n"])
def test_other_bytes_are_no_list(data: bytes) -> None:
    assert find_reader(data) is None
