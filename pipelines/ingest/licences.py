"""Licence classes from what a document says of itself (architecture, section 5; domain.md 6.1).

Classes: open (CC0, public domain, CC BY, BY-SA, BY-ND: PMC's commercial group), noncommercial (CC BY-NC*),
tdm_only (mining allowed, redistribution not), barred (mining forbidden), unknown. Of several statements the
strictest holds, and what cannot be read is unknown: only open leaves by an export.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MAX_EVIDENCE = 300
#: Stricter classes first: of several statements about one text the first of these holds. A statement that says
#: nothing about a licence (unknown) yields to one that does.
STRICTNESS = ("barred", "tdm_only", "noncommercial", "open", "unknown")

_CC_URL = re.compile(r"(?i)creativecommons\.org/(?:licen[sc]es/(by(?:-[a-z]+)*|[a-z-]+)|publicdomain/(\w+))")
_CC_WORD = re.compile(r"(?i)(?:https?://(?:www\.)?)?creativecommons\.org/\S+")
_CODE = re.compile(r"(?i)^\s*(?:cc[\s_-]*)?(0|by(?:[\s_-]*(?:nc|nd|sa))*)(?:[\s_-]*\d(?:\.\d)?)?\s*$")
_MINING = r"(?:text|data)[ -]+(?:and[ -]+data[ -]+)?mining"
_NOT_COMMERCIAL = r"(?<!commercial and )(?<!commercial or )non-?\s?commercial"
#: Class, lower-case words of which one must occur (for speed alone), and the phrase. The first that fits holds.
_PHRASES = (
    ("barred", ("mining",), _MINING + r"[^.]{0,60}(?:prohibited|not (?:be )?(?:permitted|allowed)|reserved)"),
    ("noncommercial", ("commercial", "nc"), _NOT_COMMERCIAL + r"|\bCC[ -]?BY[ -]NC\b"),
    ("tdm_only", ("tdm", "mining", "use"), r"\bTDM\b|no re-?use allowed|unrestricted research re-?use|" + _MINING),
    ("open", ("creative",), r"creative commons (?:\(?CC BY\)?|attribution|zero)"),
    ("open", ("cc", "public"), r"\bCC[ -]?BY(?:[ -](?:SA|ND))?\b|\bCC0\b|public domain"),
    ("open", ("verbatim",), r"verbatim copying and redistribution of this article are permitted in all media"),
    ("open", ("unrestricted",), r"permits? unrestricted use, distribution,? and reproduction in any medium"),
)
_COMPILED = tuple((name, words, re.compile(pattern, re.I)) for name, words, pattern in _PHRASES)
_CODE_CLASSES = {"": "unknown", "tdm": "tdm_only", "none": "unknown", "author_manuscript": "tdm_only"}


@dataclass(frozen=True)
class Licence:
    """A class and the URL or words that it was read from (None where nothing was said)."""

    name: str
    evidence: str | None = None


def class_of_code(code: str | None) -> str:
    """Class of a short code such as `CC BY-NC 4.0`, `cc0`, `TDM` (PMC metadata, Europe PMC, bioRxiv)."""
    text = (code or "").strip().lower()
    match = _CODE.match(text)
    if match:
        return "noncommercial" if "nc" in match.group(1) else "open"
    return _CODE_CLASSES.get(text, "unknown")


def class_of_url(url: str) -> str | None:
    """Class of a Creative Commons URL; None for any other URL."""
    match = _CC_URL.search(url)
    if not match:
        return None
    licence, public_domain = match.group(1), match.group(2)
    if public_domain:
        return "open"
    parts = licence.lower().split("-")
    if parts[0] != "by" and licence.lower() not in {"publicdomain", "zero"}:
        return "noncommercial" if "nc" in parts else "unknown"
    return "noncommercial" if "nc" in parts else "open"


def classify(urls: Iterable[str], text: str) -> Licence:
    """Class of one licence statement from its URLs (attributes and links) and its words; words that forbid more
    than a URL allows win, so that a mis-copied link never opens a closed text."""
    said = [Licence(name, url) for url in urls if (name := class_of_url(url))]
    words = " ".join(text.split())
    said += [Licence(name, url) for url in _CC_WORD.findall(words) if (name := class_of_url(url))]
    said += _classes_of_words(words, has_url=bool(said))
    if not said:
        return Licence("unknown", words[:_MAX_EVIDENCE] or None)
    return strictest(said)


def _classes_of_words(words: str, *, has_url: bool) -> list[Licence]:
    """A URL needs no words that open; that mining is allowed besides takes nothing back."""
    lower = words.lower()
    for name, keys, pattern in _COMPILED:
        if has_url and name in {"open", "tdm_only"}:
            continue
        if any(key in lower for key in keys) and (match := pattern.search(words)):
            return [Licence(name, _around(words, match))]
    return []


def _around(words: str, match: re.Match[str]) -> str:
    start = max(0, match.start() - 80)
    return words[start : start + _MAX_EVIDENCE]


def strictest(licences: Iterable[Licence]) -> Licence:
    """The one that allows least; the first of equals; unknown where there is none."""
    return min(licences, key=lambda licence: STRICTNESS.index(licence.name), default=Licence("unknown"))
