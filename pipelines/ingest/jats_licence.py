"""Where JATS states a licence: `permissions` of the article or of one figure."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from pipelines.ingest.jats_text import local_name, plain_text
from pipelines.ingest.licences import Licence, classify, strictest

_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_XLINK_TITLE = "{http://www.w3.org/1999/xlink}title"


def stated_licence(permissions: etree._Element) -> Licence:
    """Strictest of the `license` elements; where there is none, what the copyright statement says."""
    licences = [child for child in permissions if local_name(child) == "license"]
    if licences:
        return strictest(classify(_iter_urls(element), _text(element)) for element in licences)
    loose = [child for child in permissions if local_name(child) in {"license_ref", "copyright-statement"}]
    return strictest(classify(_iter_urls(element), _text(element)) for element in loose)


def _text(element: etree._Element) -> str:
    """Words of the statement; the attributes carry codes such as license-type="CC BY"."""
    attributes = (element.get("license-type"), element.get(_XLINK_TITLE))
    return " ".join([*(a for a in attributes if a), plain_text(element)])


def _iter_urls(element: etree._Element) -> Iterator[str]:
    for node in element.iter():
        if isinstance(node.tag, str):
            if href := node.get(_XLINK_HREF):
                yield href
            if local_name(node) == "license_ref" and node.text:
                yield node.text.strip()
