"""IOB2 labels over words, and the spans they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Span:
    """A labelled stretch of text: code points, end exclusive. `score` is a probability, 1.0 for gold."""

    start: int
    end: int
    label: str
    score: float = 1.0

    @property
    def key(self) -> tuple[int, int, str]:
        return (self.start, self.end, self.label)


def spans_to_tags(words: Sequence[tuple[int, int]], spans: Sequence[Span]) -> list[str]:
    """IOB2 tag per word. A word belongs to the span that it overlaps; of overlapping spans the longest, then the
    first, is kept (architecture, section 5). A span that no word overlaps leaves no tag."""
    tags = ["O"] * len(words)
    for span in sorted(spans, key=lambda s: (-(s.end - s.start), s.start, s.label)):
        inside = [i for i, (start, end) in enumerate(words) if start < span.end and end > span.start]
        if not inside or any(tags[i] != "O" for i in inside):
            continue
        for i in inside:
            tags[i] = f"I-{span.label}"
        tags[inside[0]] = f"B-{span.label}"
    return tags


def tags_to_spans(
    words: Sequence[tuple[int, int]], tags: Sequence[str], scores: Sequence[float] | None = None
) -> list[Span]:
    """Spans of IOB2 tags; an I- without its B- starts a span of its own. A span's score is the lowest of its words."""
    spans: list[Span] = []
    current: list[int] = []
    label = ""

    def close() -> None:
        if current:
            score = min(scores[i] for i in current) if scores else 1.0
            spans.append(Span(words[current[0]][0], words[current[-1]][1], label, float(score)))
            current.clear()

    for i, tag in enumerate(tags):
        if tag == "O":
            close()
        elif tag[0] == "B" or tag[2:] != label or not current:
            close()
            label = tag[2:]
            current.append(i)
        else:
            current.append(i)
    close()
    return spans


def snap_to_words(words: Sequence[tuple[int, int]], span: Span) -> Span | None:
    """The span from its first to its last word, as a word-level tagger can state it; None where it holds no word."""
    inside = [w for w in words if w[0] < span.end and w[1] > span.start]
    return Span(inside[0][0], inside[-1][1], span.label, span.score) if inside else None
