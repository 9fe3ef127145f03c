"""Text normalisation of legends, and words as the corpus counts them."""

from __future__ import annotations

import re
import unicodedata

_SPACES = re.compile(r"[^\S\n]+")
_DASHES = frozenset(map(ord, "‐‑‒–—―−﹘﹣－"))


class _Folding(dict[int, str]):
    """What each character is folded to, worked out when it is first met: legends are long, and folded every night."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        lower = char.lower()
        self[code] = folded = "-" if code in _DASHES else " " if char.isspace() else lower if len(lower) == 1 else char
        return folded


_FOLDING = _Folding()


def normalise_legend(text: str) -> str:
    """NFC, white space runs folded to one space, one line break between paragraphs, no dash folding.

    Line breaks in the input separate paragraphs (title, p): a caller folds breaks inside a paragraph before.
    """
    text = unicodedata.normalize("NFC", text)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def fold(text: str) -> str:
    """For comparison only, same length as the input: dashes to '-', any white space to ' ', lower case where that
    keeps the length."""
    return text.translate(_FOLDING)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Words with their code-point spans: alphanumeric runs (`str.isalnum`), every other character that is not white
    space its own word (domain.md 1.2, with the last word kept). Underscore is a character of its own."""
    spans: list[tuple[int, int]] = []
    start = -1
    for i, c in enumerate(text):
        if c.isalnum():
            if start < 0:
                start = i
            continue
        if start >= 0:
            spans.append((start, i))
            start = -1
        if not c.isspace():
            spans.append((i, i + 1))
    if start >= 0:
        spans.append((start, len(text)))
    return spans


def first_words(text: str | None, n: int = 12) -> str:
    """The beginning of a text, for messages."""
    words = (text or "").split()
    return " ".join(words[:n]) + (" …" if len(words) > n else "")
