"""JATS files to records: one article, a PMC article set or an OAI-PMH answer, with or without a namespace.

Pure: bytes in, records out. The file's format version of this parser is stored with every row that it makes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lxml import etree

from pipelines.core.records import DocumentRecord, ParsedFile, Reason, Rejection, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest import jats_meta
from pipelines.ingest.jats_events import EventReading, read_events
from pipelines.ingest.jats_figures import read_figures
from pipelines.ingest.jats_text import local_name
from pipelines.ingest.xml_safety import parse_xml

#: Raised by hand whenever the same bytes would give other records.
PARSER_VERSION = 2
#: Root elements that `parse_jats` reads.
ROOTS = ("article", "pmc-articleset", "OAI-PMH")

_FORMAT = "jats"


@dataclass(frozen=True)
class _Found:
    """One article element with what its wrapper states about it."""

    article: etree._Element
    stated_date: dt.date | None = None


def parse_jats(data: bytes) -> ParsedFile:
    """All articles of one file, with the counts of documents, figures and events.

    Raises RejectedInput for what `parse_xml` refuses, and unknown_format where the root is not JATS or a wrapper
    holds no article at all.
    """
    root = parse_xml(data)
    found, missing = _find_articles(root)
    documents, readings = [], []
    for item in found:
        document, reading = _read_article(item)
        documents.append(document)
        readings.append(reading)
    rejections = (*missing, *(r for reading in readings for r in reading.rejections))
    return ParsedFile(
        _FORMAT, tuple(documents), rejections=rejections, counts=_count(documents, readings, len(missing))
    )


def _count(documents: list[DocumentRecord], readings: list[EventReading], n_missing: int) -> dict[str, UnitCounts]:
    n_documents, n_figures = len(documents), sum(len(d.figures) for d in documents)
    n_events, n_refused = sum(len(r.events) for r in readings), sum(len(r.rejections) for r in readings)
    n_twice = sum(r.n_duplicate for r in readings)
    return {
        "document": UnitCounts(n_in=n_documents + n_missing, valid=n_documents, quarantined=n_missing),
        "figure": UnitCounts(n_in=n_figures, valid=n_figures),
        "event": UnitCounts(n_events + n_refused + n_twice, valid=n_events, quarantined=n_refused, duplicate=n_twice),
    }


def _find_articles(root: etree._Element) -> tuple[list[_Found], list[Rejection]]:
    name = local_name(root)
    if name == "article":
        _refuse_curation(root)
        return [_Found(root)], []
    if name not in ROOTS:
        expected = f"{', '.join(ROOTS[:-1])} or {ROOTS[-1]}"
        raise RejectedInput(Reason.UNKNOWN_FORMAT, f"root element <{name}> is not JATS: expected {expected}")
    found, missing = _find_in_set(root) if name == "pmc-articleset" else _find_in_oai(root)
    if not found and not missing:
        raise RejectedInput(Reason.UNKNOWN_FORMAT, f"<{name}> holds no article{_oai_error(root)}")
    return found, missing


def _refuse_curation(article: etree._Element) -> None:
    """Curators' files have the same root element, but panels instead of a front."""
    if next(jats_meta.children(article, "front", "front-stub", "body", "floats-group"), None) is not None:
        return
    if next(article.iter("{*}sd-panel", "{*}sd-tag"), None) is not None:
        raise RejectedInput(Reason.UNKNOWN_FORMAT, "this <article> is a SourceData curation file, not JATS")
    raise RejectedInput(Reason.UNKNOWN_FORMAT, "this <article> is not JATS: it has neither <front> nor <body>")


def _find_in_set(root: etree._Element) -> tuple[list[_Found], list[Rejection]]:
    """PMC answers with `Reply` elements for the ids that it does not give out."""
    found = [_Found(element) for element in jats_meta.children(root, "article")]
    return found, [_no_reply(element) for element in jats_meta.children(root, "Reply")]


def _no_reply(reply: etree._Element) -> Rejection:
    message = f"PMC gave no article: {reply.get('error') or 'no reason stated'}"
    return Rejection("document", Reason.UNKNOWN_FORMAT, message, reply.get("id") or "")


def _find_in_oai(root: etree._Element) -> tuple[list[_Found], list[Rejection]]:
    found, missing = [], []
    for record in root.iter("{http://www.openarchives.org/OAI/2.0/}record"):
        header = jats_meta.descend(record, "header")
        article = jats_meta.descend(record, "metadata", "article")
        if article is not None:
            found.append(_Found(article, _datestamp(header)))
        else:
            missing.append(_no_article(header))
    return found, missing


def _datestamp(header: etree._Element | None) -> dt.date | None:
    element = jats_meta.descend(header, "datestamp")
    try:
        return dt.date.fromisoformat((element.text or "").strip()[:10]) if element is not None else None
    except ValueError:
        return None


def _no_article(header: etree._Element | None) -> Rejection:
    identifier = jats_meta.descend(header, "identifier")
    name = (identifier.text or "").strip() if identifier is not None else ""
    deleted = header is not None and header.get("status") == "deleted"
    message = "the OAI-PMH record is marked deleted" if deleted else "the OAI-PMH record holds no JATS article"
    return Rejection("document", Reason.UNKNOWN_FORMAT, message, name)


def _oai_error(root: etree._Element) -> str:
    error = next(jats_meta.children(root, "error"), None)
    return f": {error.get('code') or ''} {(error.text or '').strip()}".rstrip() if error is not None else ""


def _read_article(found: _Found) -> tuple[DocumentRecord, EventReading]:
    article = found.article
    ids, language = jats_meta.read_ids(article), jats_meta.read_language(article)
    licence, pub_date = jats_meta.read_licence(article), jats_meta.read_pub_date(article)
    reading = read_events(article, ids, pub_date)
    document = DocumentRecord(
        ids=ids,
        title=jats_meta.read_title(article),
        abstract=jats_meta.read_abstract(article),
        journal=jats_meta.read_journal(article),
        publisher=jats_meta.read_publisher(article),
        pub_date=pub_date,
        article_type=(article.get("article-type") or "").strip().lower() or None,
        language=language,
        licence=licence.name,
        licence_evidence=licence.evidence,
        stated_date=found.stated_date,
        stated_version=jats_meta.read_version(article),
        figures=read_figures(article, language),
        events=reading.events,
    )
    return document, reading
