"""PubMed records: statements about papers, ids that belong together, deleted citations."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.core.records import DocIds, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.pubmed import cited_date, parse_pubmed
from pipelines.ingest.xml_safety import iter_elements

ARTICLE = """<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article>
<Journal><JournalIssue><PubDate><Year>2020</Year><Month>Mar</Month></PubDate></JournalIssue><Title>{journal}</Title></Journal>
<ELocationID EIdType="doi">10.5555/{pmid}</ELocationID>
<PublicationTypeList>{types}</PublicationTypeList></Article>
<CommentsCorrectionsList>{links}</CommentsCorrectionsList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId>
<ArticleId IdType="pmc">PMC{pmid}</ArticleId></ArticleIdList><ReferenceList><Reference><ArticleIdList>
<ArticleId IdType="doi">10.5555/cited</ArticleId></ArticleIdList>
</Reference></ReferenceList></PubmedData></PubmedArticle>"""


def article(pmid: int = 1, types: str = "", links: str = "", journal: str = "J Cells") -> str:
    kinds = "".join(f"<PublicationType>{t}</PublicationType>" for t in types.split("|") if t)
    return ARTICLE.format(pmid=pmid, types=kinds, links=links, journal=journal)


def link(relation: str, pmid: int | None = 9, cited: str = "J Cells. 2021 Feb 2;72(2):775") -> str:
    number = f"<PMID>{pmid}</PMID>" if pmid else ""
    return f'<CommentsCorrections RefType="{relation}"><RefSource>{cited}</RefSource>{number}</CommentsCorrections>'


def records(*articles: str) -> bytes:
    return f"<?xml version='1.0'?><PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>".encode()


def test_ids_of_one_paper_belong_together_and_the_cited_papers_do_not() -> None:
    parsed = parse_pubmed(records(article()))
    assert parsed.aliases == (DocIds(doi="10.5555/1", pmcid="PMC1", pmid="1"),)
    assert parsed.events == ()
    assert parsed.documents == ()


def test_a_retraction_is_said_once_with_the_date_and_id_of_its_notice() -> None:
    parsed = parse_pubmed(records(article(types="Journal Article|Retracted Publication", links=link("RetractionIn"))))
    [event] = parsed.events
    assert (event.event, event.kind, event.event_date) == ("retraction", "integrity", dt.date(2021, 2, 2))
    assert event.target.pmid == "1"
    assert event.notice.pmid == "9"


def test_a_publication_type_alone_is_a_statement_without_a_date() -> None:
    [event] = parse_pubmed(records(article(types="Retracted Publication"))).events
    assert (event.event, event.event_date) == ("retraction", None)


@pytest.mark.parametrize(
    ("relation", "event"),
    [
        ("RetractionOf", "retraction"), ("ErratumFor", "correction"),
        ("ExpressionOfConcernFor", "expression_of_concern"), ("CorrectedandRepublishedFrom", "correction"),
    ],
)  # fmt: skip
def test_a_notice_speaks_of_the_other_paper_on_its_own_date(relation: str, event: str) -> None:
    [found] = parse_pubmed(records(article(links=link(relation)))).events
    assert (found.event, found.target.pmid, found.notice.pmid) == (event, "9", "1")
    assert found.event_date == dt.date(2020, 3, 1)


@pytest.mark.parametrize(
    ("relation", "event"),
    [("ErratumIn", "correction"), ("ExpressionOfConcernIn", "expression_of_concern"), ("RetractionIn", "retraction")],
)
def test_a_notice_elsewhere_speaks_of_this_paper(relation: str, event: str) -> None:
    [found] = parse_pubmed(records(article(links=link(relation)))).events
    assert (found.event, found.target.pmid, found.notice.pmid) == (event, "1", "9")


def test_an_update_is_an_identity_only_where_one_side_is_a_preprint() -> None:
    of_preprint = link("UpdateOf", cited="medRxiv. 2023 Apr 05:2023.03.21.23286947. doi: 10.1101/2023.03.21.23286947.")
    [event] = parse_pubmed(records(article(links=of_preprint))).events
    assert (event.kind, event.event, event.target.pmid, event.notice.pmid) == ("identity", "preprint_of", "9", "1")
    [event] = parse_pubmed(records(article(types="Preprint", links=link("UpdateIn")))).events
    assert (event.event, event.target.pmid, event.notice.pmid) == ("preprint_of", "1", "9")
    review = link("UpdateOf", cited="Cochrane Database Syst Rev. 2010;(3):CD001")
    assert parse_pubmed(records(article(links=review + link("Cites") + link("CommentIn")))).events == ()


def test_a_notice_that_names_no_paper_is_refused() -> None:
    parsed = parse_pubmed(records(article(links=link("RetractionOf", pmid=None))))
    assert [r.reason for r in parsed.rejections] == [Reason.NO_IDENTITY]
    assert parsed.counts["event"].balances


def test_deleted_citations_are_statements_and_book_chapters_are_ignored_with_count() -> None:
    book = "<PubmedBookArticle><BookDocument><PMID>5</PMID></BookDocument></PubmedBookArticle>"
    gone = "<DeleteCitation><PMID Version='1'>77</PMID><PMID>78</PMID></DeleteCitation>"
    parsed = parse_pubmed(records(article(), book, gone))
    assert [(e.kind, e.event, e.target.pmid) for e in parsed.events] == [
        ("deletion", "deletion", "77"), ("deletion", "deletion", "78"),
    ]  # fmt: skip
    assert (parsed.counts["record"].n_in, parsed.counts["record"].valid, parsed.counts["record"].ignored) == (2, 1, 1)


@pytest.mark.parametrize(
    ("cited", "date"),
    [
        ("J Cells. 2021 Feb 2;72(2):775", dt.date(2021, 2, 2)), ("Cell. 2022 Jun;3:1", dt.date(2022, 6, 1)),
        ("Cell. 2022;3:1", dt.date(2022, 1, 1)), ("Lancet. 2019 Jul-Aug;5:2", dt.date(2019, 7, 1)),
        ("Cell. 2021 Feb 31;3:1", None), ("in press", None),
    ],
)  # fmt: skip
def test_the_date_of_a_notice_is_read_from_its_citation(cited: str, date: dt.date | None) -> None:
    assert cited_date(cited) == date


def test_a_set_that_was_cut_short_is_refused_whole() -> None:
    with pytest.raises(RejectedInput, match="cut short") as caught:
        parse_pubmed(records(article(1), article(2))[:-40])
    assert caught.value.reason == Reason.NOT_WELL_FORMED


def test_an_empty_set_is_the_answer_for_an_id_that_is_gone() -> None:
    assert parse_pubmed(records()).counts["record"].n_in == 0


def test_a_large_set_is_read_one_record_at_a_time() -> None:
    data = records(*(article(n) for n in range(1, 2000)))
    held = [len(element.getparent()) for element in iter_elements(data, ("PubmedArticle",))]
    assert len(held) == 1999
    assert max(held) < 100
