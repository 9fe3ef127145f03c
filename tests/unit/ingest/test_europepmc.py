"""Records of Europe PMC: ids and statements, as the API gives them and as tools wrap them."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.core.records import DocIds, EventRecord, ParsedFile, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.europepmc import is_record, parse_record
from pipelines.ingest.formats import parse_file

IDS = DocIds(doi="10.1234/demo.1", pmcid="PMC1234567", pmid="39000001")


def record(*statements: dict[str, str], **fields: object) -> dict[str, object]:
    return {
        "id": "39000001", "source": "MED", "pmid": "39000001", "pmcid": "PMC1234567", "doi": "10.1234/DEMO.1",
        "title": "A demonstration", "isOpenAccess": "Y", "inEPMC": "Y",
        "pubTypeList": {"pubType": ["research-article", "Journal Article"]}, "firstPublicationDate": "2026-02-03",
        "commentCorrectionList": {"commentCorrection": list(statements)}, **fields,
    }  # fmt: skip


def said(
    kind: str, name: str = "39000009", source: str = "MED", reference: str = "J Demo. 2026 Mar 4;5:6"
) -> dict[str, str]:
    return {"id": name, "source": source, "type": kind, "reference": reference}


def parse(value: object) -> ParsedFile:
    return parse_record(json.dumps(value).encode())


def event(value: object) -> EventRecord:
    parsed = parse(value)
    assert len(parsed.events) == 1, parsed
    return parsed.events[0]


def test_ids_are_aliases_of_one_document() -> None:
    parsed = parse(record())
    assert parsed.aliases == (IDS,)
    assert (parsed.documents, parsed.events, parsed.rejections) == ((), (), ())
    preprint = record(id="PPR16386", source="PPR", pmid=None, pmcid=None, doi="10.1101/300001")
    assert parse(preprint).aliases == (DocIds(doi="10.1101/300001", local_id="PPR16386"),)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Retraction", "retraction"), ("Erratum", "correction"), ("Expression of concern", "expression_of_concern"),
     ("Partial retraction", "correction")],
)  # fmt: skip
def test_a_statement_concerns_the_same_article_from_both_sides(kind: str, name: str) -> None:
    other = DocIds(pmid="39000009")
    about_this = event(record(said(f"{kind} in")))
    assert about_this == EventRecord(
        IDS, "integrity", name, dt.date(2026, 3, 4), f"{kind} in, J Demo. 2026 Mar 4;5:6", other
    )
    back = "of" if "etraction" in kind else "for"
    by_this = event(record(said(f"{kind} {back}")))
    assert (by_this.target, by_this.notice, by_this.event) == (other, IDS, name)
    assert by_this.event_date == dt.date(2026, 2, 3)


def test_a_licence_is_stated() -> None:
    stated = event(record(license="cc by-nc"))
    assert (stated.target, stated.kind, stated.event, stated.detail) == (
        IDS, "licence", "licence_stated", "cc by-nc (noncommercial)",
    )  # fmt: skip


def test_preprints_from_both_sides() -> None:
    article = event(record(said("Preprint in", "PPR16386", "PPR")))
    assert (article.target, article.notice) == (DocIds(local_id="PPR16386"), IDS)
    assert (article.kind, article.event, article.event_date) == ("identity", "preprint_of", dt.date(2026, 2, 3))
    preprint = event(record(said("Preprint of"), id="PPR16386", source="PPR", pmid="", pmcid="", doi="10.1101/300001"))
    assert (preprint.target, preprint.notice) == (
        DocIds(doi="10.1101/300001", local_id="PPR16386"), DocIds(pmid="39000009"),
    )  # fmt: skip
    assert preprint.event_date == dt.date(2026, 3, 4)


def test_a_publication_type_alone_says_retracted() -> None:
    types = {"pubType": ["Retracted Publication", "Journal Article"]}
    assert event(record(pubTypeList=types)).event_date is None
    assert event(record(said("Retraction in"), pubTypeList=types)).event_date == dt.date(2026, 3, 4)
    notice = {"pubType": ["Retraction of Publication"]}
    assert event(record(said("Retraction of"), pubTypeList=notice)).target == DocIds(pmid="39000009")


@pytest.mark.parametrize(
    ("reference", "date"),
    [("Rice (N Y). 2018 Sep 7;11(1):49", dt.date(2018, 9, 7)), ("J Foo. 2018 Oct;31(10):1627", dt.date(2018, 10, 1)),
     ("Int J Dent. 2016;2016:3719879", None), ("J Foo. 2018 Feb 30;1", None), ("", None)],
)  # fmt: skip
def test_dates_of_citations(reference: str, date: dt.date | None) -> None:
    assert event(record(said("Retraction in", reference=reference))).event_date == date


def test_every_statement_is_counted() -> None:
    parsed = parse(record(
        said("Comment in"), said("Erratum in"), said("Erratum in"), said("Withdrawn by the sky"),
        said("Retraction of", name=""), said("Erratum for", name="39000001"),
    ))  # fmt: skip
    counts = parsed.counts["event"]
    assert counts.balances
    assert (counts.n_in, counts.valid, counts.duplicate, counts.ignored, counts.quarantined) == (6, 1, 1, 1, 3)
    assert Counter(r.reason for r in parsed.rejections) == {Reason.UNKNOWN_TYPE: 1, Reason.NO_IDENTITY: 2}


def wrapped(value: object) -> object:
    """As getpapers writes it: every value in a list."""
    if isinstance(value, dict):
        return [{k: wrapped(v) for k, v in value.items()}]
    return [wrapped(v)[0] for v in value] if isinstance(value, list) else [value]  # type: ignore[index]


def test_wrappers_change_nothing() -> None:
    plain = record(said("Erratum in"), said("Preprint in", "PPR1", "PPR"))
    one = record(said("Erratum in"))
    collapsed = {**one, "commentCorrectionList": {"commentCorrection": said("Erratum in")}}
    assert parse(wrapped(plain)[0]) == parse(plain)  # type: ignore[index]
    assert parse({"downloaded": True, "full": collapsed}) == parse(one)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b" ", Reason.EMPTY_FILE), (b'{"id": "1", ', Reason.NOT_WELL_FORMED), (b"[1]", Reason.UNKNOWN_FORMAT),
     (b'{"a":' * 100_000, Reason.TOO_DEEP), (b'{"id": "", "source": "MED", "inEPMC": "Y"}', Reason.NO_IDENTITY),
     (b'{"id": 1e999, "source": "\xff"}', Reason.NOT_WELL_FORMED)],
)  # fmt: skip
def test_what_is_no_record_is_rejected(data: bytes, reason: Reason) -> None:
    with pytest.raises(RejectedInput) as caught:
        parse_record(data)
    assert caught.value.reason == reason


def test_halves_of_surrogate_pairs_can_be_stored() -> None:
    reference = event(json.loads(json.dumps(record(said("Erratum in", reference="A \ud800 B 2018 Jan"))))).detail
    assert reference is not None
    assert reference.encode() == b"Erratum in, A ? B 2018 Jan"


def test_files_are_told_apart_by_what_they_hold() -> None:
    parsed, version = parse_file(b"\xef\xbb\xbf\n" + json.dumps(record()).encode())
    assert (parsed.format, version) == ("europepmc", 1)
    with pytest.raises(RejectedInput, match="no known record"):
        parse_file(b'{"a": 1}')


def real_records(folder: Path) -> Iterator[bytes]:
    for name in ("records_getpapers", "records_pygetpapers"):
        with tarfile.open(folder / f"{name}.tar.gz") as archive:
            for member in archive:
                if file := archive.extractfile(member):
                    yield file.read()
    lists = [gzip.decompress((folder / f"eupmc_results_{n}.json.gz").read_bytes()) for n in ("millet", "ocimum")]
    for text in (*lists, (folder / "eupmc_results_rice.json").read_bytes()):
        yield from (json.dumps(r).encode() for r in json.loads(text))


@pytest.mark.shared
def test_real_records(shared_data: Path) -> None:
    parsed = [parse_record(data) for data in real_records(shared_data / "api" / "europepmc")]
    assert all(is_record(json.loads(data)) for data in real_records(shared_data / "api" / "europepmc"))
    assert len(parsed) == 276 + 126 + 211 + 200 + 10
    assert all(p.counts["event"].balances for p in parsed)
    assert [r for p in parsed for r in p.rejections] == []
    ids = [p.aliases[0] for p in parsed]
    assert (sum(i.pmcid is not None for i in ids), sum(i.pmid is None for i in ids)) == (823, 2)
    events = Counter(e.event for p in parsed for e in p.events)
    assert events["retraction"] == 2
    assert events["licence_stated"] > 700
    assert events["correction"] > 30
    assert events["preprint_of"] >= 8
