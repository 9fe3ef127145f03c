"""Payloads of the SourceData API (domain.md 4.2): a figure as `panel/{id}` gives it, a paper of the list.

In a payload the captions hold tags that carry only an id, and the list of tags says what each is. The two are joined
here into the XML that SourceData exports, so that one reader (ingest/sourcedata.py) knows what a tag means. Sources:
the recorded responses of source-data/soda-data, tests/test_responses.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import lxml.html
from lxml import etree

from pipelines.core.ids import UniqueKeys, figure_key, normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.records import DocIds, ParsedFile, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.sourcedata import read_article
from pipelines.ingest.sourcedata_text import PANEL, TAG
from pipelines.ingest.xml_safety import MAX_BYTES

#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "sourcedata-api"
#: Names of a tag's facts: in the payload → in the XML.
_FACTS = {"type": "entity_type", "role": "role", "text": "text", "category": "category", "in_caption": "in_caption"}
_LISTS = {
    "external_ids": "ext_ids", "external_databases": "ext_dbs", "external_names": "ext_names",
    "external_tax_ids": "ext_tax_ids", "external_tax_names": "ext_tax_names",
}  # fmt: skip
_CORNERS = ("topleft_x", "topleft_y", "bottomright_x", "bottomright_y")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Payload = Mapping[str, Any]


def is_payload(data: bytes) -> bool:
    """True where the bytes may be a payload of this API: a JSON object that names a figure's panels or a paper."""
    head = data[:65536].lstrip()
    return head.startswith(b"{") and (b'"current_panel_id"' in head or b'"nbTags"' in head or head in (b"{}", b"{}\n"))


def load_payload(data: bytes) -> Payload:
    """The JSON object; RejectedInput where the bytes are none, or an empty one: that is how this API shows an error."""
    if len(data) > MAX_BYTES:
        raise RejectedInput(Reason.TOO_LARGE, f"{len(data)} bytes are no answer of the SourceData API")
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RejectedInput(Reason.NOT_WELL_FORMED, f"the answer of the SourceData API is no JSON: {error}") from error
    if not isinstance(payload, dict) or not payload:
        raise RejectedInput(Reason.INCOMPLETE_DELIVERY, "the SourceData API answered with an empty object")
    return payload


def _text(value: object) -> str:
    """A value as text that XML can hold; null, and the string that careless clients make of it, are empty."""
    text = "" if value is None else str(value)
    return "" if text == "None" else _NOT_XML.sub("", text)


def _items(value: object) -> list[Payload]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _joined(value: object) -> str:
    return "///".join(_text(v) for v in value) if isinstance(value, list) else _text(value)


def tag_attributes(tag: Payload) -> dict[str, str]:
    """The attributes that the XML export gives a tag of the payload's list."""
    facts = {name: _text(tag.get(key)) for key, name in _FACTS.items()}
    lists = {name: _joined(tag[key]) for key, name in _LISTS.items() if tag.get(key)}
    return {"id": f"sdTag{_text(tag.get('id'))}", "source": "sdapi", **facts, **lists}


def _fragment(caption: str) -> etree._Element:
    """A panel's caption under one <sd-panel>. It may have several roots, and a bare `<` (`p<0.001`) where it is read
    as HTML."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        return etree.fromstring(f"<{PANEL}>{caption}</{PANEL}>".encode(), parser)
    except etree.XMLSyntaxError:
        panel = etree.Element(PANEL)
        for part in lxml.html.fragments_fromstring(caption) if caption.strip() else []:
            if isinstance(part, str):
                panel.text = (panel.text or "") + part
            else:
                panel.append(part)
        return panel


def _coords(value: object) -> str:
    corners = [value.get(name) for name in _CORNERS] if isinstance(value, dict) else []
    return ",".join(str(int(c)) for c in corners if isinstance(c, int | float) and c >= 0)


def _make_panel(panel: Payload, facts: Mapping[str, Mapping[str, str]]) -> etree._Element:
    """<sd-panel> with what each of its tags is; tags of the panel that its caption does not hold come at its end."""
    element = _fragment(_NOT_XML.sub("", _text(panel.get("caption"))))
    element.set("panel_id", _text(panel.get("panel_id")))
    element.set("coords", _coords(panel.get("coords")))
    placed = set()
    for tag in element.iter(TAG):
        tag_id = str(tag.get("id", ""))
        placed.add(tag_id)
        for name, value in facts.get(tag_id, {}).items():
            tag.set(name, value)
    for attributes in map(tag_attributes, _items(panel.get("tags"))):
        if attributes["id"] not in placed:
            etree.SubElement(element, TAG, attributes)
    return element


def _stated(paper: Payload) -> dict[str, str]:
    """`last_modification_date` as date and version (the time of day as a number: changes of a day have an order)."""
    text = _text(paper.get("last_modification_date"))
    if not text:
        return {}
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise RejectedInput(Reason.BAD_DATE, f"last_modification_date {text!r} is no date") from None
    return {"date": moment.date().isoformat(), "version": moment.strftime("%H%M%S")}


def _local_id(number: object) -> str:
    text = _text(number).strip()
    return f"SD{text}" if text.isascii() and text.isdigit() else text


def parse_figure(data: bytes) -> ParsedFile:
    """The curated figure of a `panel/{id}` payload, which holds the whole figure. RejectedInput where it has none."""
    payload = load_payload(data)
    paper, figure = payload.get("paper"), payload.get("figure")
    if not isinstance(paper, dict) or not isinstance(figure, dict):
        raise RejectedInput(Reason.INCOMPLETE_DELIVERY, "the payload lacks its paper or its figure")
    panels = _items(figure.get("panels"))
    facts = {a["id"]: a for panel in panels for a in map(tag_attributes, _items(panel.get("tags")))}
    root = etree.Element("article", {"doi": _text(paper.get("doi")), "id": _local_id(paper.get("paper_id")),
                                     **_stated(paper)})  # fmt: skip
    element = etree.SubElement(root, "fig", {"id": _text(figure.get("figure_id"))})
    etree.SubElement(element, "label").text = _text(figure.get("label"))
    if href := _text(figure.get("href")):
        etree.SubElement(element, "graphic", {"href": href})
    for panel in panels:
        element.append(_make_panel(panel, facts))
    parsed = read_article(root, FORMAT)
    key, position = _place(paper, panels)
    return replace(parsed, curated=tuple(replace(f, key=key or f.key, position=position) for f in parsed.curated))


def _place(paper: Payload, panels: list[Payload]) -> tuple[str, int]:
    """(key, position) of a figure among those of its paper, which the payload lists by label and first panel: labels
    may be empty or stand twice. ("", 0) where it is not listed."""
    keys, mine = UniqueKeys(), {_text(p.get("panel_id")) for p in panels}
    for position, listed in enumerate(_items(paper.get("figures"))):
        key = keys.add(figure_key(_text(listed.get("label")) or None, position))
        if _text(listed.get("panel_id")) in mine:
            return key, position
    return "", 0


def paper_ids(paper: Payload) -> DocIds:
    """Ids of a paper of the list: its `pmid` may hold a PMC id, its DOI may be the word `empty`."""
    either = _text(paper.get("pmid"))
    return DocIds(
        doi=normalise_doi(_text(paper.get("doi"))),
        pmcid=normalise_pmcid(_text(paper.get("pmcid")) or (either if either.upper().startswith("PMC") else None)),
        pmid=normalise_pmid(either) if either.isdigit() else None,
        local_id=_text(paper.get("id")) or None,
    )


def parse_paper(data: bytes) -> ParsedFile:
    """What an entry of a collection's list says of its paper: ids that belong to one document."""
    return ParsedFile(FORMAT, aliases=(paper_ids(load_payload(data)),), counts={})


def parse_payload(data: bytes) -> ParsedFile:
    """Either kind of payload, by its keys."""
    payload = load_payload(data)
    return parse_paper(data) if "nbTags" in payload else parse_figure(data)
