"""What one JATS article says about itself or another: retraction, correction, concern, addendum, preprint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from pipelines.core.ids import normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, EventRecord, Reason, Rejection
from pipelines.ingest.jats_meta import article_meta, children, descend
from pipelines.ingest.jats_text import plain_text

_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"

#: `related-article-type` whose target is the article concerned.
_CONCERNS_OTHER = {
    "retracted-article": "retraction", "partial-retraction": "correction", "corrected-article": "correction",
    "addended-article": "addendum", "object-of-concern": "expression_of_concern",
    "reinstated-article": "reinstatement", "preprint": "preprint_of",
}  # fmt: skip
#: Types by which an article points to a notice about itself.
_CONCERNS_THIS = {
    "retraction-forward": "retraction", "retraction": "retraction", "correction-forward": "correction",
    "correction": "correction", "erratum": "correction", "addendum": "addendum", "addendum-forward": "addendum",
    "concern-forward": "expression_of_concern", "expression-of-concern": "expression_of_concern",
    "published-article": "preprint_of",
}  # fmt: skip
#: Kinds of notices. A notice may point with the general `corrected-article`, and its own type says what it is.
_NOTICES = {
    "retraction": "retraction", "correction": "correction", "erratum": "correction", "corrigendum": "correction",
    "addendum": "addendum", "expression-of-concern": "expression_of_concern", "partial-retraction": "correction",
}  # fmt: skip


@dataclass(frozen=True)
class EventReading:
    """Events of one article and the statements that name no document."""

    events: tuple[EventRecord, ...]
    rejections: tuple[Rejection, ...]
    n_duplicate: int


def read_events(article: etree._Element, ids: DocIds, pub_date: dt.date | None) -> EventReading:
    """All integrity and preprint statements; one said twice counts once, one whose target cannot be read and a
    retraction or correction that names no article are rejected."""
    article_type = (article.get("article-type") or "").lower()
    events: list[EventRecord] = []
    rejections = []
    n_seen = 0
    for link in _iter_links(article, article_type):
        event = _read_link(link, article_type, ids, pub_date)
        n_seen += event is not None
        if event is not None and event.target == DocIds():
            rejections.append(
                _rejected(f"a related-article of type {_type_of(link)} names no DOI, PMC id or PubMed id", ids)
            )
        elif event is not None:
            events.append(event)
    unique = tuple(dict.fromkeys(events))
    if article_type in _NOTICES and not n_seen:
        rejections.append(_rejected(f"the {article_type} notice names no article that it is about", ids))
    return EventReading(unique, tuple(rejections), len(events) - len(unique))


def _iter_links(article: etree._Element, article_type: str) -> Iterator[etree._Element]:
    """Links of the article's own front; a notice may also name its article in the running text."""
    meta = article_meta(article)
    yield from children(meta, "related-article")
    if article_type in _NOTICES:
        own = set(children(meta, "related-article"))
        for part in children(article, "front", "body", "back"):
            yield from (e for e in part.iter("{*}related-article") if e not in own)
    history = descend(meta, "pub-history")
    for event in children(history, "event"):
        yield from (uri for uri in children(event, "self-uri") if uri.get("content-type") == "preprint")


def _type_of(link: etree._Element) -> str:
    return (link.get("related-article-type") or link.get("content-type") or "").lower()


def _read_link(link: etree._Element, article_type: str, ids: DocIds, pub_date: dt.date | None) -> EventRecord | None:
    relation = _type_of(link)
    linked = _target_of(link, ids)
    if relation in _CONCERNS_OTHER:
        event, target, other, date = _CONCERNS_OTHER[relation], linked, ids, pub_date
        if relation == "corrected-article":
            event = _NOTICES.get(article_type, event)
    elif relation in _CONCERNS_THIS:
        event, target, other, date = _CONCERNS_THIS[relation], ids, linked, None
    else:
        return None
    kind = "identity" if event == "preprint_of" else "integrity"
    verb = "published as" if event == "preprint_of" else "stated by"
    notice = linked if relation == "published-article" else DocIds()
    return EventRecord(target, kind, event, date, _detail(relation, verb, other), notice)


def _detail(relation: str, verb: str, other: DocIds) -> str:
    name = other.doi or other.pmcid or other.pmid or other.local_id
    return f"{relation}, {verb} {name}" if name else relation


def _target_of(link: etree._Element, own: DocIds) -> DocIds:
    """Ids of the linked document. The stated link type is often wrong, so a DOI is looked for whatever it says; one
    in the running text counts where it is not the article's own."""
    href, text = (link.get(_XLINK_HREF) or "").strip(), plain_text(link)
    doi = normalise_doi(href) or normalise_doi(text)
    if doi == own.doi and not normalise_doi(href):
        doi = None
    kind = (link.get("ext-link-type") or "").lower()
    value = (href or text).rstrip("/").rpartition("/")[2]
    is_pmc = "pmc" in kind or value.lower().startswith("pmc")
    pmid = normalise_pmid(value) if kind in {"pubmed", "pmid"} and not is_pmc else None
    return DocIds(doi=doi, pmcid=normalise_pmcid(value) if is_pmc else None, pmid=pmid)


def _rejected(message: str, ids: DocIds) -> Rejection:
    name = ids.doi or ids.pmcid or ids.pmid or ids.local_id or ""
    return Rejection("event", Reason.NO_IDENTITY, message, name)
