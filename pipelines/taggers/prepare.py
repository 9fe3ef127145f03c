"""From a text to the words that a tagger sees and the items that get a tag, for every task alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.core.features import MENTION, is_sentence_end
from pipelines.core.tagging import Span, spans_to_tags, tags_to_spans
from pipelines.core.text import word_spans
from pipelines.taggers.markers import marker_hints

#: Gold of an item that nobody annotated, and of one that is O or one of the types its delivery does not annotate.
ANY = -1
OUTSIDE_OR_OPEN = -2


@dataclass(frozen=True)
class Prepared:
    """`words` with `hints` (categories that the task adds), and the items: word indexes that carry a tag, with the
    code points that they stand for. For ner and panelization every word is an item, for roles every mention."""

    words: tuple[str, ...]
    hints: tuple[tuple[str, ...], ...]
    items: tuple[int, ...]
    item_spans: tuple[tuple[int, int], ...]


def is_roles(task: str) -> bool:
    return task.startswith("roles")


def prepare(task: str, text: str, context_spans: Sequence[Span] = ()) -> Prepared:
    """Words of a text; for roles every given mention is one masked word (domain.md 1.3)."""
    spans = word_spans(text)
    if is_roles(task):
        return _prepare_roles(text, spans, context_spans)
    words = tuple(text[s:e] for s, e in spans)
    hints = marker_hints(text, words, spans) if task == "panelization" else ((),) * len(words)
    return Prepared(words, hints, tuple(range(len(words))), tuple(spans))


def _prepare_roles(text: str, spans: Sequence[tuple[int, int]], mentions: Sequence[Span]) -> Prepared:
    words: list[str] = []
    items: list[int] = []
    item_spans: list[tuple[int, int]] = []
    chosen = _without_overlaps(mentions)
    at = 0
    for mention in chosen:
        while at < len(spans) and spans[at][1] <= mention.start:
            words.append(text[slice(*spans[at])])
            at += 1
        items.append(len(words))
        item_spans.append((mention.start, mention.end))
        words.append(MENTION)
        while at < len(spans) and spans[at][0] < mention.end:
            at += 1
    words += [text[s:e] for s, e in spans[at:]]
    return Prepared(tuple(words), ((),) * len(words), tuple(items), tuple(item_spans))


def _without_overlaps(mentions: Sequence[Span]) -> list[Span]:
    """Of overlapping mentions the longest, then the first; in text order."""
    kept: list[Span] = []
    for mention in sorted(mentions, key=lambda m: (m.start - m.end, m.start)):
        if all(mention.end <= k.start or mention.start >= k.end for k in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)


def gold_tags(task: str, prepared: Prepared, spans: Sequence[Span]) -> list[str]:
    """One tag per item."""
    if is_roles(task):
        roles = {(s.start, s.end): s.label for s in spans}
        return [f"B-{roles[key]}" if key in roles else "O" for key in prepared.item_spans]
    tags = spans_to_tags(prepared.item_spans, spans)
    if task == "panelization":
        return ["O" if t[0] == "I" else t for t in tags]
    return tags


def spans_of(task: str, prepared: Prepared, tags: Sequence[str], scores: Sequence[float]) -> list[Span]:
    """Spans for the tags of the items."""
    if task == "ner":
        return tags_to_spans(prepared.item_spans, tags, scores)
    found = zip(prepared.item_spans, tags, scores, strict=True)
    return [Span(start, end, tag[2:], float(score)) for (start, end), tag, score in found if tag != "O"]


def gold_targets(
    task: str,
    prepared: Prepared,
    spans: Sequence[Span],
    *,
    tags: Sequence[str],
    unlabelled: Sequence[tuple[int, int]] = (),
    has_open_types: bool = False,
) -> list[int]:
    """Index in `tags` per item; ANY inside `unlabelled`; OUTSIDE_OR_OPEN for O where some types are not annotated."""
    index = {tag: i for i, tag in enumerate(tags)}
    out = []
    for (start, end), tag in zip(prepared.item_spans, gold_tags(task, prepared, spans), strict=True):
        if any(start < high and end > low for low, high in unlabelled):
            out.append(ANY)
        elif tag == "O" and has_open_types:
            out.append(OUTSIDE_OR_OPEN)
        else:
            out.append(index.get(tag, ANY))
    return out


def _reach(costs: Sequence[int], low: int, limit: int) -> int:
    """One past the last word of the longest window from `low` (at least one word) within `limit`."""
    high, used = low, 0
    while high < len(costs) and (high == low or used + costs[high] <= limit):
        used += costs[high]
        high += 1
    return high


def cut_points(words: Sequence[str], costs: Sequence[int], limit: int, is_bound: Sequence[bool]) -> list[int]:
    """Where to cut a text into pieces of at most `limit` cost for training: after the last sentence end that fits,
    not before a word that is bound to the one before it (an I- tag) unless that alone fills a piece. Returns borders
    from 0 to the end."""
    ends = [is_sentence_end(words, i) for i in range(len(words))]
    borders = [0]
    while borders[-1] < len(words):
        low = borders[-1]
        high = _reach(costs, low, limit)
        free = [i for i in range(high, low, -1) if i == len(words) or not is_bound[i]] or [high]
        after_sentence = [i for i in free if i == len(words) or ends[i - 1]]
        borders.append((after_sentence or free)[0])
    return borders


def overlapping_windows(costs: Sequence[int], limit: int, overlap: int) -> list[tuple[int, int]]:
    """Windows (first word, one past the last) of at most `limit` cost that overlap by about `overlap` cost and
    together cover all words: long legends are read to their last word."""
    windows: list[tuple[int, int]] = []
    low, n = 0, len(costs)
    while low < n:
        high = _reach(costs, low, limit)
        windows.append((low, high))
        if high >= n:
            break
        back, shared = high, 0
        while back > low + 1 and shared < overlap:
            back -= 1
            shared += costs[back]
        low = back
    return windows
