"""A curator's caption beside the publisher's legend of the same figure: which figure it is, and where its spans lie.

Curators copy legends by hand: other dashes and spaces, no title, a sentence less, panels in another order. Spans are
carried over by a real sequence alignment, and only where the text at the target is the same; a span that cannot be
carried is None, never a guess.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipelines.core.ids import figure_key
from pipelines.core.text import fold, word_spans

#: Raised by hand whenever the same two texts can be aligned otherwise.
ALIGNMENT_VERSION = 2
#: Least run of equal characters (white space not counted) that is believed: shorter ones match by chance.
LEAST_BLOCK = 8
#: The same for a stretch that stands elsewhere, out of order: a sentence, not a phrase.
LEAST_MOVED = 24
#: Least share of the curated legend's words in the publisher's legend, where the figure numbers agree.
LEAST_SHARED_WITH_LABEL = 0.6
#: The same where content alone decides, and by how much the best must beat the second.
LEAST_SHARED_BY_CONTENT, LEAST_LEAD = 0.8, 0.1
#: Words that a legend must have for its content alone to name its figure.
LEAST_WORDS_BY_CONTENT = 8


def fold_spaces(text: str) -> str:
    """`fold` with white space runs as one space: what counts as the same text."""
    return " ".join(fold(text).split())


@dataclass(frozen=True)
class Alignment:
    """Where the characters of `source` lie in `target`; made by `align`.

    `_source_at` and `_target_at` are the offsets of the characters that are not white space; `_pairs[i]` is the
    index in `_target_at` of the i-th one of the source, -1 where it has no partner.
    """

    source: str
    target: str
    confidence: float
    _source_at: tuple[int, ...] = ()
    _target_at: tuple[int, ...] = ()
    _pairs: tuple[int, ...] = ()

    @property
    def is_identity(self) -> bool:
        """True where both texts are equal."""
        return self.source == self.target

    def map_span(self, start: int, end: int) -> tuple[int, int] | None:
        """The span of source[start:end] in the target, code points, without white space at its edges; None unless
        all of it has a partner, in one piece, and the text there is equal after folding dashes, case and spaces."""
        if not 0 <= start < end <= len(self.source):
            return None
        if self.is_identity:
            return start, end
        first, last = bisect_left(self._source_at, start), bisect_left(self._source_at, end) - 1
        if first > last:
            return None
        pairs = self._pairs[first : last + 1]
        if pairs[0] < 0 or pairs != tuple(range(pairs[0], pairs[0] + len(pairs))):
            return None
        at, to = self._target_at[pairs[0]], self._target_at[pairs[-1]] + 1
        is_equal = fold_spaces(self.target[at:to]) == fold_spaces(self.source[start:end])
        return (at, to) if is_equal else None


#: Letters, digits, or one other character: "20 µm" and "20µm" are the same tokens.
_TOKEN = re.compile(r"[^\W\d_]+|\d+|\S")
#: Longest stretch between two matches that is aligned by character: words that were joined or spelt otherwise.
_LONGEST_GAP = 240
#: Most tokens of a stretch that is looked for elsewhere.
_MOST_MOVED = 2000


def _solid(text: str) -> tuple[tuple[int, ...], str]:
    """Offsets of the characters that are not white space, and these characters folded."""
    folded = fold(text)
    at = tuple(i for i, c in enumerate(folded) if c != " ")
    return at, "".join(folded[i] for i in at)


def _tokens(text: str) -> tuple[list[str], list[int]]:
    """Folded tokens of a text, and for each its index among the characters that are not white space."""
    words = _TOKEN.findall(fold(text))
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word)
    return words, [*starts, at]


def _iter_blocks(source: str, target: str) -> Iterator[tuple[int, int, int]]:
    """Equal runs (index in source, index in target, length), in characters that are not white space, by token.

    A common beginning or end is taken as it is only where it is long: one full stop is no end in common with a legend
    that goes on after it.
    """
    a, a_at = _tokens(source)
    b, b_at = _tokens(target)
    head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    head = head if a_at[head] >= LEAST_BLOCK else 0
    room = min(len(a), len(b)) - head
    tail = next((i for i in range(room) if a[-1 - i] != b[-1 - i]), room)
    tail = tail if a_at[-1] - a_at[len(a) - tail] >= LEAST_BLOCK else 0
    yield 0, 0, a_at[head]
    middle = SequenceMatcher(None, a[head : len(a) - tail], b[head : len(b) - tail], autojunk=False)
    for block in middle.get_matching_blocks():
        i, j = block.a + head, block.b + head
        yield a_at[i], b_at[j], a_at[i + block.size] - a_at[i]
    yield a_at[len(a) - tail], b_at[len(b) - tail], a_at[-1] - a_at[len(a) - tail]


def _free_ranges(at: Sequence[int], is_taken: Sequence[bool]) -> list[tuple[int, int]]:
    """Ranges of tokens without a partner that are long enough to be looked for elsewhere."""
    ranges, start = [], 0
    for n in range(len(at)):
        is_end = n == len(at) - 1 or any(is_taken[at[n] : at[n + 1]])
        if is_end:
            if at[n] - at[start] >= LEAST_MOVED and n - start <= _MOST_MOVED:
                ranges.append((start, n))
            start = n + 1
    return ranges


def _iter_moved(source: str, target: str, pairs: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Equal runs of what has no partner on either side, wherever they stand; the longest first."""
    a, a_at = _tokens(source)
    b, b_at = _tokens(target)
    a_taken, b_taken = [pair >= 0 for pair in pairs], [False] * b_at[-1]
    for pair in pairs:
        if pair >= 0:
            b_taken[pair] = True
    while True:
        free_a, free_b = _free_ranges(a_at, a_taken), _free_ranges(b_at, b_taken)
        best = (0, 0, 0)
        for first, last in free_a:
            for to, end in free_b:
                found = SequenceMatcher(None, a[first:last], b[to:end], autojunk=False).find_longest_match()
                i, j = first + found.a, to + found.b
                best = max(best, (a_at[i + found.size] - a_at[i], -a_at[i], -b_at[j]))
        size, at, place = best[0], -best[1], -best[2]
        if size < LEAST_MOVED:
            return
        yield at, place, size
        a_taken[at : at + size] = b_taken[place : place + size] = [True] * size


def _fill_gaps(a: str, b: str, blocks: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """The blocks, and between them what is equal by character."""
    at, to = 0, 0
    for i, j, size in (*blocks, (len(a), len(b), 0)):
        if 0 < i - at <= _LONGEST_GAP and 0 < j - to <= _LONGEST_GAP:
            for block in SequenceMatcher(None, a[at:i], b[to:j], autojunk=False).get_matching_blocks():
                yield at + block.a, to + block.b, block.size
        yield i, j, size
        at, to = i + size, j + size


def _drop_short_runs(pairs: list[int], least: int) -> tuple[int, ...]:
    """Runs of partners that follow each other on both sides; those shorter than `least` match by chance."""
    start = 0
    for i in range(1, len(pairs) + 1):
        if i == len(pairs) or pairs[i] < 0 or pairs[i] != pairs[i - 1] + 1:
            if pairs[start] >= 0 and i - start < least:
                pairs[start:i] = [-1] * (i - start)
            start = i
    return tuple(pairs)


def align(source: str, target: str) -> Alignment:
    """Aligns two texts, white space left out: by token, by character between equal tokens, and last what was moved.

    `confidence` is the share of the source's characters that have a partner, 0 to 1. A caption and its legend take
    a few milliseconds.
    """
    if source == target:
        return Alignment(source, target, 1.0)
    source_at, a = _solid(source)
    target_at, b = _solid(target)
    pairs = [-1] * len(a)
    for i, j, size in _fill_gaps(a, b, list(_iter_blocks(source, target))):
        pairs[i : i + size] = range(j, j + size)
    kept = list(_drop_short_runs(pairs, min(LEAST_BLOCK, len(a)))) if pairs else []
    for i, j, size in _iter_moved(source, target, kept):
        kept[i : i + size] = range(j, j + size)
    n_paired = sum(pair >= 0 for pair in kept)
    return Alignment(source, target, n_paired / len(a) if a else 0.0, source_at, target_at, tuple(kept))


@dataclass(frozen=True)
class FigureCandidate:
    """A publication's figure that a curated one may be."""

    figure_id: str
    label: str | None
    legend: str | None


@dataclass(frozen=True)
class FigureMatch:
    """`how` is label or content; `shared` the share of the curated legend's words that the publisher's has."""

    figure_id: str
    how: str
    shared: float


def _words(text: str | None) -> set[str]:
    folded = fold(text or "")
    return {folded[start:end] for start, end in word_spans(folded) if folded[start].isalnum()}


def match_figure(label: str | None, legend: str, candidates: Sequence[FigureCandidate]) -> FigureMatch | None:
    """The figure of the same document that a curated figure is; None where none is alike enough.

    By label, where the figure numbers agree and at least 60 % of the curated words stand in the publisher's legend;
    else the candidate that has most of the words, if they are enough and it clearly leads.
    """
    words = _words(legend)
    if not words:
        return None
    shares = {c.figure_id: len(words & _words(c.legend)) / len(words) for c in candidates}
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    if label:
        key = figure_key(label, 0)
        same = {c.figure_id for c in candidates if c.label and figure_key(c.label, 0) == key}
        best = next(((f, share) for f, share in ranked if f in same), None)
        if best and best[1] >= LEAST_SHARED_WITH_LABEL:
            return FigureMatch(best[0], "label", best[1])
    if not ranked or len(words) < LEAST_WORDS_BY_CONTENT:
        return None
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    if ranked[0][1] >= LEAST_SHARED_BY_CONTENT and ranked[0][1] - second >= LEAST_LEAD:
        return FigureMatch(ranked[0][0], "content", ranked[0][1])
    return None
