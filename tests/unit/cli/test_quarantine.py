"""Which rule rejected a row is named, and text that may not leave the house is left out."""

from __future__ import annotations

import pytest

from pipelines.cli.quarantine import _marked, _without_text, rule_of
from pipelines.core.records import Reason
from pipelines.feedback.issues import Issue, merge_issues
from pipelines.quality.reasons import iter_issues, rejection_row
from pipelines.quality.suites import build_suites


def issue(rule: str, version: str = "") -> Issue:
    row = {"figure_id": "10.1/x#f", "raw_sha256": "s", "source": "c"}
    rejected = rejection_row("figure", Reason.NO_LEGEND, "empty", "here", row, {}, (rule, version))
    return merge_issues({**i, "run_key": "2026-01-02"} for i in iter_issues("2026-01-02", [rejected]))[0]


def test_a_rule_is_named_with_its_version_and_what_it_says() -> None:
    says = next(r.message for s in build_suites() for r in s.rules if (s.table, r.name) == ("figures", "legend_text"))
    assert rule_of(issue("figures.legend_text", "v1")) == {
        "stage": "check", "suite": "figures", "rule": "legend_text", "says": says, "version": "v1",
    }  # fmt: skip
    assert rule_of(issue("figures.dropped_since"))["says"] is None


@pytest.mark.parametrize(
    ("rule", "stage"), [("parse", "parse"), ("pull", "pull"), ("publish.legend_changed", "publish")]
)
def test_steps_have_no_rule(rule: str, stage: str) -> None:
    assert (rule_of(issue(rule))["stage"], rule_of(issue(rule))["rule"]) == (stage, None)


@pytest.mark.parametrize("licence", ["noncommercial", "tdm_only", "unknown", "barred", None])
def test_text_leaves_only_under_an_open_licence(licence: str | None) -> None:
    row = {"legend": "A legend", "abstract": None, "doc_id": "10.1/x", "licence": licence}
    assert _without_text(row) == {**row, "legend": "(left out: licence not open)"}
    assert _without_text({**row, "licence": "open"})["legend"] == "A legend"


def test_a_marked_legend_keeps_its_brackets() -> None:
    assert _marked("a [b] c", [(6, 7)]) == r"a \[b] [reverse]»c«[/]"
