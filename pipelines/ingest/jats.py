"""JATS files to records: one article, a PMC article set or an OAI-PMH answer, with or without a namespace.

Pure: bytes in, records out. The file's format version of this parser is stored with every row that it makes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lxml import etree

from pipelines.core.records import DocumentRecord, EventRecord, ParsedFile, Reason, Rejection, UnitCounts
from pipelines.errors import RejectedInput
from pipelines.ingest import jats_meta, oai_pmh
from pipelines.ingest.jats_events import EventReading, read_events
from pipelines.ingest.jats_figures import read_figures
from pipelines.ingest.jats_text import local_name
from pipelines.ingest.xml_safety import parse_xml

#: Raised by hand whenever the same bytes would give other records.
PARSER_VERSION = 2
#: Root elements that `parse_jats` reads.
ROOTS = ("article", "pmc-articleset", oai_pmh.ROOT)

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
    found, missing, deletions = _find_articles(root)
    documents, readings = [], []
    for item in found:
        document, reading = _read_article(item)
        documents.append(document)
        readings.append(reading)
    rejections = (*missing, *(r for reading in readings for r in reading.rejections))
    counts = _count(documents, readings, len(missing))
    unique = tuple(dict.fromkeys(deletions))
    counts["event"] += UnitCounts(len(deletions), valid=len(unique), duplicate=len(deletions) - len(unique))
    return ParsedFile(_FORMAT, tuple(documents), rejections=rejections, counts=counts, events=unique)


def _count(documents: list[DocumentRecord], readings: list[EventReading], n_missing: int) -> dict[str, UnitCounts]:
    n_documents, n_figures = len(documents), sum(len(d.figures) for d in documents)
    n_events, n_refused = sum(len(r.events) for r in readings), sum(len(r.rejections) for r in readings)
    n_twice = sum(r.n_duplicate for r in readings)
    return {
        "document": UnitCounts(n_in=n_documents + n_missing, valid=n_documents, quarantined=n_missing),
        "figure": UnitCounts(n_in=n_figures, valid=n_figures),
        "event": UnitCounts(n_events + n_refused + n_twice, valid=n_events, quarantined=n_refused, duplicate=n_twice),
    }


def _find_articles(root: etree._Element) -> tuple[list[_Found], list[Rejection], tuple[EventRecord, ...]]:
    """Articles, units that hold none, and those that the provider says it deleted."""
    name = local_name(root)
    if name == "article":
        _refuse_curation(root)
        return [_Found(root)], [], ()
    if name not in ROOTS:
        expected = f"{', '.join(ROOTS[:-1])} or {ROOTS[-1]}"
        raise RejectedInput(Reason.UNKNOWN_FORMAT, f"root element <{name}> is not JATS: expected {expected}")
    if name == oai_pmh.ROOT:
        answer = oai_pmh.read_answer(root)
        found, missing = [_Found(*article) for article in answer.articles], answer.rejections
        deletions = tuple(answer.deletions)
    else:
        (found, missing), deletions = _find_in_set(root), ()
    if not (found or missing or deletions):
        raise RejectedInput(Reason.UNKNOWN_FORMAT, f"<{name}> holds no article{oai_pmh.error_of(root)}")
    return found, missing, deletions


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
