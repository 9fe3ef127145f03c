"""The published SourceData JSONL: one panel (panelization: one figure) a line as words with labels, without ids.

`{"words": […], "labels": ["B-GENEPROD", …], "is_category": [0|1|2, …], "text": "…"}`. Words are
alphanumeric runs, every other character its own word. Which labels a file has is said by the map of labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.core.records import ParsedFile, Reason
from pipelines.core.tagging import Span, tags_to_spans
from pipelines.core.text import word_spans
from pipelines.errors import RejectedInput
from pipelines.ingest.json_safety import decode, load_json, text_of
from pipelines.ingest.tagged_words import count_entities, find_fault, make_mention, mentions_of
from pipelines.ingest.texts import MarkedText, parse_texts

#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "jsonl"
#: What `is_category` says of a word.
_CATEGORIES = {1: "GENEPROD", 2: "SMALL_MOLECULE"}
_CODES = {name: code for code, name in _CATEGORIES.items()}
_DASHES = frozenset("\u2013\u2212")
_PANEL_START = "PANEL_START"


@dataclass(frozen=True)
class _Row:
    words: list[str]
    tags: list[str]
    categories: list[int] | None
    text: str


def _strings(value: object, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise RejectedInput(Reason.BAD_TAGS, f"{name} is no list of texts")
    return list(value)


def _read_row(value: object) -> _Row:
    if not isinstance(value, dict):
        raise RejectedInput(Reason.BAD_TAGS, "the line is no JSON object")
    words, tags = _strings(value.get("words"), "words"), _strings(value.get("labels"), "labels")
    raw = value.get("is_category")
    categories = [c if isinstance(c, int) else -1 for c in raw] if isinstance(raw, list) else None
    return _Row(words, tags, categories, text_of(value.get("text")))


def _check_lengths(row: _Row) -> None:
    n = len(row.words)
    if len(row.tags) != n or (row.categories is not None and len(row.categories) != n):
        counts = f"{n} words, {len(row.tags)} labels, {len(row.categories or ())} is_category"
        raise RejectedInput(Reason.BAD_TAGS, f"not parallel: {counts}")


def _locate(row: _Row) -> list[tuple[int, int]]:
    """The words in the row's text; a fault where the text does not give exactly these words."""
    spans = word_spans(row.text)
    found = [row.text[start:end] for start, end in spans]
    if found == row.words:
        return spans
    n = next((i for i, (a, b) in enumerate(zip(found, row.words, strict=False)) if a != b), None)
    if n is None and len(found) == len(row.words) + 1:
        raise RejectedInput(Reason.TEXT_MISMATCH, f"the last word of its text, {found[-1][:40]!r}, has no label")
    if n is None:
        raise RejectedInput(Reason.TEXT_MISMATCH, f"its text has {len(found)} words, the row {len(row.words)}")
    dashes = " (another dash)" if found[n] in _DASHES or row.words[n] in _DASHES else ""
    raise RejectedInput(
        Reason.TEXT_MISMATCH, f"word {n + 1} is {row.words[n][:40]!r}, in its text {found[n][:40]!r}{dashes}"
    )


def _check_categories(row: _Row, labels: Sequence[str]) -> None:
    """`is_category` names gene products and small molecules: in a role file each role word has one, in an entity file
    it repeats the label."""
    if row.categories is None:
        raise RejectedInput(Reason.BAD_TAGS, "it has no is_category")
    for n, (label, category) in enumerate(zip(labels, row.categories, strict=True), start=1):
        is_role = label.endswith("_VAR")
        wrong = category not in _CATEGORIES if is_role else bool(label) and category != _CODES.get(label, 0)
        if wrong:
            raise RejectedInput(Reason.BAD_TAGS, f"word {n} is labelled {label}, but its is_category is {category}")


def _roles(row: _Row, spans: Sequence[tuple[int, int]], with_role: frozenset[str]) -> Iterator[tuple[Span, str | None]]:
    """Mentions of a role row: the labelled ones, and between them those that only `is_category` shows, of the
    categories that the file has roles for. A mention of another category has roles in another file."""
    codes = row.categories or [0] * len(row.words)
    tags, before = [], ""
    for tag, code in zip(row.tags, codes, strict=True):
        name = _CATEGORIES.get(code, "")
        state = f"{name}|{tag[2:]}" if name in with_role else ""
        is_going_on = tag.startswith("I-") or (tag == "O" and state == before)
        tags.append(f"{'I' if is_going_on and state == before else 'B'}-{state}" if state else "O")
        before = state
    for span in tags_to_spans(spans, tags):
        entity_type, _, role = span.label.partition("|")
        yield Span(span.start, span.end, entity_type), role or None


def _mark(row: _Row, where: str, with_role: frozenset[str]) -> MarkedText:
    _check_lengths(row)
    if fault := find_fault(row.tags):
        raise RejectedInput(Reason.BAD_TAGS, fault)
    spans = _locate(row)
    names = [tag[2:] for tag in row.tags]
    if _PANEL_START in names:
        starts = tuple(start for (start, _), tag in zip(spans, row.tags, strict=True) if tag == f"B-{_PANEL_START}")
        return MarkedText(where, row.text, (), key="panels", starts=starts)
    _check_categories(row, names)
    mentions = mentions_of(row.text, spans, row.tags)
    if with_role:
        mentions = [make_mention(row.text, s, raw_role=role) for s, role in _roles(row, spans, with_role)]
    return MarkedText(where, row.text, tuple(mentions), key="panel")


def _categories_with_roles(rows: Sequence[object]) -> frozenset[str]:
    """Types for which the file has roles: of `roles_gene` gene products only, of `roles_multi` small molecules, too."""
    found: set[str] = set()
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("labels"), list) and isinstance(row.get("is_category"), list):
            found |= {
                _CATEGORIES[c]
                for tag, c in zip(row["labels"], row["is_category"], strict=False)
                if isinstance(tag, str) and tag.endswith("_VAR") and isinstance(c, int) and c in _CATEGORIES
            }
    return frozenset(found)


def _n_entities(row: object) -> int:
    labels = row.get("labels") if isinstance(row, Mapping) else None
    return count_entities([t for t in labels if isinstance(t, str)]) if isinstance(labels, list) else 0


def _load_lines(data: bytes) -> list[tuple[int, object, str]]:
    """(line number, value, why it is none)."""
    out: list[tuple[int, object, str]] = []
    for line_no, line in enumerate(decode(data).split("\n"), start=1):
        if line.strip():
            try:
                out.append((line_no, load_json(line), ""))
            except RejectedInput as error:
                out.append((line_no, None, error.message))
    return out


def _iter_texts(lines: Sequence[tuple[int, object, str]]) -> Iterator[MarkedText]:
    with_role = _categories_with_roles([value for _, value, _ in lines])
    for line_no, value, why in lines:
        where = f"line {line_no}"
        try:
            if why:
                raise RejectedInput(Reason.NOT_WELL_FORMED, why)
            yield _mark(_read_row(value), where, with_role)
        except RejectedInput as error:
            yield MarkedText(
                where, "", (), fault=error.message, reason=Reason(error.reason), n_mentions=_n_entities(value)
            )


def parse_jsonl(data: bytes, labels: str = "") -> ParsedFile:
    """Curated texts of one JSONL file. Rows that are not parallel, no IOB2, or whose text does not give the words are
    refused one by one. Raises RejectedInput where no line is a row."""
    lines = _load_lines(data)
    if not any(isinstance(value, dict) and "words" in value for _, value, _ in lines):
        raise RejectedInput(Reason.UNKNOWN_FORMAT, "no SourceData JSONL: no line is an object with words and labels")
    return parse_texts(list(_iter_texts(lines)), FORMAT, labels or "sourcedata")
