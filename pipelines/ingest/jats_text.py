"""Text of a JATS element as a reader sees it (architecture, section 5 "Identity").

One pass over the tree writes text and a few control characters, which XML 1.0 forbids in input: marks for a block
border, a bibliographic citation and the borders of a superscript. Regular expressions then take citations out with
what only surrounds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from unicodedata import normalize

from lxml import etree

from pipelines.ingest.jats_math import math_text, tex_text

_CITE, _SUP, _END_SUP, _BLOCK = "\x01", "\x02", "\x03", "\x04"

_SEPARATORS = r"\s,;&\-‐‑‒–—−"
_ONLY_CITATIONS = re.compile(rf"{_SUP}[{_SEPARATORS}()\[\]]*{_CITE}[{_SEPARATORS}()\[\]{_CITE}]*{_END_SUP}")
_BRACKETS = re.compile(rf"[(\[](?:[{_SEPARATORS}{_CITE}]|\band\b)*[)\]]")
_RUN = re.compile(rf"{_CITE}[{_SEPARATORS}]*(?={_CITE})")
_CITATION = re.compile(rf"(\s*)([,;]?)(\s*){_CITE}(\s*)([,;]?)(\s*)")

_Out = list[str]
_Emit = Callable[[etree._Element, _Out], None]


def block_text(elements: Iterable[etree._Element]) -> str | None:
    """Normalised text of these elements in order, one line break between blocks; None where there is none."""
    out: _Out = []
    for element in elements:
        out.append(_BLOCK)
        if _is_plain(element):
            out.append(etree.tostring(element, method="text", encoding="unicode", with_tail=False))
        else:
            _emit(element, out)
    return _finish("".join(out))


def inline_text(element: etree._Element | None) -> str | None:
    """The same on one line, for titles and labels."""
    if element is None:
        return None
    if not len(element):
        return normalize("NFC", " ".join((element.text or "").split())) or None
    out: _Out = []
    _emit_children(element, out)
    text = _finish("".join(out).replace(_BLOCK, " "))
    return text.replace("\n", " ") if text else None


def _is_plain(element: etree._Element) -> bool:
    """A paragraph in which nothing is left out, marked or broken: then libxml2 may write its text, which is fast.

    Most captions are such; the way over the tree gives the same text.
    """
    tags = {child.tag for child in element.iter()}
    if not tags <= _PLAIN_TAGS or element.tag not in _PLAIN_ROOTS:
        return False
    return "xref" not in tags or all(xref.get("ref-type") != "bibr" for xref in element.iterdescendants("xref"))


def local_name(element: etree._Element) -> str:
    """Tag without namespace; the empty string for comments and processing instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def plain_text(element: etree._Element) -> str:
    """Characters of the element and all below it, comments left out, trimmed: for ids and licence words."""
    text = str(element.xpath("string()")) if len(element) else element.text or ""
    return text.strip()


def _finish(marked: str) -> str | None:
    """The same as `core.text.normalise_legend` of the blocks, in the one pass that speed allows here."""
    folded = " ".join(marked.split())
    if _CITE in folded:
        blocks = [_without_citations(block) if _CITE in block else block for block in folded.split(_BLOCK)]
    else:
        blocks = folded.split(_BLOCK)
    text = "\n".join(block for raw in blocks if (block := raw.strip()))
    if _SUP in text:
        text = "\n".join(" ".join(line.replace(_SUP, "").replace(_END_SUP, "").split()) for line in text.split("\n"))
    return normalize("NFC", text) or None


def _without_citations(block: str) -> str:
    """Citations out, with the superscript, brackets, commas and dashes that only they gave a reason to be."""
    block = _ONLY_CITATIONS.sub(_CITE, block)
    while (shorter := _BRACKETS.sub(_collapse, block)) != block:
        block = shorter
    return _CITATION.sub(_closed_gap, _RUN.sub("", block))


def _collapse(match: re.Match[str]) -> str:
    return _CITE if _CITE in match.group(0) else match.group(0)


def _closed_gap(match: re.Match[str]) -> str:
    """What stays of the white space and separators on both sides of a citation."""
    text = match.string
    before = text[match.start() - 1] if match.start() else ""
    after = text[match.end()] if match.end() < len(text) else ""
    left, right = match.group(2), match.group(5)
    if before in ("", "(", "[", _SUP):
        return ""
    if right:
        return f"{right}{match.group(6)}"
    if after == "" or after in f".:)]?!{_END_SUP}":
        return ""
    spaces = "".join(match.group(1, 3, 4))
    return left + (" " if spaces else "")


def _emit(element: etree._Element, out: _Out) -> None:
    tag = element.tag
    emit = _EMITTERS.get(tag)
    if emit is None and isinstance(tag, str):
        emit = _EMITTERS.get(tag.rpartition("}")[2], _emit_children)
    if emit is not None:
        emit(element, out)


def _emit_children(element: etree._Element, out: _Out) -> None:
    if text := element.text:
        out.append(text)
    for child in element:
        _emit(child, out)
        if tail := child.tail:
            out.append(tail)


def _skip(element: etree._Element, out: _Out) -> None:
    """Other works' captions, files, machine-readable twins: not text of this caption."""


def _block(element: etree._Element, out: _Out) -> None:
    out.append(_BLOCK)
    _emit_children(element, out)
    out.append(_BLOCK)


def _spaced(element: etree._Element, out: _Out) -> None:
    out.append(" ")
    _emit_children(element, out)
    out.append(" ")


def _superscript(element: etree._Element, out: _Out) -> None:
    out.append(_SUP)
    _emit_children(element, out)
    out.append(_END_SUP)


def _cross_reference(element: etree._Element, out: _Out) -> None:
    if element.get("ref-type") == "bibr":
        out.append(_CITE)
    else:
        _emit_children(element, out)


def _list(element: etree._Element, out: _Out) -> None:
    """Items are blocks; where the list type makes a renderer print letters or numbers, they are printed here."""
    number = _NUMBERINGS.get((element.get("list-type") or "").lower())
    position = 0
    for child in element:
        if local_name(child) != "list-item":
            _emit(child, out)
            continue
        position += 1
        out.append(_BLOCK)
        if number and child.find("{*}label") is None:
            out.append(f"{number(position)}. ")
        _emit_item(child, out)
        out.append(_BLOCK)


def _emit_item(item: etree._Element, out: _Out) -> None:
    """A label stands on the line of the paragraph that it labels."""
    joins = True
    out.append(item.text or "")
    for child in item:
        name = local_name(child)
        if name in {"label", "term", "title"}:
            _spaced(child, out)
        elif joins and name in {"p", "def"}:
            (_emit_children if name == "p" else _emit_item)(child, out)
            joins = False
        else:
            _emit(child, out)
        out.append(child.tail or "")


def _list_item(element: etree._Element, out: _Out) -> None:
    out.append(_BLOCK)
    _emit_item(element, out)
    out.append(_BLOCK)


def _alternatives(element: etree._Element, out: _Out) -> None:
    """One of several forms of the same thing: MathML before TeX before whatever has text."""
    children = {local_name(child): child for child in reversed(element)}
    for name in ("math", "tex-math", "textual-form"):
        if name in children:
            _emit(children[name], out)
            return
    for child in element:
        mark = len(out)
        _emit(child, out)
        if "".join(out[mark:]).strip():
            return


def _math(element: etree._Element, out: _Out) -> None:
    out.append(math_text(element))


def _tex(element: etree._Element, out: _Out) -> None:
    out.append(tex_text(plain_text(element)))


def _formula(element: etree._Element, out: _Out) -> None:
    """Some publishers put TeX and MathML side by side without `alternatives`."""
    names = {local_name(child) for child in element}
    (_alternatives if {"math", "tex-math"} <= names else _emit_children)(element, out)


def _letter(position: int) -> str:
    letters = ""
    while position > 0:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _roman(position: int) -> str:
    out = ""
    for value, sign in (
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ):
        while position >= value:
            out, position = out + sign, position - value
    return out


_NUMBERINGS: dict[str, Callable[[int], str]] = {
    "order": str,
    "alpha-lower": _letter,
    "alpha-upper": lambda n: _letter(n).upper(),
    "roman-lower": _roman,
    "roman-upper": lambda n: _roman(n).upper(),
}

_SKIPPED = (
    "supplementary-material", "media", "fig", "fig-group", "graphic", "inline-graphic", "object-id", "alt-text",
    "long-desc", "index-term", "index-term-range-end", "permissions", "processing-meta", "annotation", "private-char",
)  # fmt: skip
_BLOCKS = (
    "p", "title", "subtitle", "sec", "disp-quote", "boxed-text", "def-list", "verse-line", "statement", "speech",
    "attrib", "tr", "table-wrap", "caption", "fn", "preformat", "disp-formula-group",
)  # fmt: skip
_EMITTERS: dict[str, _Emit] = {
    **dict.fromkeys(_SKIPPED, _skip),
    **dict.fromkeys(_BLOCKS, _block),
    **dict.fromkeys(("break", "td", "th", "disp-formula", "label"), _spaced),
    "sup": _superscript,
    "xref": _cross_reference,
    "list": _list,
    "list-item": _list_item,
    "def-item": _list_item,
    "alternatives": _alternatives,
    "math": _math,
    "tex-math": _tex,
    "inline-formula": _formula,
}

#: Tags without meaning for the text (a superscript has one only around a citation), without a namespace: the few
#: namespaced files take the way over the tree, as do comments and formulas.
_PLAIN_ROOTS = {"p", "title"}
_PLAIN_TAGS = {
    "bold", "italic", "sub", "sup", "xref", "ext-link", "styled-content", "named-content", "underline", "sc",
    "monospace", "uri", "email", "overline", "strike", "roman", "sans-serif", "abbrev", "p", "title",
}  # fmt: skip
