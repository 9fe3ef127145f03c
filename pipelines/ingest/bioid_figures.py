"""Panels that a curator delivered one by one, joined to the legend they came from (domain.md 2.5).

Bio-ID has one document a panel. Documents of one figure repeat each other, repeat the figure's lead-in sentence
before every panel, or its closing sentences after every panel. Joined, each stands once: the lead-in in the first
panel, the tail in the last, one space between panels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.core.panels import Marker, find_markers, marker_at

#: Least number of characters that two panels share before it counts as the figure's lead-in or tail: less than
#: this is a habit of writing ("Scale bar, 10 µm."), which the printed legend repeats.
LEAST_SHARED = 50
_SENTENCE_START = re.compile(r"[.:!?…][\"'”’)\]]*\s+(?=\S)|\s+(?=\([A-Za-z]\))")
_FIGURE = re.compile(
    r"(?P<kind>supp\w*\s*fig(?:ure)?s?|(?:supp\w*|extended data)?\s*(?:fig(?:ure)?s?\.?)?)[\s_.]*f?"
    r"(?P<series>s|ev|ed|app)?[\s_]*(?P<number>\d+)[\s_.]*(?:[-–][\s_]*(?P<tail>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_TAIL_PART = re.compile(r"([A-Z])-?(\d*)")

Span = tuple[int, int]


@dataclass(frozen=True)
class FigureName:
    """What `Figure_9.-A-B` says: the figure's key for grouping, its label, the panel letters."""

    number: str
    label: str
    letters: tuple[str, ...]


def parse_figure_name(text: str) -> FigureName:
    """Figure and panel letters of an id in any of its spellings: `Figure_9-A`, `f9-A`, `figf9-A`, `Fig 9-AB`.

    A text without a figure number is its own figure, without letters.
    """
    text = " ".join(text.replace("_", " ").split())
    match = _FIGURE.fullmatch(text)
    if match is None:
        return FigureName(text.lower(), text, ())
    is_supplement = match["kind"].lower().startswith("supp")
    series = (match["series"] or ("s" if is_supplement else "")).upper()
    number = f"{series}{int(match['number'])}"
    tail = (match["tail"] or "").replace(" and ", ",")
    letters = tuple(dict.fromkeys(a.upper() + n for a, n in _TAIL_PART.findall(tail.upper())))
    return FigureName(number, f"Figure {number}", letters)


def resolve_ranges(letters: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Panel letters of all documents of a figure with `A-D` read as A to D where no other document has B or C."""
    out: list[tuple[str, ...]] = []
    for i, own in enumerate(letters):
        others = {x for j, theirs in enumerate(letters) if j != i for x in theirs}
        if len(own) == 2 and all(len(x) == 1 for x in own) and ord(own[1]) - ord(own[0]) > 1:
            between = [chr(c) for c in range(ord(own[0]) + 1, ord(own[1]))]
            if not others & set(between):
                own = (own[0], *between, own[1])
        out.append(tuple(own))
    return out


@dataclass
class _Piece:
    """One document in the join: its own part is text[start:end]; what lies outside stands in another piece."""

    text: str
    start: int
    end: int
    head_in: int = -1
    tail_in: int = -1
    inside: tuple[int, int] | None = None


@dataclass(frozen=True)
class JoinedPanel:
    """One panel in the joined legend; `documents` are those it stands for, the first is the one that gave the text."""

    start: int
    end: int
    labels: tuple[str, ...]
    marker_offsets: tuple[int, ...]
    has_marker: bool
    documents: tuple[int, ...]


class JoinedFigure:
    """The legend of one figure from its documents' texts, and the way of every span into it."""

    def __init__(self, texts: Sequence[str], letters: Sequence[Sequence[str]], spans: Sequence[Sequence[Span]]) -> None:
        """`spans[i]` are the mentions of document i: no cut goes through one."""
        self._pieces = [_Piece(text, 0, len(text)) for text in texts]
        self._spans = spans
        _merge_contained(self._pieces)
        for i in range(len(texts)):
            self._cut_head(i)
        for i in reversed(range(len(texts))):
            self._cut_tail(i)
        self._offsets, self.legend = self._lay_out()
        self.panels = self._make_panels(resolve_ranges(letters))

    def _is_free(self, i: int, at: int) -> bool:
        return not any(start < at < end for start, end in self._spans[i])

    def _cut_head(self, i: int) -> None:
        piece = self._pieces[i]
        if piece.inside:
            return
        best = 0
        for j in range(i):
            if self._pieces[j].inside is None:
                shared = _count_shared(piece.text, self._pieces[j].text)
                cut = max((c for c in _sentence_starts(piece.text) if c <= shared and self._is_free(i, c)), default=0)
                if shared == len(self._pieces[j].text) and piece.text[shared : shared + 1].isspace():
                    cut = shared + 1
                if cut > best:
                    best, piece.head_in = cut, j
        if best < LEAST_SHARED:
            piece.head_in = -1
        else:
            piece.start = best

    def _cut_tail(self, i: int) -> None:
        piece = self._pieces[i]
        if piece.inside:
            return
        best = len(piece.text)
        for j in range(len(self._pieces) - 1, i, -1):
            if self._pieces[j].inside is None:
                shared = _count_shared(piece.text[::-1], self._pieces[j].text[::-1])
                least = max(len(piece.text) - shared, piece.start + 1)
                cut = min((c for c in _sentence_starts(piece.text) if c >= least and self._is_free(i, c)), default=best)
                if cut < best:
                    best, piece.tail_in = cut, j
        if len(piece.text) - best < LEAST_SHARED:
            piece.tail_in = -1
        else:
            piece.end = best

    def _lay_out(self) -> tuple[list[int], str]:
        offsets, parts, at = [], [], 0
        for piece in self._pieces:
            offsets.append(at)
            own = "" if piece.inside else piece.text[piece.start : piece.end].rstrip()
            if own:
                parts.append(own)
                at += len(own) + 1
        return offsets, " ".join(parts)

    def locate(self, i: int, start: int, end: int) -> Span | None:
        """Where a span of document i lies in the legend; None where a cut of another document goes through it."""
        for _ in range(4 * len(self._pieces) + 4):
            piece = self._pieces[i]
            if piece.inside:
                i, shift = piece.inside
            elif piece.head_in >= 0 and end <= piece.start:
                i, shift = piece.head_in, 0
            elif piece.tail_in >= 0 and start >= piece.end:
                i, shift = piece.tail_in, len(self._pieces[piece.tail_in].text) - len(piece.text)
            elif start < piece.start or end > piece.end:
                return None
            else:
                at = self._offsets[i] - piece.start
                return start + at, end + at
            start, end = start + shift, end + shift
        return None  # pragma: no cover - each step leaves for text that a document owns; a loop would be a bug

    def _make_panels(self, letters: Sequence[tuple[str, ...]]) -> tuple[JoinedPanel, ...]:
        owners = [i for i, p in enumerate(self._pieces) if not p.inside and p.text[p.start : p.end].strip()]
        groups = {i: [i] for i in owners}
        for i in range(len(self._pieces)):
            if i not in groups:
                groups[self._owner_of(i, owners)].append(i)
        labels = {i: tuple(dict.fromkeys(x for d in group for x in letters[d])) for i, group in groups.items()}
        panels = []
        for i in owners:
            piece = self._pieces[i]
            own = piece.text[piece.start : piece.end].rstrip()
            others = {x for j in owners if j != i for x in labels[j]}
            markers = find_gold_markers(own, labels[i], others)
            at = self._offsets[i]
            panels.append(
                JoinedPanel(
                    at, at + len(own), labels[i], tuple(at + m.start for m in markers), bool(markers), tuple(groups[i])
                )
            )
        return tuple(panels)

    def _owner_of(self, i: int, owners: Sequence[int]) -> int:
        at = self.locate(i, self._pieces[i].start, self._pieces[i].start + 1)
        return max((j for j in owners if at is not None and self._offsets[j] <= at[0]), default=owners[0])


def _count_shared(a: str, b: str) -> int:
    """Length of the common prefix."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _sentence_starts(text: str) -> list[int]:
    return [match.end() for match in _SENTENCE_START.finditer(text)]


def _merge_contained(pieces: Sequence[_Piece]) -> None:
    """A document whose whole text stands in another one is a repeat of it, unless cutting the other one's lead-in
    (this one comes first, the other begins with it) or tail (the reverse) leaves both their own text."""
    for i, piece in enumerate(pieces):
        for j, other in enumerate(pieces):
            if i == j or other.inside or piece.text not in other.text:
                continue
            is_equal = piece.text == other.text
            is_head = i < j and other.text.startswith(piece.text)
            is_tail = i > j and other.text.endswith(piece.text)
            if (is_equal and i > j) or not (is_equal or is_head or is_tail):
                piece.inside = (j, other.text.index(piece.text))
                break


def find_gold_markers(text: str, labels: Sequence[str], others: set[str]) -> list[Marker]:
    """Markers of one delivered panel: its own first one, and inner ones that go on in letter sequence.

    The first stands at the start, or where a later sentence begins (a lead-in before it). An inner one has the style
    of the first, goes on upwards and names no letter of another document (`others`). Empty where the text shows no
    marker of this panel: its start cannot be known from the text.
    """
    wanted = {label[0] for label in labels}
    first = _first_marker(text, wanted)
    if first is None:
        return []
    markers = [first]
    for marker in find_markers(text):
        last = markers[-1].letters[-1]
        is_next = ord(marker.letters[0]) == ord(last) + 1 or set(marker.letters) <= wanted
        is_same = (marker.style, marker.is_upper) == (first.style, first.is_upper)
        if is_same and is_next and marker.letters[0] > last and not others & set(marker.letters):
            markers.append(marker)
    return markers


_CAPITAL = re.compile(r"[\s.,]*[A-Z0-9Α-Ω]")
#: `G siRNA …`; `A qRT-PCR …`, where no article can stand; `BNorthern …`, which lost its space.
_BARE = re.compile(r"[B-Z](?=\s\S)|A(?=\s[a-z]{1,3}[A-Z0-9])|[A-Z](?=[A-Z][a-z]{2})")


def _first_marker(text: str, wanted: set[str]) -> Marker | None:
    """The panel's own marker. A printed letter that differs from the delivered one counts where it is plain.

    `(A-E) What all have in common. (A) …` has its marker at the second place: the group before is a lead-in.
    """
    at_start = marker_at(text, 0)
    if at_start and wanted < set(at_start.letters):
        own = (m for m in find_markers(text)[1:] if set(m.letters) <= wanted and m.style == at_start.style)
        return next(own, at_start)
    if at_start and wanted & set(at_start.letters):
        return at_start
    if (bare := _BARE.match(text)) and bare[0] in wanted:
        return Marker(0, 1, (bare[0],), "bare", True)
    if at_start and _CAPITAL.match(text, at_start.end) and (at_start.style, at_start.letters[0]) != ("bare", "A"):
        return at_start
    return next((m for m in find_markers(text) if m.letters[0] in wanted), None)
