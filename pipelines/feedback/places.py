"""Where a rejected row stands: the line of its file, and its legend with the place marked. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from itertools import takewhile
from typing import Any

from pipelines.feedback.issues import named_figure

Row = Mapping[str, Any]
_LINE = re.compile(r"(\d+):(\d+)")
_RUNNING_NUMBER = re.compile(r" \(\d+\)$")
_TAG = re.compile(r"^[^<>]*>|<[^>]*>")
_AROUND = 160
_LOOK_BACK = 4000
_ENOUGH_WORDS = 8


@dataclass(frozen=True)
class RawPlace:
    """Line and column, from 1, the bytes around them as text, and the words that a reader sees before the place."""

    line: int
    column: int
    excerpt: str
    before: str = ""


@dataclass(frozen=True)
class LegendPlace:
    """`spans` are code points of the legend. `is_exact` is False where only the text, not the place, is known."""

    label: str
    legend: str
    spans: tuple[tuple[int, int], ...]
    is_exact: bool


def find_in_raw(data: bytes, locator: str) -> RawPlace | None:
    """The place that a locator names: `line:column`, or ids as `fig 4001#sdTag1`, looked for in the order named."""
    if match := _LINE.fullmatch(locator):
        line, column = int(match[1]), int(match[2])
        start = sum(len(part) + 1 for part in data.split(b"\n")[: line - 1])
        return RawPlace(line, column, _excerpt(data, min(start + column - 1, len(data))))
    at = 0
    head, _, tail = _RUNNING_NUMBER.sub("", locator).partition("#")
    tokens = [t for t in (head.removeprefix("fig ").strip(), tail.strip()) if t]
    for token in tokens:
        found = re.compile(rb"""["'>]""" + re.escape(token.encode()) + rb"""["'<]""").search(data, at)
        if found is None:
            return None
        at = found.start() + 1
    if not tokens:
        return None
    line, column = data.count(b"\n", 0, at) + 1, at - data.rfind(b"\n", 0, at)
    return RawPlace(line, column, _excerpt(data, at), _words_before(data, at))


def _words_before(data: bytes, at: int) -> str:
    """The text before the element in which `at` lies, as a legend shows it: without tags, white space folded."""
    end = data.rfind(b"<", 0, at)
    raw = data[max(0, end - _LOOK_BACK) : max(0, end)].decode("utf-8", "replace")
    text = unescape(_TAG.sub("", raw))
    folded = " ".join(unicodedata.normalize("NFC", text).split())
    return folded + (" " if text[-1:].isspace() else "")


def _excerpt(data: bytes, at: int) -> str:
    start, end = max(0, at - _AROUND), min(len(data), at + _AROUND)
    text = " ".join(data[start:end].decode("utf-8", "replace").split())
    return f"{'…' if start else ''}{text}{'…' if end < len(data) else ''}"


def find_in_legend(row: Row, locator: str, figures: Iterable[Row], before: str = "") -> LegendPlace | None:
    """The legend of a rejected row (its `payload` as an object) among the figures of its raw file; None without one.

    Where the row has no offsets its text is looked for, and the words `before` it in the file tell which one it is.
    """
    figure = _figure_of(row, locator, list(figures))
    if figure is None:
        return None
    legend, label = str(figure["legend"]), str(figure.get("label") or figure.get("figure_id") or "")
    start, end = row.get("start_offset"), row.get("end_offset")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(legend):
        return LegendPlace(label, legend, ((start, end),), True)
    spans = _occurrences(legend, str(row.get("text") or ""))
    best = _by_words_before(legend, spans, before)
    return LegendPlace(label, legend, (best,), True) if best else LegendPlace(label, legend, spans, False)


def _shared_end(a: str, b: str) -> int:
    """How many characters at their ends two texts share."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reversed(a), reversed(b), strict=False)))


def _by_words_before(legend: str, spans: tuple[tuple[int, int], ...], before: str) -> tuple[int, int] | None:
    """The one span before which most of the same words stand; None where that is not plain."""
    shared = [_shared_end(legend[:start], before) for start, _ in spans]
    best = max(shared, default=0)
    is_plain = shared.count(best) == 1 and (best >= _ENOUGH_WORDS or best == spans[shared.index(best)][0] > 0)
    return spans[shared.index(best)] if is_plain else None


def _figure_of(row: Row, locator: str, figures: list[Row]) -> Row | None:
    if row.get("legend"):
        return row
    with_legend = [f for f in figures if f.get("legend")]
    for column, value in (
        ("legend_sha256", row.get("legend_sha256")), ("figure_id", row.get("figure_id")),
        ("jats_id", named_figure(locator)),
    ):  # fmt: skip
        found = [f for f in with_legend if value and f.get(column) == value]
        if found:
            return min(found, key=lambda f: str(f.get("figure_id")))
    return None


def _occurrences(legend: str, text: str) -> tuple[tuple[int, int], ...]:
    """Where the text stands as words of its own; anywhere where it never does so."""
    if not text.strip():
        return ()
    exact = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(text)}(?!\w)", legend)]
    return tuple(exact or [m.span() for m in re.finditer(re.escape(text), legend, re.IGNORECASE)])
