"""CRAFT: articles as JATS and as plain text, concept annotations by character of the plain text.

One article is several files: `<pmid>.txt`, its JATS file, and per ontology a Knowtator file
(`<pmid>.txt.knowtator.xml`) or a Knowtator-2 project (`<pmid>.xml`). Some JATS files state no PubMed id: the list
`craft-idmappings.txt` gives it. The annotations that lie in the caption of a
figure become a curated figure with the caption as the plain text has it; all others (body text, tables) are ignored and
counted.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from pipelines.core.ids import figure_key, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, ParsedFile, Reason, Rejection
from pipelines.core.text import fold
from pipelines.errors import RejectedInput
from pipelines.ingest.curation import Tally
from pipelines.ingest.json_safety import decode
from pipelines.ingest.mentions import RawMention, as_int
from pipelines.ingest.texts import MarkedText, parse_texts
from pipelines.ingest.xml_safety import parse_xml, root_name

#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "craft"
_TEXT_NAME = re.compile(r"(\d+)\.txt")
_MAPPINGS = "craft-idmappings.txt"
_LISTS = re.compile(r"craft-[\w-]+\.txt")
_IRI = re.compile(r".*/obo/([A-Za-z]+)_(\w+)")


@dataclass(frozen=True)
class Article:
    """The files of one article: the name of its plain text, which stands for all, and the data of each kind."""

    pmid: str
    name: str
    names: tuple[str, ...]
    text: bytes
    jats: bytes
    annotations: tuple[bytes, ...]


@dataclass
class _Files:
    text: str = ""
    jats: str = ""
    annotations: list[str] = field(default_factory=list)


def _text(element: etree._Element | None) -> str:
    """All text of an element, "" where there is none."""
    return "" if element is None else "".join(str(part) for part in element.itertext())


def _article_id(root: etree._Element, kind: str) -> str | None:
    """The first id of a kind that the article gives itself."""
    found = (e for e in root.iterfind("front/article-meta/article-id") if e.get("pub-id-type") == kind)
    return next((_text(e) for e in found), None)


def _pmid_of_jats(data: bytes) -> str | None:
    return normalise_pmid(_article_id(parse_xml(data), "pmid"))


def _pmid_of_annotations(data: bytes) -> str | None:
    root = parse_xml(data)
    source = root.get("textSource") if root.tag == "annotations" else None
    document = root.find("document") if root.tag == "knowtator-project" else None
    name = source or (document.get("text-file") if document is not None else None) or ""
    return match[1] if (match := _TEXT_NAME.fullmatch(posixpath.basename(name))) else None


def _base(name: str) -> str:
    return posixpath.basename(name.rpartition("!")[2])


def is_list(name: str) -> bool:
    """True for the lists of ids that come with the articles: read for their ids at most, no record."""
    return _LISTS.fullmatch(_base(name)) is not None


def _read_mappings(files: Mapping[str, bytes]) -> dict[str, str]:
    """PubMed id by JATS file, from lines `file, PMCID, PMID`."""
    lists = (data.decode("utf-8", "replace") for name, data in sorted(files.items()) if _base(name) == _MAPPINGS)
    fields = (line.rstrip("\r").split("\t") for text in lists for line in text.split("\n"))
    return {f[0]: f[2].strip() for f in fields if len(f) == 3 and not f[0].startswith("#")}


def _sort(files: Mapping[str, bytes]) -> tuple[dict[str, _Files], dict[str, RejectedInput]]:
    """Files by article, and those that belong to none with the reason."""
    found: dict[str, _Files] = {}
    odd: dict[str, RejectedInput] = {}
    mapped = _read_mappings(files)
    for name, data in sorted(files.items()):
        base = _base(name)
        if is_list(name):
            continue
        try:
            if match := _TEXT_NAME.fullmatch(base):
                found.setdefault(match[1], _Files()).text = name
            elif root_name(data) in ("annotations", "knowtator-project") and (pmid := _pmid_of_annotations(data)):
                found.setdefault(pmid, _Files()).annotations.append(name)
            elif root_name(data) == "article" and (pmid := mapped.get(base) or _pmid_of_jats(data)):
                found.setdefault(pmid, _Files()).jats = name
            else:
                raise RejectedInput(
                    Reason.UNKNOWN_FORMAT, "neither text (<pmid>.txt), JATS nor Knowtator of an article"
                )
        except RejectedInput as error:
            odd[name] = error
    return found, odd


def group_files(files: Mapping[str, bytes]) -> tuple[list[Article], dict[str, RejectedInput]]:
    """Files of a delivery by name as articles; and those that are refused, alone or because their article lacks a
    part."""
    found, odd = _sort(files)
    articles = []
    for pmid, mine in sorted(found.items()):
        names = tuple(n for n in (mine.text, mine.jats, *mine.annotations) if n)
        if mine.text and mine.jats and mine.annotations:
            annotations = tuple(files[n] for n in mine.annotations)
            articles.append(Article(pmid, mine.text, names, files[mine.text], files[mine.jats], annotations))
            continue
        parts = (("text", mine.text), ("JATS file", mine.jats), ("annotations", mine.annotations))
        lacks = ", ".join(what for what, there in parts if not there)
        message = f"article {pmid} has no {lacks} in this delivery: send all its files together"
        odd |= {n: RejectedInput(Reason.BAD_DELIVERY, message) for n in names}
    return articles, odd


# annotations


def _concept(raw: str) -> str:
    """`CL:0000084`, from itself or from its IRI."""
    match = _IRI.fullmatch(raw)
    return f"{match[1]}:{match[2]}" if match else raw


def _place(span: etree._Element) -> tuple[int | None, int]:
    start, end = as_int(span.get("start")), as_int(span.get("end"))
    return start, end - start if start is not None and end is not None else 0


def _mention(tag_id: str, concept: str, spans: Sequence[etree._Element], text: str) -> RawMention:
    raw_ids = (concept,) if concept else ()
    return RawMention(tag_id, concept.partition(":")[0], raw_ids, tuple(_place(s) for s in spans), text)


def _read_knowtator(root: etree._Element) -> Iterator[RawMention]:
    classes = {
        str(m.get("id")): _concept(str(c.get("id", "")))
        for m in root.findall("classMention") if (c := m.find("mentionClass")) is not None
    }  # fmt: skip
    for annotation in root.findall("annotation"):
        mention = annotation.find("mention")
        tag_id = str(mention.get("id", "")) if mention is not None else ""
        text = annotation.findtext("spannedText") or ""
        yield _mention(tag_id, classes.get(tag_id, ""), annotation.findall("span"), text)


def _read_project(root: etree._Element) -> Iterator[RawMention]:
    for annotation in root.iter("annotation"):
        named, spans = annotation.find("class"), annotation.findall("span")
        concept = _concept(str(named.get("id", ""))) if named is not None else ""
        yield _mention(str(annotation.get("id", "")), concept, spans, " ... ".join(s.text or "" for s in spans))


def _read_annotations(data: bytes) -> list[RawMention]:
    root = parse_xml(data)
    return list(_read_project(root) if root.tag == "knowtator-project" else _read_knowtator(root))


# captions


def _solid(text: str) -> tuple[list[int], str]:
    """Offsets of the characters that are not white space, and these characters folded."""
    folded = fold(text)
    at = [i for i, c in enumerate(folded) if c != " "]
    return at, "".join(folded[i] for i in at)


@dataclass(frozen=True)
class _Caption:
    label: str | None
    start: int
    end: int


def _captions(text: str, jats: bytes, tally: Tally) -> list[_Caption]:
    """Where the captions of the article's figures stand in its plain text, white space not counted."""
    at, solid = _solid(text)
    out, after = [], 0
    for n, figure in enumerate(parse_xml(jats).iter("fig"), start=1):
        wanted = _solid(_text(figure.find("caption")))[1]
        label = " ".join(_text(figure.find("label")).split()) or None
        found = solid.find(wanted, after) if wanted else -1
        found = solid.find(wanted) if wanted and found < 0 else found
        if found < 0:
            tally.count("figure", "n_in")
            why = "its caption does not stand in the plain text" if wanted else "it has no caption"
            where = label or f"figure {n}"
            tally.reject(Rejection("figure", Reason.NO_LEGEND, f"{where} was refused: {why}", where))
            continue
        after = found + len(wanted)
        out.append(_Caption(label, at[found], at[after - 1] + 1))
    return out


def _owner(captions: Sequence[_Caption], mention: RawMention) -> _Caption | None:
    """The caption that all pieces of a mention lie in."""
    spans = [(start, start + length) for start, length in mention.places if start is not None]
    inside = (c for c in captions if spans and all(c.start <= a and b <= c.end for a, b in spans))
    return next(inside, None)


def _moved(mention: RawMention, caption: _Caption) -> RawMention:
    places = tuple((None if start is None else start - caption.start, length) for start, length in mention.places)
    return RawMention(mention.tag_id, mention.raw_type, mention.raw_ids, places, mention.text)


def _ids(article: Article) -> DocIds:
    pmcid = normalise_pmcid(_article_id(parse_xml(article.jats), "pmc"))
    return DocIds(pmcid=pmcid, pmid=article.pmid)


def parse_craft(article: Article, labels: str = "") -> ParsedFile:
    """Curated figures of one article: a caption each, as the plain text has it, with the annotations that lie in it.

    Raises RejectedInput where one of its files cannot be read.
    """
    text, tally = decode(article.text), Tally()
    captions = _captions(text, article.jats, tally)
    by_caption: dict[_Caption, list[RawMention]] = {c: [] for c in captions}
    for mention in (m for data in article.annotations for m in _read_annotations(data)):
        if (owner := _owner(captions, mention)) is not None:
            by_caption[owner].append(_moved(mention, owner))
        else:
            tally.count("annotation", "n_in")
            tally.count("annotation", "ignored")
    ids = _ids(article)
    texts = [
        MarkedText(f"{article.pmid} {c.label or n}", text[c.start : c.end], tuple(mine), ids,
                   figure_key(c.label, n), c.label)
        for n, (c, mine) in enumerate(by_caption.items())
    ]  # fmt: skip
    return parse_texts(texts, FORMAT, labels or "craft", tally)
