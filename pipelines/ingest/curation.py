"""What all curator formats share: offsets kept through normalisation, ids and types, one record a span, nesting."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from pipelines.core.labels import LabelMap, Labels
from pipelines.core.records import AnnotationRecord, Reason, Rejection, UnitCounts
from pipelines.core.text import normalise_legend
from pipelines.errors import RejectedInput

_RAW_ID = re.compile(r"\s*([^:_]+)[:_](.*)", re.DOTALL)
_NO_ID = frozenset({"", "-", "-1", "None", "null"})

#: Longest text of a panel or figure, and most characters that make up one letter. The longest real legend seen has
#: some 10,000; without a limit one hostile file of 60 MB takes minutes and gigabytes.
MAX_LEGEND, MAX_CLUSTER = 200_000, 200
_FIRST_COMBINING = "\u0300"  # what lies before it neither composes with a letter before it nor changes alone
UNITS = ("document", "figure", "panel", "annotation")
PRETAG = "pretag"  # left-overs of machine pre-tagging: counted where there are any


@dataclass
class Tally:
    """What a parser saw of one file, counted where it happens, and what it refused."""

    rejections: list[Rejection] = field(default_factory=list)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, unit: str, what: str, n: int = 1) -> None:
        """Adds n units of one kind; `what` is a field of UnitCounts."""
        self._seen[unit, what] += n

    def reject(self, rejection: Rejection) -> None:
        """Keeps a rejection and counts its units as quarantined."""
        self.rejections.append(rejection)
        self.count(rejection.unit, "quarantined", rejection.n)

    def balance(self) -> dict[str, UnitCounts]:
        """Counts by unit, all units of curation among them."""
        kinds = ("n_in", "valid", "quarantined", "duplicate", "ignored")
        units = (*UNITS, PRETAG) if self._seen[PRETAG, "n_in"] else UNITS
        return {unit: UnitCounts(**{kind: self._seen[unit, kind] for kind in kinds}) for unit in units}


@dataclass(frozen=True)
class TracedText:
    """A normalised text that knows where the characters of its raw text went.

    `first[i]` and `last[i]` are the code points of `text` that raw character i became, -1 where it was dropped;
    both are empty where raw and normalised text are equal.
    """

    text: str
    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()

    def map_span(self, start: int, end: int) -> tuple[int, int] | None:
        """The raw span in the normalised text, without white space at its edges; None where nothing is left."""
        if self.first:
            kept = [i for i in range(start, end) if self.first[i] >= 0]
            if not kept:
                return None
            start, end = self.first[kept[0]], self.last[kept[-1]] + 1
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        return (start, end) if start < end else None


def _iter_clusters(raw: str) -> Iterator[tuple[str, int, int]]:
    """(NFC of a cluster, its raw start, its raw end): the smallest pieces that compose independently."""
    start, done = 0, ""
    for i, char in enumerate(raw):
        if char < _FIRST_COMBINING:
            alone, joined, is_apart = char, done + char, True
        else:
            alone = unicodedata.normalize("NFC", char)
            joined = unicodedata.normalize("NFC", raw[start : i + 1])
            is_apart = joined == done + alone and not unicodedata.combining(char)
        if i > start and (is_apart or done.isspace()):  # white space is folded away: nothing composes with it
            yield done, start, i
            start, joined = i, alone
        elif i - start >= MAX_CLUSTER:
            raise RejectedInput(Reason.TOO_LARGE, f"over {MAX_CLUSTER} characters combine into one letter: no text")
        done = joined
    if done:
        yield done, start, len(raw)


def _place_characters(raw: str, text: str) -> tuple[list[int], list[int]]:
    first, last = [-1] * len(raw), [-1] * len(raw)
    at = 0
    for composed, start, end in _iter_clusters(raw):
        if composed.isspace():
            if at < len(text) and text[at] == ("\n" if composed == "\n" else " "):
                first[start] = last[start] = at
                at += 1
            continue
        for i in range(start, end):
            first[i], last[i] = at, at + len(composed) - 1
        at += len(composed)
    return first, last


def trace_legend(raw: str) -> TracedText:
    """`normalise_legend(raw)` with the way of every character; RejectedInput(too_large) where it is no legend."""
    if len(raw) > MAX_LEGEND:
        message = f"a text of {len(raw):,} characters is no legend: the limit is {MAX_LEGEND:,}"
        raise RejectedInput(Reason.TOO_LARGE, message)
    text = normalise_legend(raw)
    if text == raw:
        return TracedText(text)
    first, last = _place_characters(raw, text)
    return TracedText(text, tuple(first), tuple(last))


@dataclass(frozen=True)
class Resolved:
    """What a curator's type and ids mean: the stored type, the type as delivered, ids and their databases in parallel.
    The database of an id that names none is ""."""

    entity_type: str
    raw_type: str
    ext_ids: tuple[str, ...] = ()
    ext_dbs: tuple[str, ...] = ()

    def as_other(self) -> Resolved:
        """The same without a type that anyone learns from."""
        return replace(self, entity_type="OTHER")


def resolve_raw_id(raw: str, labels: Labels) -> Resolved | None:
    """The type and id behind `Uniprot:P28482`, `CVCL_0063` or `protein:GFP`; None where the prefix is unknown.

    An id such as `protein:GFP` names a type but no database: it is kept whole, with the empty database.
    """
    match = _RAW_ID.fullmatch(raw)
    if match is None:
        return None
    prefix, local = match[1].strip(), " ".join(match[2].split())
    if (database := labels.find_database(prefix)) and database.entity_type:
        ext_id = database.normalise_id(local)
        return Resolved(database.entity_type, prefix, *(((ext_id,), (database.name,)) if ext_id else ()))
    entity_type = labels.find_type(prefix)
    return Resolved(entity_type, prefix, (f"{prefix}:{local}",), ("",)) if entity_type else None


def _split_id(raw: str, default: str, labels: Labels) -> tuple[str, str] | None:
    """(id, database) as stored; `default` is the database of an id without a prefix. None for "no id" ("-1")."""
    raw = " ".join(raw.split())
    if raw in _NO_ID:
        return None
    match = _RAW_ID.fullmatch(raw)
    if match and (named := labels.find_database(match[1])):
        ext_id = named.normalise_id(match[2])
        return (ext_id, named.name) if ext_id else None
    if database := labels.find_database(default):
        return database.normalise_id(raw), database.name
    return raw, ""


def resolve_mention(
    raw_type: str, raw_ids: Sequence[str], labels: Labels, label_map: LabelMap | None = None
) -> Resolved | None:
    """What a delivered type and its ids mean: by the map of labels that the delivery names, a whole id before its type;
    without a map by SourceData's own words and id prefixes. None where it is unknown."""
    if label_map is None:
        if found := resolve_raw_id(raw_ids[0] if raw_ids else raw_type, labels):
            return found
        entity_type = labels.find_type(raw_type)
    else:
        keys = (*(i.lower() for i in raw_ids), raw_type.lower())
        entity_type = next((label_map.types[k] for k in keys if k in label_map.types), None)
    if entity_type is None:
        return None
    default = label_map.databases.get(raw_type.lower(), "") if label_map else ""
    pairs = dict.fromkeys(pair for raw in raw_ids if (pair := _split_id(raw, default, labels)))
    return Resolved(entity_type, raw_type, tuple(i for i, _ in pairs), tuple(d for _, d in pairs))


def _join_rows(a: AnnotationRecord, b: AnnotationRecord) -> AnnotationRecord:
    known = set(zip(a.ext_ids, a.ext_dbs, strict=True))
    new = [pair for pair in zip(b.ext_ids, b.ext_dbs, strict=True) if pair not in known]
    return replace(
        a,
        ext_ids=a.ext_ids + tuple(i for i, _ in new),
        ext_dbs=a.ext_dbs + tuple(d for _, d in new),
        tag_ids=a.tag_ids + tuple(t for t in b.tag_ids if t not in a.tag_ids),
        role=a.role or b.role,
        raw_role=a.raw_role or b.raw_role,
        n_source_rows=a.n_source_rows + b.n_source_rows,
    )


def _says_nothing_new(row: AnnotationRecord, known: AnnotationRecord) -> bool:
    ids = set(zip(row.ext_ids, row.ext_dbs, strict=True))
    has_ids = ids <= set(zip(known.ext_ids, known.ext_dbs, strict=True))
    return has_ids and (row.role is None or row.role == known.role)


def merge_rows(rows: Iterable[AnnotationRecord]) -> tuple[list[AnnotationRecord], int]:
    """One record a (span, type) from the delivered rows, and how many rows only repeated what stood already.

    Rows of one span that name several ids become one record with a list of ids, in the order delivered. Floating
    tags have no span and are one by (panel, text, type). Two roles on one span: the first delivered stands.
    """
    merged: dict[tuple[object, ...], AnnotationRecord] = {}
    n_repeated = 0
    for row in rows:
        key = (row.is_machine, row.start, row.end, row.entity_type,
               *((row.panel_no, row.text) if row.is_floating else ()))  # fmt: skip
        known = merged.get(key)
        if known is None:
            merged[key] = row
        elif _says_nothing_new(row, known):
            n_repeated += 1
        else:
            merged[key] = _join_rows(known, row)
    return list(merged.values()), n_repeated


def mark_nested(records: Sequence[AnnotationRecord]) -> tuple[AnnotationRecord, ...]:
    """The records in order of the text (floating ones last); of overlapping spans the longest, then the first,
    stands, the others are kept and marked nested (architecture, section 5). A machine's come last and hide none of a
    curator's."""
    machine = [r for r in records if r.is_machine]
    if machine and len(machine) < len(records):
        return (*mark_nested([r for r in records if not r.is_machine]), *mark_nested(machine))
    placed = [(r.start, r.end, n, r) for n, r in enumerate(records) if r.start is not None and r.end is not None]
    starts: list[int] = []  # of those that stand, which never overlap, in order; and their ends
    ends: list[int] = []
    out: list[tuple[int, int, int, AnnotationRecord]] = []
    for start, end, n, record in sorted(placed, key=lambda p: (p[0] - p[1], p[0], p[2])):
        at = bisect_left(starts, end)
        is_nested = at > 0 and ends[at - 1] > start
        if not is_nested:
            starts.insert(at, start)
            ends.insert(at, end)
        out.append((start, -end, n, replace(record, is_nested=is_nested)))
    floating = [r for r in records if r.start is None]
    return (*(r for _, _, _, r in sorted(out, key=lambda p: p[:3])), *floating)
