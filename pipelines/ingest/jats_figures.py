"""Figures of one JATS article: one record per `fig` element, so that every count can be explained.

A translated sub-article repeats figures and a reply brings its own: all are kept, with the place `sub-article`.
No legend is shared: nested figures and source-data captions inside a caption belong to themselves, and the caption of
a group goes to the group's first figure only.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from pipelines.core.ids import figure_key, unique_key
from pipelines.core.records import FigureRecord
from pipelines.ingest.jats_licence import stated_licence
from pipelines.ingest.jats_text import block_text, inline_text, local_name

_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OUTER_PLACES = {"sub-article": "sub-article", "response": "sub-article"}
_PLACES = {"floats-group": "floats", "floats-wrap": "floats", "back": "back", "body": "body", "front": "front"}
_PLACE_TAGS = tuple(f"{{*}}{name}" for name in (*_OUTER_PLACES, *_PLACES))
_GRAPHIC_HOLDERS = {"alternatives", "p"}


def read_figures(article: etree._Element, language: str | None) -> tuple[FigureRecord, ...]:
    """All `fig` elements below the article in document order, nested ones and those of sub-articles included."""
    namespace = article.tag[: -len("article")]
    keys: dict[etree._Element, str] = {}
    taken: set[str] = set()
    records = []
    for position, fig in enumerate(article.iter(f"{namespace}fig")):
        group = _group_of(fig)
        label = _label_of(fig, group)
        key = unique_key(figure_key(label, position), taken)
        taken.add(key)
        keys[fig] = key
        records.append(_read_figure(fig, group, key=key, label=label, position=position, language=language, keys=keys))
    return tuple(records)


def _read_figure(
    fig: etree._Element, group: etree._Element | None, *, key: str, label: str | None, position: int,
    language: str | None, keys: dict[etree._Element, str],
) -> FigureRecord:  # fmt: skip
    captions = _captions_of(fig, language)
    if group is not None and _first_of(group) is fig:
        captions = [*_captions_of(group, language), *captions]
    legend = block_text(part for caption in captions for part in caption) or _loose_text(fig, captions)
    parent = _parent_of(fig, group)
    return FigureRecord(
        key=key, position=position, label=label, jats_id=fig.get("id"),
        parent_key=keys.get(parent) if parent is not None else None,
        legend=legend, caption_xml=_raw(captions), graphics=tuple(_iter_graphics(fig)),
        fig_type=_type_of(fig), place=_place_of(fig), licence=_licence_of(fig),
    )  # fmt: skip


def _children(element: etree._Element, name: str) -> list[etree._Element]:
    return list(element.iterchildren(f"{{*}}{name}"))


def _captions_of(element: etree._Element, language: str | None) -> list[etree._Element]:
    """The caption in the article's language; of those the ones for no special use, where there are any."""
    captions = _children(element, "caption")
    if len(captions) < 2:
        return captions
    for attribute, wanted in ((_XML_LANG, (None, language)), ("specific-use", (None,))):
        fitting = [c for c in captions if (c.get(attribute) or "").lower() in {w or "" for w in wanted}]
        captions = fitting or captions
    return captions if all(c.get(_XML_LANG) is None for c in captions) else captions[:1]


def _loose_text(fig: etree._Element, captions: list[etree._Element]) -> str | None:
    """Text directly in a caption, or paragraphs of a figure that has no caption element."""
    return block_text(captions) if captions else block_text(_children(fig, "p"))


def _raw(captions: list[etree._Element]) -> str | None:
    return "".join(etree.tostring(c, encoding="unicode", with_tail=False) for c in captions) or None


def _group_of(fig: etree._Element) -> etree._Element | None:
    parent = fig.getparent()
    return parent if parent is not None and local_name(parent) == "fig-group" else None


def _first_of(group: etree._Element) -> etree._Element | None:
    return next(group.iterchildren("{*}fig"), None)


def _label_of(fig: etree._Element, group: etree._Element | None) -> str | None:
    """The figure's label; below a labelled group both, as in "Figure 2 (a)"."""
    own = next((inline_text(label) for label in _children(fig, "label")), None)
    outer = next((inline_text(label) for label in _children(group, "label")), None) if group is not None else None
    if outer and own and not own.lower().startswith(outer.lower()):
        return f"{outer} {own}"
    return own or outer


def _parent_of(fig: etree._Element, group: etree._Element | None) -> etree._Element | None:
    """The figure around it, or the main figure of its group for a child figure (eLife's figure supplements)."""
    if group is not None and fig.get("specific-use") == "child-fig":
        first = _first_of(group)
        return first if first is not fig else None
    return next(fig.iterancestors("{*}fig"), None)


def _iter_graphics(fig: etree._Element) -> Iterator[str]:
    for child in fig:
        name = local_name(child)
        if name in {"graphic", "media"}:
            if href := child.get(_XLINK_HREF):
                yield href
        elif name in _GRAPHIC_HOLDERS:
            yield from _iter_graphics(child)


def _type_of(fig: etree._Element) -> str | None:
    use = fig.get("specific-use")
    return use if use == "child-fig" else fig.get("fig-type") or use


def _place_of(fig: etree._Element) -> str:
    """Outermost first: what lies in a sub-article is the sub-article's, whichever part of it."""
    place = None
    for element in fig.iterancestors(*_PLACE_TAGS):
        name = local_name(element)
        if name in _OUTER_PLACES:
            return _OUTER_PLACES[name]
        place = _PLACES.get(name) or place
    return place or "body"


def _licence_of(fig: etree._Element) -> str | None:
    """Class that the figure states for itself. A copyright line of its own without a licence is `unknown`: what is
    printed by permission of others is not covered by the article's licence."""
    holders = [fig, *_children(fig, "graphic")]
    permissions = [p for holder in holders for p in _children(holder, "permissions")]
    return stated_licence(permissions[0]).name if permissions else None
