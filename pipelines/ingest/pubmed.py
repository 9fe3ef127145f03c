"""PubMed records (efetch answers, daily update files) to statements about papers and ids that belong together.

No document comes of them: PubMed tells which papers were retracted, corrected or doubted, which PubMed id, DOI and PMC
id are one paper, and which preprint became which article. Source: NLM's PubmedArticle DTD. Pure: bytes in, records out.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from pipelines.core.ids import normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, EventRecord, ParsedFile, Reason, Rejection, UnitCounts
from pipelines.ingest.xml_safety import iter_elements

#: Raised by hand whenever the same bytes would give other records.
PARSER_VERSION = 1
ROOT = "PubmedArticleSet"

#: `RefType` by which a record names a notice about itself.
_ABOUT_THIS = {
    "RetractionIn": "retraction", "RetractedandRepublishedIn": "retraction", "PartialRetractionIn": "correction",
    "ErratumIn": "correction", "CorrectedandRepublishedIn": "correction",
    "ExpressionOfConcernIn": "expression_of_concern",
}  # fmt: skip
#: `RefType` by which a notice names the paper that it is about.
_ABOUT_OTHER = {
    "RetractionOf": "retraction", "RetractedandRepublishedFrom": "retraction", "PartialRetractionOf": "correction",
    "ErratumFor": "correction", "CorrectedandRepublishedFrom": "correction",
    "ExpressionOfConcernFor": "expression_of_concern",
}  # fmt: skip
#: An update is of a preprint (else of an earlier review) where the source of one of the two says so.
_PREPRINT = re.compile(r"(?i)rxiv|preprint|research ?square|res sq")
_MONTHS = {m.lower(): i for i, m in enumerate(calendar.month_abbr) if m}
_CITED_DATE = re.compile(r"\b((?:19|20)\d\d)(?: ([A-Z][a-z]{2})[a-z]*(?:-[A-Z][a-z]+)?(?: (\d{1,2})\b)?)?")


def parse_pubmed(data: bytes) -> ParsedFile:
    """Statements and ids of every article; book chapters are ignored, for they hold no figures of ours.

    Counts: `record` (articles and book chapters), `event`. An empty set is one: the answer for a deleted id. Raises
    RejectedInput for what `iter_elements` refuses.
    """
    events: list[EventRecord] = []
    rejections: list[Rejection] = []
    aliases: list[DocIds] = []
    seen: Counter[str] = Counter()
    for element in iter_elements(data, ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")):
        name = str(element.tag)
        seen[name] += 1
        if name == "DeleteCitation":
            events += [EventRecord(DocIds(pmid=p), "deletion", "deletion", detail="DeleteCitation of PubMed")
                       for e in element.findall("PMID") if (p := normalise_pmid(e.text))]  # fmt: skip
        elif name == "PubmedArticle":
            ids = _read_ids(element)
            aliases.append(ids)
            for statement in _iter_statements(element, ids):
                (events if isinstance(statement, EventRecord) else rejections).append(statement)  # type: ignore[arg-type]
    unique = tuple(dict.fromkeys(events))
    n_records = seen["PubmedArticle"] + seen["PubmedBookArticle"]
    counts = {
        "record": UnitCounts(n_records, valid=seen["PubmedArticle"], ignored=seen["PubmedBookArticle"]),
        "event": UnitCounts(len(events) + len(rejections), valid=len(unique), quarantined=len(rejections),
                            duplicate=len(events) - len(unique)),
    }  # fmt: skip
    return ParsedFile("pubmed", rejections=tuple(rejections), counts=counts, events=unique, aliases=tuple(aliases))


def _read_ids(article: etree._Element) -> DocIds:
    """The article's own ids: the reference list holds as many lists of ids again, of other papers."""
    found: dict[str, str | None] = {"pubmed": article.findtext("MedlineCitation/PMID")}
    for element in article.findall("PubmedData/ArticleIdList/ArticleId"):
        found.setdefault(element.get("IdType") or "", element.text)
    doi = next(
        (e.text for e in article.findall("MedlineCitation/Article/ELocationID") if e.get("EIdType") == "doi"), None
    )
    return DocIds(
        doi=normalise_doi(found.get("doi")) or normalise_doi(doi), pmcid=normalise_pmcid(found.get("pmc")),
        pmid=normalise_pmid(found["pubmed"]),
    )  # fmt: skip


def _iter_statements(article: etree._Element, ids: DocIds) -> Iterator[EventRecord | Rejection]:
    types = {e.text for e in article.iterfind("MedlineCitation/Article/PublicationTypeList/PublicationType")}
    journal = article.findtext("MedlineCitation/Article/Journal/Title") or ""
    is_said = False
    for link in article.iterfind("MedlineCitation/CommentsCorrectionsList/CommentsCorrections"):
        statement = _read_link(link, ids, "Preprint" in types or bool(_PREPRINT.search(journal)), _read_date(article))
        if statement is not None:
            is_said |= isinstance(statement, EventRecord) and (statement.event, statement.target) == ("retraction", ids)
            yield statement
    if "Retracted Publication" in types and not is_said:
        yield EventRecord(ids, "integrity", "retraction", detail="publication type Retracted Publication")


def _read_link(
    link: etree._Element, ids: DocIds, is_preprint: bool, own_date: dt.date | None
) -> EventRecord | Rejection | None:
    relation, cited = link.get("RefType") or "", link.findtext("RefSource") or ""
    other = DocIds(pmid=normalise_pmid(link.findtext("PMID")), doi=normalise_doi(cited))
    detail = f"{relation}: {cited}"[:300]
    if relation in _ABOUT_THIS:
        return EventRecord(ids, "integrity", _ABOUT_THIS[relation], cited_date(cited), detail, other)
    if relation == "UpdateIn" and is_preprint:
        return EventRecord(ids, "identity", "preprint_of", None, detail, other)
    is_update = relation == "UpdateOf" and bool(_PREPRINT.search(cited))
    if relation not in _ABOUT_OTHER and not is_update:
        return None
    if other == DocIds():
        return Rejection(
            "event", Reason.NO_IDENTITY, f"{relation} names no PubMed id or DOI: {cited}", f"PMID {ids.pmid}"
        )
    if is_update:
        return EventRecord(other, "identity", "preprint_of", None, detail, ids)
    return EventRecord(other, "integrity", _ABOUT_OTHER[relation], own_date, f"{relation} PMID {ids.pmid}", ids)


def cited_date(citation: str) -> dt.date | None:
    """Date of a notice as `J Exp Bot. 2021 Feb 2;72(2):775` names it; day or month 1 where none is said."""
    match = _CITED_DATE.search(citation)
    return _date(match[1], match[2], match[3]) if match else None


def _read_date(article: etree._Element) -> dt.date | None:
    """When the article appeared: on line, else in the issue."""
    for path in ("MedlineCitation/Article/ArticleDate", "MedlineCitation/Article/Journal/JournalIssue/PubDate"):
        element = article.find(path)
        if element is not None and element.findtext("Year"):
            return _date(*(element.findtext(n) for n in ("Year", "Month", "Day")))
    return None


def _date(year: str | None, month: str | None, day: str | None) -> dt.date | None:
    try:
        number = _MONTHS.get((month or "")[:3].lower()) or (int(month) if month and month.isdecimal() else 1)
        return dt.date(int(year or ""), number, int(day) if day and day.isdecimal() else 1)
    except (ValueError, OverflowError):
        return None
