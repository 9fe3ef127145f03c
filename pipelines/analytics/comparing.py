"""Versions of one figure beside each other: how well two curators agree, what became of a machine's tags, what an
author corrected. Pure.

Two versions are compared on what both were asked for: types that both guidelines annotate, text that stands in both,
and no panel that one of them left untagged, for that is unlabelled and not free of entities.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, groupby, pairwise
from typing import Any

from pipelines.core.alignment import Alignment, align
from pipelines.core.gold import STAGE_RANK
from pipelines.core.records import ENTITY_TYPES
from pipelines.core.text import word_spans

Row = Mapping[str, Any]
OUTSIDE, ALL_TYPES = "O", "all"
FATES = ("kept", "changed", "deleted", "added")
_FATE_KEYS = ("doc_id", "figure_id", "annotator", "review_stage", "machine", "preannotated_by", "entity_type")


@dataclass(frozen=True)
class Mark:
    """One annotation: its place (None for a floating tag), type, text, and the rest of what it says (role, ids)."""

    start: int | None
    end: int | None
    entity_type: str
    text: str
    panel_no: int | None
    rest: tuple[object, ...]
    is_nested: bool = False


@dataclass(frozen=True)
class Version:
    """One sender's version of a figure at one review stage. `machine`: marks inside it that a machine made."""

    doc_id: str
    figure_id: str
    sender: str
    stage: str
    stamp: str
    legend: str
    types: frozenset[str]
    preannotated_by: str | None
    untagged: tuple[tuple[int, int], ...]
    untagged_panels: frozenset[int]
    marks: tuple[Mark, ...]
    machine: tuple[Mark, ...]

    @property
    def order(self) -> tuple[int, str]:
        return STAGE_RANK[self.stage], self.sender

    @cached_property
    def untyped(self) -> tuple[tuple[int, int], ...]:
        """Stretches whose type nobody can name (a cell neither typed nor normalised)."""
        return tuple((m.start, m.end) for m in self.marks
                     if m.start is not None and m.end is not None and m.entity_type not in ENTITY_TYPES)  # fmt: skip

    def judges(self, mark: Mark, way: Alignment) -> bool:
        """False for what this version says nothing about: a type its guideline leaves out, an untagged panel. `way`
        leads from the text that the mark stands in to this version's."""
        if mark.entity_type in ENTITY_TYPES and mark.entity_type not in self.types:
            return False
        if mark.start is None:
            return mark.panel_no not in self.untagged_panels
        place = _place(mark, way)
        return place is None or not _inside(place[0], self.untagged)


def version_of(row: Row) -> Version:
    """A row of sql/select_versions.sql as a version."""
    marks = [(_mark(m), bool(m["is_machine"])) for m in row["marks"] or ()]
    panels = row["untagged"] or ()
    return Version(
        row["doc_id"], row["figure_id"], row["sender"], row["review_stage"], str(row["stamp"]), row["legend"],
        frozenset(row["annotated_types"] or ()), row["preannotated_by"],
        tuple((int(p["start_offset"]), int(p["end_offset"])) for p in panels),
        frozenset(int(p["panel_no"]) for p in panels),
        tuple(m for m, is_machine in marks if not is_machine), tuple(m for m, is_machine in marks if is_machine),
    )  # fmt: skip


def _mark(row: Row) -> Mark:
    rest = (row["role"], tuple(row["ext_ids"] or ()))
    return Mark(row["start_offset"], row["end_offset"], row["entity_type"], row["text"], row["panel_no"], rest,
                bool(row["is_nested"]))  # fmt: skip


def iter_figures(rows: Iterable[Row]) -> Iterator[list[Version]]:
    """The versions of each figure; rows come sorted by document and figure group."""
    for _, group in groupby(rows, key=lambda r: (r["doc_id"], r["figure_group"])):
        yield sorted((version_of(r) for r in group), key=lambda v: v.order)


def compare_figures(figures: Iterable[Sequence[Version]]) -> dict[str, list[dict[str, object]]]:
    """Rows of out.agreement, out.preannotations and out.corrections for figures of several versions."""
    pairs: _Pairs = {}
    fates: list[dict[str, object]] = []
    corrections: list[dict[str, object]] = []
    for versions in figures:
        _count_agreement(versions, pairs)
        fates += fates_of_pretags(versions)
        corrections += corrections_of(versions)
    return {
        "agreement": _agreement_of(pairs),
        "preannotations": add_up(fates, _FATE_KEYS),
        "corrections": add_up(corrections, ("doc_id", "from_stage", "to_stage")),
    }


#: One figure's texts are aligned for each of its tables: a few milliseconds each where they differ.
_align = lru_cache(maxsize=64)(align)


# what became of marks


def count_fates(
    old: Sequence[Mark], new: Sequence[Mark], way: Alignment, *, with_rest: bool
) -> Counter[tuple[str, str]]:
    """How many of `old` were kept, changed (another place that overlaps, or another type; `with_rest`: another role or
    id too) or deleted, by their type, and how many of `new` were added, by theirs. `way` leads from the old text to the
    new one; each mark counts once."""
    counts: Counter[tuple[str, str]] = Counter()
    left = dict(enumerate(new))
    same: dict[tuple[object, ...], list[int]] = {}
    for i, mark in left.items():
        same.setdefault(_key(mark, (mark.start, mark.end)), []).append(i)
    moved: list[tuple[tuple[int, int], Mark]] = []
    for mark in old:
        place = _place(mark, way)
        if (place or mark.start is None) and (found := same.get(_key(mark, place or (None, None)))):
            is_equal = left.pop(found.pop(0)).rest == mark.rest or not with_rest
            counts["kept" if is_equal else "changed", mark.entity_type] += 1
        elif place:
            moved.append((place, mark))
        else:
            counts["deleted", mark.entity_type] += 1
    near = _Near(new)
    for place, mark in sorted(moved, key=lambda m: (m[0], m[1].entity_type)):
        there = ((_overlap(new[i], place), -i) for i in near.candidates(place) if i in left)
        overlap, best = max(there, default=(0, 0))
        if not overlap:
            counts["deleted", mark.entity_type] += 1
        else:
            counts["changed", mark.entity_type] += 1
            left.pop(-best)
    counts.update(("added", mark.entity_type) for mark in left.values())
    return counts


class _Near:
    """Marks by where they begin, so that those that may overlap a place are found without a look at all."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._at = sorted((m.start, i) for i, m in enumerate(marks) if m.start is not None)
        self._longest = max((m.end - m.start for m in marks if m.start is not None and m.end is not None), default=0)

    def candidates(self, place: tuple[int, int]) -> Iterator[int]:
        first = bisect_left(self._at, (place[0] - self._longest, -1))
        yield from (i for _, i in self._at[first : bisect_left(self._at, (place[1], -1))])


def _place(mark: Mark, way: Alignment) -> tuple[int, int] | None:
    return way.map_span(mark.start, mark.end) if mark.start is not None and mark.end is not None else None


def _key(mark: Mark, place: tuple[int | None, int | None]) -> tuple[object, ...]:
    return (mark.entity_type, mark.panel_no, mark.text.lower()) if mark.start is None else (mark.entity_type, *place)


def _overlap(mark: Mark, place: tuple[int, int]) -> int:
    if mark.start is None or mark.end is None:
        return 0
    return max(0, min(mark.end, place[1]) - max(mark.start, place[0]))


def fates_of_pretags(versions: Sequence[Version]) -> Iterator[dict[str, object]]:
    """Rows of out.preannotations: each curator's version against what a machine had marked in the figure before."""
    machines = [v for v in versions if v.stage == "machine"]
    for version in versions:
        if version.stage == "machine":
            continue
        if version.machine:
            yield from _fate_rows(version, "in the file", version.machine, _align(version.legend, version.legend))
        for machine in machines:
            if machine.stamp <= version.stamp:
                yield from _fate_rows(version, machine.sender, machine.marks, _align(machine.legend, version.legend))


def _fate_rows(version: Version, machine: str, marks: Sequence[Mark], way: Alignment) -> Iterator[dict[str, object]]:
    judged = [m for m in marks if version.judges(m, way)]
    unseen = Counter(m.entity_type for m in marks if not version.judges(m, way))
    counts = count_fates(judged, version.marks, way, with_rest=False)
    for entity_type in sorted({t for _, t in counts} | set(unseen)):
        fates = {f"n_{fate}": counts[fate, entity_type] for fate in FATES}
        yield {
            "doc_id": version.doc_id, "figure_id": version.figure_id, "annotator": version.sender,
            "review_stage": version.stage, "machine": machine, "preannotated_by": version.preannotated_by,
            "entity_type": entity_type,
            "n_machine": sum(fates.values()) - fates["n_added"] + unseen[entity_type], **fates,
            "n_unseen": unseen[entity_type],
        }  # fmt: skip


def corrections_of(versions: Sequence[Version]) -> Iterator[dict[str, object]]:
    """Rows of out.corrections, one a figure: each stage's version against the stage's before. Of several of one stage
    the latest, then the last sender by name."""
    latest = {v.stage: v for v in sorted(versions, key=lambda v: (v.order[0], v.stamp, v.sender))}
    stages = sorted(latest.values(), key=lambda v: v.order[0])
    for before, after in pairwise(stages):
        way = _align(before.legend, after.legend)
        marks = [m for m in before.marks if after.judges(m, way)]
        back = _align(after.legend, before.legend)
        news = [m for m in after.marks if before.judges(m, back)]
        counts = count_fates(marks, news, way, with_rest=before.stage != "machine")
        fates = {f"n_{f}": sum(n for (fate, _), n in counts.items() if fate == f) for f in FATES}
        yield {"doc_id": after.doc_id, "from_stage": before.stage, "to_stage": after.stage, "n_figures": 1, **fates}


def add_up(rows: Iterable[Mapping[str, object]], keys: Sequence[str]) -> list[dict[str, object]]:
    """The rows summed over equal keys, in order of the keys; what is no key is a count."""
    out: dict[tuple[object, ...], dict[str, object]] = {}
    for row in rows:
        known = out.setdefault(tuple(row[k] for k in keys), {**row, **dict.fromkeys(set(row) - set(keys), 0)})
        for name in set(row) - set(keys):
            known[name] = int(str(known[name])) + int(str(row[name]))
    return [out[k] for k in sorted(out, key=str)]


# agreement


@dataclass
class _Pair:
    """What two annotators said of the same words and spans, counted over figures; by type and over all types."""

    n_figures: Counter[str]
    n_a: Counter[str]
    n_b: Counter[str]
    n_same: Counter[str]
    words: dict[str, Counter[tuple[str, str]]]


Annotator = tuple[str, str]
_Pairs = dict[tuple[Annotator, Annotator], _Pair]


def agreement_of(figures: Iterable[Sequence[Version]]) -> list[dict[str, object]]:
    """Rows of out.agreement for every two versions of a figure: strict span F1 and Krippendorff's alpha over words."""
    pairs: _Pairs = {}
    for versions in figures:
        _count_agreement(versions, pairs)
    return _agreement_of(pairs)


def _agreement_of(pairs: _Pairs) -> list[dict[str, object]]:
    return [row for key, pair in sorted(pairs.items(), key=lambda p: p[0]) for row in _agreement_rows(key, pair)]


def _count_agreement(versions: Sequence[Version], pairs: _Pairs) -> None:
    for a, b in combinations(versions, 2):
        key = ((a.sender, a.stage), (b.sender, b.stage))
        if key[0] != key[1]:  # one sender's figure from two sources is no second opinion
            _count_pair(a, b, pairs.setdefault(key, _Pair(Counter(), Counter(), Counter(), Counter(), {})))


def _shared_words(a: Version, b: Version, way: Alignment) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """(word of a, the same word of b), without what either left open."""
    open_a, open_b = (*a.untagged, *a.untyped), (*b.untagged, *b.untyped)
    words = ((word, way.map_span(*word)) for word in word_spans(a.legend))
    return [(w, v) for w, v in words if v is not None and not _inside(w[0], open_a) and not _inside(v[0], open_b)]


def _inside(at: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def _count_pair(a: Version, b: Version, pair: _Pair) -> None:
    way = _align(a.legend, b.legend)
    words, types = _shared_words(a, b, way), a.types & b.types & set(ENTITY_TYPES)
    if not words or not types:
        return
    spans_a, spans_b = _spans(a, types, {w[0] for w, _ in words}), _spans(b, types, {v[0] for _, v in words})
    said_b = {(m.start, m.end, m.entity_type) for m in spans_b}
    for mark in spans_a:
        if (place := _place(mark, way)) and (*place, mark.entity_type) in said_b:
            pair.n_same.update((mark.entity_type, ALL_TYPES))
    for counter, spans in ((pair.n_a, spans_a), (pair.n_b, spans_b)):
        for mark in spans:
            counter.update((mark.entity_type, ALL_TYPES))
    pair.n_figures.update((*types, ALL_TYPES))
    labels_a, labels_b = _labels(spans_a, [w for w, _ in words]), _labels(spans_b, [v for _, v in words])
    both = Counter(zip(labels_a, labels_b, strict=True))
    for name in (*types, ALL_TYPES):
        pair.words.setdefault(name, Counter()).update(both if name == ALL_TYPES else _binary(both, name))


def _spans(version: Version, types: frozenset[str], starts: set[int]) -> list[Mark]:
    return [m for m in version.marks if m.entity_type in types and not m.is_nested and m.start in starts]


def _labels(spans: Iterable[Mark], words: Sequence[tuple[int, int]]) -> list[str]:
    """The type at each word: that of the span that covers its first character."""
    covered = {at: m.entity_type for m in spans if m.start is not None and m.end is not None
               for at in range(m.start, m.end)}  # fmt: skip
    return [covered.get(start, OUTSIDE) for start, _ in words]


def _binary(both: Counter[tuple[str, str]], name: str) -> Counter[tuple[str, str]]:
    out: Counter[tuple[str, str]] = Counter()
    for (a, b), n in both.items():
        out[a if a == name else OUTSIDE, b if b == name else OUTSIDE] += n
    return out


def krippendorff_alpha(words: Mapping[tuple[str, str], int]) -> float | None:
    """Nominal alpha of two annotators from how often each pair of labels occurs; None where all labels are equal, for
    agreement beyond chance then means nothing.

    Krippendorff, Computing alpha-reliability (2011), from the table of coincidences. The package `krippendorff`, which
    a test compares, takes units one by one and needs a matrix of labels squared for each: gigabytes for a corpus.
    """
    totals: Counter[str] = Counter()
    for (a, b), n in words.items():
        totals.update({a: n})
        totals.update({b: n})
    n_labels = totals.total()
    expected = n_labels**2 - sum(n**2 for n in totals.values())
    if not expected:
        return None
    observed = 2 * sum(n for (a, b), n in words.items() if a != b)
    return 1 - (n_labels - 1) * observed / expected


def _agreement_rows(key: tuple[Annotator, Annotator], pair: _Pair) -> Iterator[dict[str, object]]:
    (sender_a, stage_a), (sender_b, stage_b) = key
    for name in sorted(pair.n_figures, key=lambda n: (n != ALL_TYPES, n)):
        n_a, n_b = pair.n_a[name], pair.n_b[name]
        if not n_a and not n_b:
            continue
        yield {
            "annotator_a": sender_a, "stage_a": stage_a, "annotator_b": sender_b, "stage_b": stage_b,
            "entity_type": name, "n_figures": pair.n_figures[name], "n_words": pair.words[name].total(),
            "n_spans_a": n_a, "n_spans_b": n_b, "n_spans_same": pair.n_same[name],
            "f1": 2 * pair.n_same[name] / (n_a + n_b), "alpha": krippendorff_alpha(pair.words[name]),
        }  # fmt: skip
