"""Figures of one JATS article: one record per `fig` element, so that every count can be explained.

A translated sub-article repeats figures and a reply brings its own: all are kept, with the place `sub-article`.
No legend is shared: nested figures and source-data captions inside a caption belong to themselves, and the caption of
a group goes to the group's first figure only.
"""

from __future__ import annotations

from lxml import etree

from pipelines.core.ids import UniqueKeys, figure_key
from pipelines.core.records import FigureRecord
from pipelines.ingest.jats_licence import stated_licence
from pipelines.ingest.jats_text import block_text, inline_text, local_name

_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OUTER_PLACES = {"sub-article": "sub-article", "response": "sub-article"}
_PLACES = {"floats-group": "floats", "floats-wrap": "floats", "back": "back", "body": "body", "front": "front"}
_PLACE_TAGS = tuple(f"{{*}}{name}" for name in (*_OUTER_PLACES, *_PLACES))
_GRAPHICS = {"graphic", "media"}
_GRAPHIC_HOLDERS = {"alternatives", "p"}


class _Parts:
    """Children of one `fig` or `fig-group` by name, found in one pass: a file may hold a hundred figures."""

    __slots__ = ("captions", "graphics", "labels", "paragraphs", "permissions")

    def __init__(self, element: etree._Element) -> None:
        self.captions: list[etree._Element] = []
        self.graphics: list[str] = []
        self.labels: list[etree._Element] = []
        self.paragraphs: list[etree._Element] = []
        self.permissions: list[etree._Element] = []
        for child in element:
            self._sort(local_name(child), child)

    def _sort(self, name: str, child: etree._Element) -> None:
        if name == "caption":
            self.captions.append(child)
        elif name == "label":
            self.labels.append(child)
        elif name == "permissions":
            self.permissions.append(child)
        elif name in _GRAPHICS:
            self.graphics += _hrefs(child)
            self.permissions += child.iterchildren("{*}permissions")
        elif name in _GRAPHIC_HOLDERS:
            self.graphics += [h for tag in child for h in _hrefs(tag) if local_name(tag) in _GRAPHICS]
            if name == "p":
                self.paragraphs.append(child)

    @property
    def label(self) -> str | None:
        return inline_text(self.labels[0]) if self.labels else None


def read_figures(article: etree._Element, language: str | None) -> tuple[FigureRecord, ...]:
    """All `fig` elements below the article in document order, nested ones and those of sub-articles included."""
    namespace = article.tag[: -len("article")]
    keys: dict[etree._Element, str] = {}
    outer: dict[etree._Element, str | None] = {}
    taken = UniqueKeys()
    records = []
    for position, fig in enumerate(article.iter(f"{namespace}fig")):
        group = _group_of(fig)
        parts = _Parts(fig)
        label = _label_of(parts, group, outer)
        key = taken.add(figure_key(label, position))
        keys[fig] = key
        parent = _parent_of(fig, group)
        captions = _captions_of(fig, parts, group, language)
        records.append(
            FigureRecord(
                key=key,
                position=position,
                label=label,
                jats_id=fig.get("id"),
                parent_key=keys.get(parent) if parent is not None else None,
                legend=_legend_of(captions, parts),
                caption_xml=_raw(captions),
                graphics=tuple(parts.graphics),
                fig_type=_type_of(fig),
                place=_place_of(fig),
                licence=_licence_of(parts),
            )
        )
    return tuple(records)


def _hrefs(graphic: etree._Element) -> list[str]:
    href = graphic.get(_XLINK_HREF)
    return [href] if href else []


def _captions_of(
    fig: etree._Element, parts: _Parts, group: etree._Element | None, language: str | None
) -> list[etree._Element]:
    captions = _chosen(parts.captions, language)
    if group is not None and _first_of(group) is fig:
        return [*_chosen(list(group.iterchildren("{*}caption")), language), *captions]
    return captions


def _chosen(captions: list[etree._Element], language: str | None) -> list[etree._Element]:
    """The caption in the article's language; of those the ones for no special use, where there are any."""
    if len(captions) < 2:
        return captions
    for attribute, wanted in ((_XML_LANG, {"", language or ""}), ("specific-use", {""})):
        fitting = [c for c in captions if (c.get(attribute) or "").lower() in wanted]
        captions = fitting or captions
    return captions if all(c.get(_XML_LANG) is None for c in captions) else captions[:1]


def _legend_of(captions: list[etree._Element], parts: _Parts) -> str | None:
    """Title and paragraphs; text directly in a caption; paragraphs of a figure that has no caption element."""
    if not captions:
        return block_text(parts.paragraphs) if parts.paragraphs else None
    return block_text(part for caption in captions for part in caption) or block_text(captions)


def _raw(captions: list[etree._Element]) -> str | None:
    return "".join(etree.tostring(c, encoding="unicode", with_tail=False) for c in captions) or None


def _group_of(fig: etree._Element) -> etree._Element | None:
    parent = fig.getparent()
    return parent if parent is not None and local_name(parent) == "fig-group" else None


def _first_of(group: etree._Element) -> etree._Element | None:
    return next(group.iterchildren("{*}fig"), None)


def _label_of(parts: _Parts, group: etree._Element | None, known: dict[etree._Element, str | None]) -> str | None:
    """The figure's label; below a labelled group both, as in "Figure 2 (a)". `known`: labels of groups met before,
    because to look for one again costs as much as the group has children."""
    own = parts.label
    if group is None:
        return own
    if group not in known:
        known[group] = inline_text(next(group.iterchildren("{*}label"), None))
    outer = known[group]
    if outer and own and not own.lower().startswith(outer.lower()):
        return f"{outer} {own}"
    return own or outer


def _parent_of(fig: etree._Element, group: etree._Element | None) -> etree._Element | None:
    """The figure around it, or the main figure of its group for a child figure (eLife's figure supplements)."""
    if group is not None and fig.get("specific-use") == "child-fig":
        first = _first_of(group)
        return first if first is not fig else None
    return next(fig.iterancestors("{*}fig"), None)


def _type_of(fig: etree._Element) -> str | None:
    use = fig.get("specific-use")
    return use if use == "child-fig" else fig.get("fig-type") or use


def _place_of(fig: etree._Element) -> str:
    """Outermost first: what lies in a sub-article is the sub-article's, whichever part of it."""
    place = "body"
    for element in fig.iterancestors(*_PLACE_TAGS):
        name = local_name(element)
        if name in _OUTER_PLACES:
            return _OUTER_PLACES[name]
        place = _PLACES[name]
    return place


def _licence_of(parts: _Parts) -> str | None:
    """Class that the figure states for itself. A copyright line of its own without a licence is `unknown`: what is
    printed by permission of others is not covered by the article's licence."""
    return stated_licence(parts.permissions[0]).name if parts.permissions else None
