"""The text of SourceData figures: panels flattened in document order, tags with their places in the raw text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

_BLOCKS = frozenset({"p", "div", "li", "ul", "ol", "br", "tr", "title", "h1", "h2", "h3", "h4"})
_SILENT = frozenset({"graphic", "script", "style"})
_BOLD = frozenset({"b", "strong", "bold"})
PANEL, TAG, PRETAG = "sd-panel", "sd-tag", "sd-pretag"


@dataclass
class RawTag:
    """A tag and its code points in the raw text of its panel; start == end where it holds no text."""

    attributes: dict[str, str]
    start: int
    end: int = 0


@dataclass
class RawPanel:
    """One panel as delivered: raw text with "\\n" between paragraphs, tags in document order.

    `bold_end` is the end of a bold beginning of the text, 0 without one: how SourceData marks panel letters. `coords`
    is the panel's box in the figure's image, empty where none is given.
    """

    panel_id: str
    parts: list[str] = field(default_factory=list)
    length: int = 0
    tags: list[RawTag] = field(default_factory=list)
    pretags: list[RawTag] = field(default_factory=list)
    bold_end: int = 0
    coords: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The raw text so far."""
        return "".join(self.parts)

    def add(self, text: str) -> None:
        """Appends to the text."""
        self.parts.append(text)
        self.length += len(text)


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value).strip() for name, value in element.attrib.items()}


def _coords(element: etree._Element) -> tuple[int, ...]:
    found = re.fullmatch(r"(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9})", element.get("coords", ""))
    return tuple(int(n) for n in found.groups()) if found else ()


class _Walker:
    """Reads one outermost panel. A nested panel ends the text of the panel around it: what follows the inner one
    belongs to the inner one, so that panels are consecutive stretches of the legend."""

    def __init__(self) -> None:
        self.panels: list[RawPanel] = []
        self._open: dict[etree._Element, tuple[RawPanel, RawTag]] = {}
        self._n_silent = 0

    def say(self, text: str | None) -> None:
        if self.panels and not self._n_silent and text:
            self.panels[-1].add(text.replace("\n", " ").replace("\r", " "))

    def _break(self) -> None:
        self.panels[-1].add("\n")

    def start(self, element: etree._Element) -> None:
        if element.tag == PANEL:
            self.panels.append(RawPanel(str(element.get("panel_id", "")).strip(), coords=_coords(element)))
        elif element.tag in (TAG, PRETAG):
            panel = self.panels[-1]
            tag = RawTag(_attributes(element), panel.length, panel.length)
            (panel.tags if element.tag == TAG else panel.pretags).append(tag)
            self._open[element] = (panel, tag)
        elif element.tag in _BLOCKS:
            self._break()
        self._n_silent += element.tag in _SILENT
        self.say(element.text)

    def end(self, element: etree._Element, *, is_root: bool) -> None:
        self._n_silent -= element.tag in _SILENT
        if element.tag in (TAG, PRETAG):
            panel, tag = self._open.pop(element)
            tag.end = panel.length
        elif element.tag in _BOLD and not self.panels[-1].bold_end and len(element) == 0:
            self._mark_bold(element.text or "")
        elif element.tag in _BLOCKS:
            self._break()
        if not is_root:
            self.say(element.tail)

    def _mark_bold(self, text: str) -> None:
        panel = self.panels[-1]
        if text.strip() and panel.text.strip() == text.strip():
            panel.bold_end = panel.length


def read_panels(outermost: etree._Element) -> list[RawPanel]:
    """Panels of an outermost sd-panel element in document order, nested ones flattened."""
    walker = _Walker()
    for event, node in etree.iterwalk(outermost, events=("start", "end", "comment", "pi")):
        if event == "start":
            walker.start(node)
        elif event == "end":
            walker.end(node, is_root=node is outermost)
        else:
            walker.say(node.tail)
    return walker.panels


def iter_outermost_panels(figure: etree._Element) -> Iterator[etree._Element]:
    """sd-panel elements of a figure that lie in no other one."""
    for panel in figure.iter(PANEL):
        if next(panel.iterancestors(PANEL), None) is None:
            yield panel
