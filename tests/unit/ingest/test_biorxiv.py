"""Records of bioRxiv and medRxiv: preprint twins and withdrawals."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from pipelines.core.records import DocIds, EventRecord, ParsedFile, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.biorxiv import parse_record
from pipelines.ingest.formats import parse_file

PREPRINT, ARTICLE = DocIds(doi="10.1101/2024.01.02.123456"), DocIds(doi="10.1234/demo.1")


def details(**fields: object) -> dict[str, object]:
    return {
        "doi": "10.1101/2024.01.02.123456", "version": "2", "date": "2024-01-05", "type": "new results",
        "license": "cc_by", "category": "cell biology", "published": "NA", **fields,
    }  # fmt: skip


def pubs(**fields: object) -> dict[str, object]:
    return {
        "preprint_doi": "10.1101/2024.01.02.123456", "published_doi": "10.1234/DEMO.1", "published_journal": "J Demo",
        "preprint_platform": "bioRxiv", "published_date": "2024-05-06", "preprint_date": "2024-01-05", **fields,
    }  # fmt: skip


def parse(value: dict[str, object]) -> ParsedFile:
    parsed, version = parse_file(json.dumps(value).encode())
    assert (parsed.format, version) == ("biorxiv", 1)
    assert parsed.counts["event"].valid == len(parsed.events)
    return parsed


def test_an_article_and_its_preprint() -> None:
    twin = EventRecord(PREPRINT, "identity", "preprint_of", dt.date(2024, 5, 6), "published in J Demo", ARTICLE)
    assert parse(pubs()).events == (twin,)
    older = {"biorxiv_doi": "10.1101/2024.01.02.123456", "preprint_doi": None}
    assert parse(pubs(**older)).events == (twin,)
    assert parse(pubs(published_date="", published_journal=None)).events[0].event_date is None


def test_a_version_says_what_became_of_it() -> None:
    assert parse(details()).events == ()
    published = EventRecord(PREPRINT, "identity", "preprint_of", None, "published", ARTICLE)
    assert parse(details(published="10.1234/Demo.1")).events == (published,)
    withdrawn = EventRecord(PREPRINT, "integrity", "retraction", dt.date(2024, 1, 5), "withdrawn in version 2")
    assert parse(details(type="WITHDRAWN", version=2)).events == (withdrawn,)


@pytest.mark.parametrize("value", [pubs(preprint_doi="NA"), pubs(published_doi=None), details(doi="empty")])
def test_a_record_without_a_doi(value: dict[str, object]) -> None:
    with pytest.raises(RejectedInput, match="no DOI") as caught:
        parse_record(json.dumps(value).encode())
    assert caught.value.reason == Reason.BAD_DOI
