"""Rows of the comparison in, one object out."""

from __future__ import annotations

from pipelines.corpus.diff import build_diff

NONE = {"gained": 0, "lost": 0, "changed": 0}


def annotation(
    doc_id: str | None, change: str, n: int, entity_type: str = "TISSUE", what: str | None = None, is_gold: bool = True
) -> dict[str, object]:
    return {"doc_id": doc_id, "is_gold": is_gold, "entity_type": entity_type, "change": change, "what": what, "n": n}


def test_nothing_differs() -> None:
    diff = build_diff([], [], [annotation(None, "same", 7)])
    assert diff["is_equal"]
    assert diff["by_document"] == []
    assert diff["by_class"] == [{"entity_type": "TISSUE", "before": 7, "after": 7, **NONE}]


def test_totals_classes_and_documents_add_up() -> None:
    documents = [{"doc_id": "b", "title": "B", "change": "changed", "what": ["revision"]}]
    figures = [{"figure_id": "a#1", "doc_id": "a", "change": "gained", "what": []}]
    annotations = [
        annotation(None, "same", 10),
        annotation("a", "gained", 3),
        annotation("a", "lost", 1, "DISEASE"),
        annotation("b", "changed", 2, what="role"),
        annotation("b", "gained", 5, is_gold=False),
        annotation(None, "same", 4, is_gold=False),
    ]
    diff = build_diff(documents, figures, annotations)
    assert not diff["is_equal"]
    assert diff["documents"] == {**NONE, "changed": 1}
    assert diff["figures"] == {**NONE, "gained": 1}
    assert diff["annotations"] == {"gained": 3, "lost": 1, "changed": 2}
    assert diff["other_annotations"] == {**NONE, "gained": 5}
    assert diff["annotations_changed"] == {"role": 2}
    assert diff["by_class"][0] == {"entity_type": "DISEASE", "before": 1, "after": 0, **NONE, "lost": 1}
    assert diff["by_class"][1] == {
        "entity_type": "TISSUE",
        "before": 12,
        "after": 15,
        "gained": 3,
        "lost": 0,
        "changed": 2,
    }
    first, second = diff["by_document"]
    assert second["other_annotations"] == {**NONE, "gained": 5}
    assert (first["doc_id"], first["change"], first["figures"]["gained"]) == ("a", "same", 1)
    assert first["by_class"] == {"TISSUE": {**NONE, "gained": 3}, "DISEASE": {**NONE, "lost": 1}}
    assert (second["change"], second["what"], second["annotations"]) == (
        "changed",
        ["revision"],
        {**NONE, "changed": 2},
    )
