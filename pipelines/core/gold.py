"""Which curated rows are gold: whose version of a figure, and of it what for which task. One rule for counting,
benchmarks, training and the served tables.

Several senders may curate one figure, and one sender at several review stages: all versions are kept. The gold one is
the author's before a curator's; then the later key of current (stated date, else night; stated version; content hash).
A machine's is never gold. `schemas/current/45_gold_figures.sql` is the same rule over a corpus version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipelines.core.ids import split_figure_id
from pipelines.core.records import ENTITY_TYPES
from pipelines.core.tagging import Span

TASKS = ("panelization", "ner", "roles_gene", "roles_small_mol")
ROLE_TYPES = {"roles_gene": "GENEPROD", "roles_small_mol": "SMALL_MOLECULE"}
#: Role as stored → label of the role tasks (the names of EMBO/SourceData). A boring mention has no role label.
ROLE_LABELS = {"controlled": "CONTROLLED_VAR", "measured": "MEASURED_VAR"}
PANEL_START = "PANEL_START"

#: Review stages by what they count for gold; 0 never is.
STAGE_RANK = {"machine": 0, "curator": 1, "author": 2}
_NO_LABEL = "pos-"

Row = Mapping[str, object]


def layer_id(figure_id: str, sender: str, review_stage: str) -> str:
    """What a later delivery supersedes: one sender's version of a curated figure at one review stage."""
    return "\x1f".join((figure_id, sender, review_stage))


def gold_group(figure_id: str, source: str) -> str:
    """Curated figures of one document with the same group are one figure, of which one version is gold: those with one
    key from a printed label, whatever source brought them; without a label only those of one source."""
    key = split_figure_id(figure_id)[1]
    bare = key.removeprefix(f"cur-{source}-")
    return key if bare.startswith(_NO_LABEL) else bare


def _number(value: object) -> int:
    return int(str(value))


def _is_span(row: Row) -> bool:
    return not row["is_floating"] and not row["is_nested"] and row["review_stage"] != "machine"


def entity_spans(annotations: Iterable[Row]) -> list[Span]:
    """Gold of `ner`: spans in the text, of overlapping ones the longest, of the nine entity types."""
    return sorted(
        Span(_number(r["start_offset"]), _number(r["end_offset"]), str(r["entity_type"]))
        for r in annotations
        if _is_span(r) and r["entity_type"] in ENTITY_TYPES
    )


def untyped_spans(annotations: Iterable[Row]) -> list[tuple[int, int]]:
    """Stretches whose entity type is not known (a cell neither typed nor normalised): masked, never O."""
    return sorted(
        (_number(r["start_offset"]), _number(r["end_offset"]))
        for r in annotations
        if _is_span(r) and r["entity_type"] not in ENTITY_TYPES
    )


def role_spans(annotations: Iterable[Row], task: str) -> tuple[list[Span], list[Span]]:
    """Gold of a roles task: (mentions of its entity type, those of them with a role label)."""
    rows = [r for r in annotations if _is_span(r) and r["entity_type"] == ROLE_TYPES[task]]
    mentions = [Span(_number(r["start_offset"]), _number(r["end_offset"]), ROLE_TYPES[task]) for r in rows]
    roles = [
        Span(_number(r["start_offset"]), _number(r["end_offset"]), ROLE_LABELS[str(r["role"])])
        for r in rows
        if r["role"] in ROLE_LABELS
    ]
    return sorted(mentions), sorted(roles)


def marker_spans(panels: Sequence[Row], legend: str) -> list[Span] | None:
    """Gold of `panelization`: one span per panel marker, a word long; None where a panel's start can't be known."""
    if not panels or not all(p["has_marker"] for p in panels):
        return None
    offsets = sorted({_number(o) for p in panels for o in _list(p["marker_offsets"])})
    return [Span(o, _word_end(legend, o), PANEL_START) for o in offsets]


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _word_end(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end].isalnum():
        end += 1
    return max(end, min(start + 1, len(text)))


def task_counts(panels: Sequence[Row], annotations: Sequence[Row], *, has_roles: bool) -> dict[str, int]:
    """Gold spans per task in one curated figure."""
    markers = marker_spans(panels, "")
    counts = {"panelization": len(markers or ()), "ner": len(entity_spans(annotations))}
    for task in ROLE_TYPES:
        counts[task] = len(role_spans(annotations, task)[1]) if has_roles else 0
    return counts
