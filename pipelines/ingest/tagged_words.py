"""Words with IOB2 tags to a text with mentions: what CoNLL files and the SourceData JSONL share."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.core.tagging import Span, tags_to_spans
from pipelines.ingest.mentions import RawMention

WordSpans = list[tuple[int, int]]


def find_fault(tags: Sequence[str]) -> str:
    """What is wrong with IOB2 tags, "" where nothing is: a tag of another form, an I- that continues nothing."""
    before = "O"
    for n, tag in enumerate(tags, start=1):
        if tag != "O" and (tag[:2] not in ("B-", "I-") or len(tag) < 3):
            return f"tag {n} is {tag[:40]!r}: expected O, B-TYPE or I-TYPE"
        if tag.startswith("I-") and before[2:] != tag[2:]:
            return f"tag {n} is {tag[:40]!r} after {before[:40]!r}: an I- goes on with an entity of its type"
        before = tag
    return ""


def count_entities(tags: Sequence[str]) -> int:
    """Entities that the tags begin, for counting those of a text that is refused."""
    return sum(tag.startswith("B-") for tag in tags)


def join_words(words: Sequence[str]) -> tuple[str, WordSpans]:
    """The words with one space between, and where each stands."""
    spans, at = [], 0
    for word in words:
        spans.append((at, at + len(word)))
        at += len(word) + 1
    return " ".join(words), spans


def find_words(text: str, words: Sequence[str]) -> WordSpans | None:
    """Where each word stands in a text, in order; None where one does not, or where letters stand between two."""
    spans, at = [], 0
    for word in words:
        found = text.find(word, at)
        if found < 0 or not word or text[at:found].strip():
            return None
        spans.append((found, found + len(word)))
        at = found + len(word)
    return None if text[at:].strip() else spans


def mentions_of(text: str, spans: Sequence[tuple[int, int]], tags: Sequence[str], base: int = 0) -> list[RawMention]:
    """One mention an entity of the tags, its offset counted from `base` characters before the text."""
    return [make_mention(text, span, base=base) for span in tags_to_spans(spans, tags)]


def make_mention(text: str, span: Span, *, base: int = 0, raw_role: str | None = None) -> RawMention:
    """The mention of a span of a text; `span.label` is its type as delivered."""
    place = (base + span.start, span.end - span.start)
    return RawMention("", span.label, (), (place,), text[span.start : span.end], raw_role)
