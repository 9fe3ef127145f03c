"""Panels of a legend by its letters alone: the plain baseline of panelization, and the marker grammar of the gold.

A marker is a panel letter, or a group of them, as legends print it: `(A)`, `A)`, `A.`, `a,` or a bare `A Western …`;
a group is `(A, B)`, `(A-C)`, `A and B`. A marker counts only where a sentence begins. A legend prints its markers in
one style and in ascending order: of all markers the rule takes the best ascending chain (domain.md 2.5), in which a
change of style, a letter left out or a late beginning costs. The costs were set by hand, looking at Bio-ID figures of
all splits: its scores there flatter the rule a little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

#: Raised by hand whenever the rule can give another result: part of the fingerprint of predictions by rule.
RULE_VERSION = 1

_LETTER = r"[A-Za-z](?![^\W_])"
_DASH = r"[-‐‑–—−]"
_SEPARATOR = rf"(?:\s*[,;/&+]\s*(?:and\s+|&\s*)?|\s*{_DASH}\s*|\s+(?:and|to|&)\s+)"
_GROUP = rf"(?<![^\W_])(?P<g>{_LETTER}(?:{_SEPARATOR}{_LETTER})*)"
_SIDE = r"(?:,?\s*(?:left|right|top|bottom|upper|lower|middle)\b[^()]{0,24})?"
#: Styles from the surest to the least sure; each alone ends its match with the marker's last character.
_STYLES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("paren", re.compile(rf"\(\s*{_GROUP}{_SIDE}\s*\)")),
    ("rparen", re.compile(rf"{_GROUP}\)")),
    ("dot", re.compile(rf"{_GROUP}\s?[.:](?=\s)")),
    ("comma", re.compile(rf"{_GROUP},(?=\s)")),
    ("bare", re.compile(rf"{_GROUP}(?=\s+(?:[A-Z0-9Α-Ωα-ω(\[“\"']|[a-z]{{1,4}}-?[A-Z0-9]))")),
)
_RANK = {style: rank for rank, (style, _) in enumerate(_STYLES)}
_BORDER = re.compile(r"(?:^|[.:!?…][\"'”’)\]*]*\s+|[.!?](?=[(\[])|\n\s*|;\s*(?=\(?[A-Za-z]\)))(?=[(A-Za-z])")
_PART = re.compile(rf"(?<![A-Za-z])([A-Za-z])(?![A-Za-z])|({_DASH}|\bto\b)")

#: `(B) The …` within a sentence that lacks its full stop: the word before must be none that a reference follows.
_UNSTOPPED = re.compile(r"(?<=\s)(?=\(?[A-Za-z](?:[,–-]\s?[A-Za-z])?\)\s+[A-Z0-9][A-Za-z0-9])")
_REFERRING = re.compile(
    r"(?:\b(?:in|of|from|and|or|to|for|with|by|at|on|than|as|see|panels?|figs?|figure|the|versus|vs)|[,(])\.?\s+$",
    re.IGNORECASE,
)

_WEIGHT = {"paren": 1.0, "rparen": 1.0, "dot": 1.0, "comma": 0.95, "bare": 0.9}
_GAP_COST, _MOST_GAP_COST = 0.4, 1.5
_OVERLAP_COST = 0.3
_STYLE_COST = 0.6
_UNSTOPPED_COST = 0.3
_LATE_START_COST, _MOST_LATE_START_COST = 0.5, 1.0
_LEAST_SCORE = 0.9


@dataclass(frozen=True, order=True)
class Marker:
    """A printed panel marker; `letters` are upper case and in order, ranges written out."""

    start: int
    end: int
    letters: tuple[str, ...]
    style: str
    is_upper: bool
    is_stopped: bool = True


@dataclass(frozen=True)
class PanelSpan:
    """One panel of a legend, code points, end exclusive. `marker_start` is None where the legend shows no marker:
    then the whole legend is one panel without labels."""

    start: int
    end: int
    labels: tuple[str, ...]
    marker_start: int | None


def expand_letters(group: str) -> tuple[str, ...]:
    """Letters that a group names, upper case, ranges written out: `A-C, e` gives A, B, C, E."""
    letters: list[str] = []
    is_range = False
    for letter, dash in _PART.findall(group):
        if dash:
            is_range = True
            continue
        letter = letter.upper()
        if is_range and letters and "A" <= letters[-1] < letter:
            letters.extend(chr(c) for c in range(ord(letters[-1]) + 1, ord(letter)))
        letters.append(letter)
        is_range = False
    return tuple(dict.fromkeys(letters))


def _markers_at(legend: str, at: int) -> Iterator[Marker]:
    for style, pattern in _STYLES:
        if match := pattern.match(legend, at):
            letters = expand_letters(match["g"])
            if list(letters) == sorted(letters):
                yield Marker(at, match.end(), letters, style, match["g"][0].isupper())


def marker_at(legend: str, at: int) -> Marker | None:
    """The marker printed at an offset: of several readings the one with most letters, then the surest style."""
    found = list(_markers_at(legend, at))
    return min(found, key=lambda m: (-len(m.letters), _RANK[m.style])) if found else None


def find_markers(legend: str) -> list[Marker]:
    """All markers where a sentence begins, in order of the text."""
    starts = sorted({match.end() for match in _BORDER.finditer(legend)})
    return [marker for at in starts if (marker := marker_at(legend, at)) is not None]


def _unstopped_markers(legend: str) -> Iterator[Marker]:
    for match in _UNSTOPPED.finditer(legend):
        at = match.start()
        if not _REFERRING.search(legend[max(0, at - 12) : at]) and (marker := marker_at(legend, at)):
            yield replace(marker, is_stopped=False)


def _candidates(legend: str) -> list[Marker]:
    stopped = find_markers(legend)
    known = {marker.start for marker in stopped}
    return sorted([*stopped, *(m for m in _unstopped_markers(legend) if m.start not in known)])


def _worth(marker: Marker) -> float:
    return _WEIGHT[marker.style] - (0 if marker.is_stopped else _UNSTOPPED_COST)


def _first_score(marker: Marker) -> float:
    n_missing = ord(marker.letters[0]) - ord("A")
    return _worth(marker) - min(_LATE_START_COST * n_missing, _MOST_LATE_START_COST)


def _link_cost(last: Marker, marker: Marker) -> float | None:
    """What it costs that `marker` follows `last` in a chain; None where it cannot."""
    if marker.is_upper != last.is_upper or marker.letters[0] <= last.letters[0]:
        return None
    between = {chr(c) for c in range(ord(last.letters[0]), ord(marker.letters[0]))}
    gaps = len(between - set(last.letters))
    overlap = _OVERLAP_COST if set(last.letters) & set(marker.letters) else 0.0
    style = _STYLE_COST if marker.style != last.style else 0.0
    return min(_GAP_COST * gaps, _MOST_GAP_COST) + overlap + style


def find_chain(legend: str) -> list[Marker]:
    """The markers that the rule believes, in order; empty where no chain is good enough. O(n^2), n is small."""
    markers = _candidates(legend)
    best: list[tuple[float, int]] = []
    for i, marker in enumerate(markers):
        score, link = _first_score(marker), -1
        for j in range(i):
            cost = _link_cost(markers[j], marker)
            if cost is not None and best[j][0] + _worth(marker) - cost > score:
                score, link = best[j][0] + _worth(marker) - cost, j
        best.append((score, link))
    at = max(range(len(best)), key=lambda i: (best[i][0], -i), default=-1)
    chain = []
    if at >= 0 and best[at][0] >= _LEAST_SCORE:
        while at >= 0:
            chain.append(markers[at])
            at = best[at][1]
    return chain[::-1]


def split_by_rule(legend: str) -> list[PanelSpan]:
    """Panels by the letter chain; text before the first marker belongs to the first panel.

    A legend without a chain is one panel without labels. Ends exclude the white space before the next marker.
    """
    if not legend:
        return []
    chain = find_chain(legend)
    if not chain:
        return [PanelSpan(0, len(legend), (), None)]
    starts = [0, *(marker.start for marker in chain[1:])]
    ends = [len(legend[:start].rstrip()) for start in starts[1:]] + [len(legend.rstrip())]
    return [
        PanelSpan(start, end, marker.letters, marker.start)
        for start, end, marker in zip(starts, ends, chain, strict=True)
    ]
