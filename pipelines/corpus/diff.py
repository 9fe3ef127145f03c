"""Two corpus versions compared in entities and figures, not files: rows of sql/diff_*.sql in, one object out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
CHANGES = ("gained", "lost", "changed")


def _zero() -> dict[str, int]:
    return dict.fromkeys(CHANGES, 0)


def _tally(rows: Iterable[Row]) -> dict[str, int]:
    counts = _zero()
    for row in rows:
        counts[str(row["change"])] += int(row.get("n", 1))
    return counts


def _by_class(rows: Sequence[Row]) -> list[dict[str, object]]:
    out = []
    for entity_type in sorted({str(r["entity_type"]) for r in rows}):
        mine = [r for r in rows if r["entity_type"] == entity_type]
        same = sum(int(r["n"]) for r in mine if r["change"] == "same")
        counts = _tally(r for r in mine if r["change"] != "same")
        before, after = same + counts["lost"] + counts["changed"], same + counts["gained"] + counts["changed"]
        out.append({"entity_type": entity_type, "before": before, "after": after, **counts})
    return out


def _by_document(documents: Iterable[Row], figures: Iterable[Row], annotations: Iterable[Row]) -> list[dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}

    def entry(doc_id: str) -> dict[str, Any]:
        blank: dict[str, Any] = {"doc_id": doc_id, "title": None, "change": "same", "what": [], "figures": _zero(),
                 "annotations": _zero(), "by_class": {}, "other_annotations": _zero()}  # fmt: skip
        return out.setdefault(doc_id, blank)

    for row in documents:
        entry(str(row["doc_id"])).update(title=row["title"], change=row["change"], what=list(row["what"]))
    for row in figures:
        entry(str(row["doc_id"]))["figures"][row["change"]] += 1
    for row in annotations:
        if row["change"] != "same":
            mine = entry(str(row["doc_id"]))
            if not row["is_gold"]:
                mine["other_annotations"][row["change"]] += int(row["n"])
                continue
            mine["annotations"][row["change"]] += int(row["n"])
            mine["by_class"].setdefault(row["entity_type"], _zero())[row["change"]] += int(row["n"])
    return [out[k] for k in sorted(out)]


def _what_changed(rows: Iterable[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        if row["change"] == "changed":
            counts[str(row["what"])] = counts.get(str(row["what"]), 0) + int(row["n"])
    return dict(sorted(counts.items()))


def build_diff(
    documents: Sequence[Row], figures: Sequence[Row], annotations: Sequence[Row]
) -> dict[str, Any]:  # fmt: skip
    """{is_equal, documents, figures, annotations, other_annotations, annotations_changed, by_class, by_document,
    figure_changes}.

    The first ones hold {gained, lost, changed}. `annotations`, and what is said of them by class and document, are
    gold: what models learn and tables show; `other_annotations` are those of machines and of versions that are not
    gold. A document's `change` is `same` where only its figures or annotations differ.
    """
    differing = [r for r in annotations if r["change"] != "same"]
    gold = [r for r in annotations if r["is_gold"]]
    return {
        "is_equal": not (documents or figures or differing),
        "documents": _tally(documents),
        "figures": _tally(figures),
        "annotations": _tally(r for r in differing if r["is_gold"]),
        "other_annotations": _tally(r for r in differing if not r["is_gold"]),
        "annotations_changed": _what_changed(gold),
        "by_class": _by_class(gold),
        "by_document": _by_document(documents, figures, annotations),
        "figure_changes": [{**r, "what": list(r["what"])} for r in figures],
    }
