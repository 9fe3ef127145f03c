"""What a version says of itself."""

from __future__ import annotations

from pipelines.corpus.manifest import suite_results


def test_a_manifest_counts_the_rules_of_each_suite_and_names_those_that_failed() -> None:
    rows = [
        {"suite": "panels", "rule": "has_label", "success": False, "n_failed": 3},
        {"suite": "panels", "rule": "source_not_null", "success": True, "n_failed": 0},
        {"suite": "night", "rule": "tagged_share", "success": False, "n_failed": None},
    ]
    found = suite_results(rows)
    assert found == {
        "night": {"n_rules": 1, "failed": {"tagged_share": None}},
        "panels": {"n_rules": 2, "failed": {"has_label": 3}},
    }
    assert list(found) == ["night", "panels"]
