"""From curated rows to examples: what each task learns from and is scored on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.core.gold import ROLE_LABELS, ROLE_TYPES, entity_spans, marker_spans, role_spans, untyped_spans
from pipelines.core.records import ENTITY_TYPES
from pipelines.core.tagging import Span
from pipelines.core.text import fold
from pipelines.taggers.bundle import Example

Row = Mapping[str, Any]


@dataclass(frozen=True)
class CuratedRows:
    """A curated figure with its rows; `figure` has the columns of sql/curated_figures.sql."""

    figure: Row
    panels: Sequence[Row]
    annotations: Sequence[Row]


def labels_of(task: str, figures: Iterable[CuratedRows]) -> tuple[str, ...]:
    """Label set of a training: for ner the types that some delivery annotates and that occur."""
    if task == "panelization":
        return ("PANEL_START",)
    if task in ROLE_TYPES:
        return tuple(ROLE_LABELS.values())
    seen: set[str] = set()
    for f in figures:
        seen |= {s.label for s in entity_spans(f.annotations)} & set(f.figure["annotated_types"])
    return tuple(t for t in ENTITY_TYPES if t in seen)


def example_of(task: str, rows: CuratedRows, split: str) -> Example | None:
    """The figure as an example of a task; None where it holds no gold of it (an unmarked panel start, no roles)."""
    figure, legend = rows.figure, str(rows.figure["legend"])
    annotated = tuple(t for t in figure["annotated_types"] if t in ENTITY_TYPES)
    unlabelled = [(int(p["start_offset"]), int(p["end_offset"])) for p in rows.panels if not p["is_labelled"]]
    spans: list[Span] | None
    context: list[Span] = []
    if task == "panelization":
        spans, unlabelled = marker_spans(rows.panels, legend), []
    elif task in ROLE_TYPES:
        context, spans = role_spans(rows.annotations, task) if figure["has_roles"] else ([], None)
        spans = spans if context else None
    else:
        every = entity_spans(rows.annotations)
        spans = [s for s in every if s.label in annotated]
        unlabelled += untyped_spans(rows.annotations)
        unlabelled += [(s.start, s.end) for s in every if s.label not in annotated]
        spans = spans if annotated else None  # a guideline without types says of no word what it is
    if spans is None:
        return None
    annotated = annotated if task == "ner" else ()  # the guideline's types say nothing of markers and roles
    return Example(str(figure["figure_id"]), str(figure["doc_id"]), split, legend, tuple(spans),
                   tuple(sorted(unlabelled)), annotated, tuple(context))  # fmt: skip


def is_trainable(figure: Row) -> bool:
    """Of train, not left out, not retracted, not machine-made."""
    return (figure["split"] in ("train", "dev") and not figure["exclusion"] and figure["status"] != "retracted"
            and figure["review_stage"] != "machine")  # fmt: skip


def usable_auxiliary(
    auxiliary: Iterable[CuratedRows], wanted: Collection[str], judged: Iterable[str]
) -> list[CuratedRows]:
    """Auxiliary texts that follow one of the wanted maps of labels: of train only, and none whose text stands among the
    legends on which models are judged."""
    known = {" ".join(fold(legend).split()) for legend in judged}
    return [
        rows for rows in auxiliary
        if rows.figure["labels"] in wanted and rows.figure["split"] == "train" and is_trainable(rows.figure)
        and " ".join(fold(str(rows.figure["legend"])).split()) not in known
    ]  # fmt: skip


def changed_share(before: Mapping[str, tuple[str, int]], now: Mapping[str, tuple[str, int]]) -> float:
    """Share of gold spans that were added, changed or removed; figures as id → (revision, spans)."""
    total = max(sum(n for _, n in before.values()), sum(n for _, n in now.values()), 1)
    changed = sum(n for f, (sha, n) in now.items() if before.get(f, ("", 0))[0] != sha)
    changed += sum(n for f, (_, n) in before.items() if f not in now)
    return changed / total
