"""Bibliographic data of one JATS article: ids, title, abstract, journal, dates, licence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator

from lxml import etree

from pipelines.core.ids import normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds
from pipelines.ingest.jats_licence import stated_licence
from pipelines.ingest.jats_text import block_text, inline_text, local_name, plain_text
from pipelines.ingest.licences import Licence, strictest

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PMC_TYPES = ("pmcid", "pmc", "pmcaid")
_SPECIAL_ABSTRACTS = re.compile(
    r"graphical|teaser|summary|key-?points|highlights|short|toc|plain|web|video|editor", re.I
)
_NOT_PUBLISHED = re.compile(r"hwp|received|accepted|rev-|pmc-release|test|retract|correct", re.I)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LOOSE = ("license", "copyright-statement")
_Element = etree._Element


def children(element: _Element | None, *names: str) -> Iterator[_Element]:
    """Direct children with one of these local names, in any namespace."""
    if element is not None:
        yield from element.iterchildren(*map("{{*}}{}".format, names))


def descend(element: _Element | None, *path: str) -> _Element | None:
    """First element at the end of a path of local names; None where a step is missing."""
    for name in path:
        if element is None:
            return None
        element = next(element.iterchildren(f"{{*}}{name}"), None)
    return element


def article_meta(article: _Element) -> _Element | None:
    """`front/article-meta`, or the stub that short forms of an article have instead."""
    return (
        descend(article, "front", "article-meta")
        if descend(article, "front") is not None
        else descend(article, "front-stub")
    )


def read_ids(article: _Element) -> DocIds:
    """Normalised ids. A publisher's own id is only unique in its journal, so it is kept with the journal's id."""
    found: dict[str, str] = {}
    for element in children(article_meta(article), "article-id"):
        found.setdefault((element.get("pub-id-type") or "").lower(), plain_text(element))
    pmcid = next((n for kind in _PMC_TYPES if (n := normalise_pmcid(found.get(kind)))), None)
    doi, pmid = normalise_doi(found.get("doi")), normalise_pmid(found.get("pmid"))
    return DocIds(doi=doi, pmcid=pmcid, pmid=pmid, local_id=_local_id(article, found))


def _local_id(article: _Element, found: dict[str, str]) -> str | None:
    own = found.get("publisher-id") or found.get("manuscript") or found.get("publisher-manuscript-id")
    if not own:
        return None
    ids = {
        (e.get("journal-id-type") or ""): (e.text or "").strip() for e in children(_journal_meta(article), "journal-id")
    }
    journal = next((ids[kind] for kind in ("nlm-ta", "iso-abbrev", "publisher-id") if ids.get(kind)), None)
    journal = journal or next((value for _, value in sorted(ids.items()) if value), None) or read_journal(article)
    return f"{journal or 'journal'}/{own}"


def _journal_meta(article: _Element) -> _Element | None:
    return descend(article, "front", "journal-meta")


def read_title(article: _Element) -> str | None:
    """The title on one line, without citations and footnote marks of the bibliography."""
    meta = article_meta(article)
    return inline_text(descend(meta, "title-group", "article-title"))


def read_journal(article: _Element) -> str | None:
    """The journal's full title, else its abbreviation."""
    meta = _journal_meta(article)
    for path in (
        ("journal-title-group", "journal-title"),
        ("journal-title",),
        ("journal-title-group", "abbrev-journal-title"),
    ):
        if title := inline_text(descend(meta, *path)):
            return title
    by_type = {e.get("journal-id-type"): inline_text(e) for e in children(meta, "journal-id")}
    return by_type.get("nlm-ta") or by_type.get("iso-abbrev")


def read_publisher(article: _Element) -> str | None:
    """The publisher as the file names it; services (PMC, Europe PMC) keep the original name."""
    return inline_text(descend(_journal_meta(article), "publisher", "publisher-name"))


def read_language(article: _Element) -> str | None:
    """Two-letter code in lower case where the article states one."""
    stated = article.get(_XML_LANG)
    return stated.strip().lower() or None if stated else None


def read_abstract(article: _Element) -> str | None:
    """The abstract proper (no graphical, lay or teaser form), headings on lines of their own."""
    abstracts = list(children(article_meta(article), "abstract"))
    proper = [a for a in abstracts if not _SPECIAL_ABSTRACTS.search(a.get("abstract-type") or "")]
    return next((text for a in proper if (text := block_text([a]))), None)


def read_pub_date(article: _Element) -> dt.date | None:
    """Earliest full publication date; without one the earliest of month and year, then of the year."""
    stated = []
    for element in children(article_meta(article), "pub-date"):
        kind = f"{element.get('pub-type') or ''} {element.get('date-type') or ''}"
        if not _NOT_PUBLISHED.search(kind) and (date := _date_of(element)):
            stated.append(date)
    for precision in (3, 2, 1):
        dates = [date for date, parts in stated if parts == precision]
        if dates:
            return min(dates)
    return None


def _date_of(element: _Element) -> tuple[dt.date, int] | None:
    """Date and how many of year, month and day were stated (missing ones are 1)."""
    parts = {local_name(child): (child.text or "").strip() for child in element}
    year, month, day = _number(parts.get("year")), _month(parts.get("month")), _number(parts.get("day"))
    if year is None and (iso := re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", element.get("iso-8601-date") or "")):
        year, month, day = (int(part) if part else None for part in iso.groups())
    if year is None:
        return None
    stated = 1 if month is None else 2 if day is None else 3
    try:
        return dt.date(year, month or 1, day or 1 if month else 1), stated
    except ValueError:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 4 else None


def _month(text: str | None) -> int | None:
    name = (text or "").lower()[:3]
    return _MONTHS.index(name) + 1 if name in _MONTHS else _number(text)


def read_version(article: _Element) -> int:
    """Stated version: 2 for "2" or "v2"; 1002 for "1.2", so that both parts order; 0 where none is stated."""
    meta = article_meta(article)
    holders = [
        *children(meta, "article-version"),
        *children(descend(meta, "article-version-alternatives"), "article-version"),
    ]
    versions = [m for h in holders if (m := re.fullmatch(r"v?(\d{1,5})(?:\.(\d{1,3}))?", (h.text or "").strip(), re.I))]
    return max((_ordered(*match.groups()) for match in versions), default=0)


def _ordered(major: str, minor: str | None) -> int:
    return int(major) if minor is None else int(major) * 1000 + int(minor)


def read_licence(article: _Element) -> Licence:
    """Class and evidence from the article's own permissions; old NLM files state them beside `copyright-year`."""
    meta = article_meta(article)
    statements: Iterable[_Element] = list(children(meta, "permissions"))
    if not statements and meta is not None and next(children(meta, *_LOOSE), None) is not None:
        statements = [meta]
    return strictest(stated_licence(statement) for statement in statements)
