"""Which rule rejected a row is found again by its words, and text that may not leave the house is left out."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.cli.quarantine import _marked, _without_text, rule_of
from pipelines.feedback.issues import Issue, merge_issues
from pipelines.quality.reasons import iter_issues, message_of, rejection_row
from pipelines.quality.rules import Rule, Severity
from pipelines.quality.suites import build_suites

CRITICAL = [
    (s.table, s.unit, r) for s in build_suites() for r in s.rules if r.severity is Severity.CRITICAL
]  # fmt: skip


def issue(unit: str, rules: list[Rule], row: dict[str, Any]) -> Issue:
    values = {**row, "n_legend": 10, "legend_there": "x (also: y)"}
    rejected = rejection_row(unit, rules[0].reason, message_of(rules, values), "here", row, {})
    return merge_issues({**i, "run_key": "2026-01-02"} for i in iter_issues("2026-01-02", [rejected]))[0]


@pytest.mark.parametrize(("table", "unit", "rule"), CRITICAL, ids=[f"{t}.{r.name}" for t, _, r in CRITICAL])
def test_every_critical_rule_is_found_by_its_message(table: str, unit: str, rule: Rule) -> None:
    others = [r for t, _, r in CRITICAL if t == table and r is not rule][:2]
    for rules in ([rule], [rule, *others]):
        found = rule_of(issue(unit, rules, {"raw_sha256": "s", "content_sha256": "s"}))
        says = {r.message for t, _, r in CRITICAL if t == table and r.name == found["rule"]}
        assert (found["stage"], found["suite"]) == ("check", table)
        assert rule.message in says


def test_parsers_and_publishing_have_no_rule() -> None:
    row = {"issue_id": "a", "night": "2026-01-02", "run_key": "2026-01-02", "source": "c", "unit": "annotation",
           "reason": "unknown_type", "message": "m", "name": "n", "locator": "", "delivery_id": "d", "raw_sha256": "s",
           "payload": '{"text": "x"}'}  # fmt: skip
    assert rule_of(merge_issues([row])[0])["stage"] == "parse"
    lost = {**row, "reason": "legend_changed", "payload": '{"annotation_id": "1"}'}
    assert rule_of(merge_issues([lost])[0])["stage"] == "publish"
    parent = {**row, "reason": "parent_rejected", "payload": '{"raw_sha256": "s"}'}
    assert rule_of(merge_issues([parent])[0]) == {"stage": "check", "suite": None, "rule": None, "says": None}


@pytest.mark.parametrize("licence", ["noncommercial", "tdm_only", "unknown", "barred", None])
def test_text_leaves_only_under_an_open_licence(licence: str | None) -> None:
    row = {"legend": "A legend", "abstract": None, "doc_id": "10.1/x", "licence": licence}
    assert _without_text(row) == {**row, "legend": "(left out: licence not open)"}
    assert _without_text({**row, "licence": "open"})["legend"] == "A legend"


def test_a_marked_legend_keeps_its_brackets() -> None:
    assert _marked("a [b] c", [(6, 7)]) == r"a \[b] [reverse]»c«[/]"
