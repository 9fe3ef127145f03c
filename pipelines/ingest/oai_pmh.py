"""Answers of OAI-PMH: records with a JATS article in them, and those that the provider marks deleted. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from lxml import etree

from pipelines.core.ids import normalise_doi, normalise_pmcid
from pipelines.core.records import DocIds, EventRecord, Reason, Rejection
from pipelines.ingest import jats_meta

#: Raised by hand whenever the same bytes would give other records; what stands in an article is the JATS parser's.
PARSER_VERSION = 1
ROOT = "OAI-PMH"

_RECORD = "{http://www.openarchives.org/OAI/2.0/}record"
#: PMC numbers its records by the digits of the PMC id, other providers' numbers are their own.
_PMC_NUMBER = re.compile(r"(?i)oai:[\w.-]*pubmedcentral[\w.-]*:(\d+)")


@dataclass
class Answer:
    """What an answer holds: articles with the date of their record, deletions, and records of neither kind."""

    articles: list[tuple[etree._Element, dt.date | None]] = field(default_factory=list)
    deletions: list[EventRecord] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


def read_answer(root: etree._Element) -> Answer:
    """All records of one answer, in their order."""
    out = Answer()
    for record in root.iter(_RECORD):
        header = jats_meta.descend(record, "header")
        article = jats_meta.descend(record, "metadata", "article")
        if header is not None and header.get("status") == "deleted":
            _read_deletion(header, out)
        elif article is not None:
            out.articles.append((article, _datestamp(header)))
        else:
            message = "the OAI-PMH record holds no JATS article"
            out.rejections.append(Rejection("document", Reason.UNKNOWN_FORMAT, message, _identifier(header)))
    return out


def _read_deletion(header: etree._Element, out: Answer) -> None:
    """A deleted record has a header only: which article it was, its identifier must say."""
    name = _identifier(header)
    ids = ids_of(name)
    if ids == DocIds():
        message = "the OAI-PMH record is marked deleted, and its identifier names no article (PMC id or DOI)"
        out.rejections.append(Rejection("document", Reason.NO_IDENTITY, message, name))
        return
    detail = f"{name} is marked deleted by its provider (OAI-PMH)"
    out.deletions.append(EventRecord(ids, "deletion", "deletion", _datestamp(header), detail[:300]))


def ids_of(identifier: str) -> DocIds:
    """The article that an OAI identifier names (oai:pubmedcentral.nih.gov:13900, oai:…:PMC13900, a DOI)."""
    if doi := normalise_doi(identifier):
        return DocIds(doi=doi)
    number = _PMC_NUMBER.fullmatch(identifier)
    last = identifier.rpartition(":")[2]
    if number or re.fullmatch(r"(?i)pmc\d+", last):
        return DocIds(pmcid=normalise_pmcid(last))
    return DocIds()


def _identifier(header: etree._Element | None) -> str:
    element = jats_meta.descend(header, "identifier")
    return (element.text or "").strip() if element is not None else ""


def _datestamp(header: etree._Element | None) -> dt.date | None:
    element = jats_meta.descend(header, "datestamp")
    try:
        return dt.date.fromisoformat((element.text or "").strip()[:10]) if element is not None else None
    except ValueError:
        return None


def error_of(root: etree._Element) -> str:
    """The error that an answer states, as the end of a message; "" where it states none."""
    error = next(jats_meta.children(root, "error"), None)
    return f": {error.get('code') or ''} {(error.text or '').strip()}".rstrip() if error is not None else ""
