"""From rules to issues: one reason, in words, with an id that does not move."""

from __future__ import annotations

import json

from pipelines.core.records import Reason
from pipelines.quality.reasons import (
    iter_issues,
    locator_of,
    message_of,
    parent_message,
    rejection_row,
    render,
    rows_without_parent,
)
from pipelines.quality.rules import in_set, not_null
from pipelines.quality.run_suites import Outcome, first_failures

ROLE = in_set("role", ("controlled", "measured"), Reason.BAD_ROLE)
TEXT = not_null("text")


def test_the_first_rule_gives_the_message_and_others_stand_behind() -> None:
    row = {"role": "boss", "text": None}
    assert message_of([ROLE], row) == "role is 'boss', expected one of controlled, measured"
    assert message_of([TEXT, ROLE], row).startswith("text is missing (also: role is 'boss'")
    assert message_of([TEXT, ROLE, ROLE, ROLE], row).count("boss") == 2


def test_values_in_messages_are_cut_and_never_a_reason_to_fail() -> None:
    assert len(render("{legend}", {"legend": "x" * 5000})) == 121
    assert render("{ids} {nothing}", {"ids": ["a", "b"]}) == "a, b None"
    assert render("{share:.0%}", {"share": 0.5}) == "50%"
    assert render("'{text}'", {"text": "a {brace} in it"}) == "'a {brace} in it'"


def test_only_critical_failures_reject_in_the_order_of_the_suite() -> None:
    warning = in_set("licence", ("open",), Reason.RULE_FAILED, severity=TEXT.severity.__class__("warning"))
    outcomes = [Outcome("t", TEXT, 9, (3,)), Outcome("t", warning, 9, (1, 2)), Outcome("t", ROLE, 9, (3, 4))]
    assert first_failures(outcomes) == {3: [TEXT, ROLE], 4: [ROLE]}
    assert [o.is_fatal for o in outcomes] == [True, False, True]


def test_a_child_is_lost_only_where_no_copy_of_its_parent_is_left() -> None:
    children = [("a",), ("b",), ("c",), ("d",)]
    assert rows_without_parent(children, [("a",), ("a",), ("b",), ("c",)], [("a",), ("c",)]) == [1]


def test_a_rejection_names_file_place_and_row() -> None:
    row = {"figure_id": "10.1/a#fig-1", "doc_id": "10.1/a", "raw_sha256": "ff", "source": "s", "delivery_id": None}
    found = rejection_row(
        "figure", Reason.NO_LEGEND, "empty", locator_of("figures", row), row, {"ff": "a.xml"}, ("figures.x", "v1")
    )
    assert (found["name"], found["locator"], found["reason"]) == ("a.xml", "10.1/a#fig-1", "no_legend")
    assert json.loads(str(found["payload"])) == row
    assert rejection_row("figure", Reason.NO_LEGEND, "empty", "x", row, {}, ("", ""))["name"] == "ff"
    assert (found["rule"], found["rule_version"]) == ("figures.x", "v1")
    assert parent_message("documents", row) == "its document 10.1/a was rejected, see there"
    assert parent_message("figures", row) == "its figure 10.1/a#fig-1 was rejected, see there"


def test_a_text_beyond_all_legends_is_not_kept_whole() -> None:
    row = {"figure_id": "10.1/a#fig-1", "legend": "x" * 1_000_000, "caption_xml": "é" * 50_000, "position": 1}
    found = rejection_row("figure", Reason.OVERLONG_LEGEND, "overlong", "x", row, {}, ("", ""))
    payload = json.loads(str(found["payload"]))
    assert payload == {**row, "legend": "x" * 50_000 + "… (1000000 characters)"}


def _rejection(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "source": "s", "unit": "panel", "reason": "duplicate_panel", "message": "m", "name": "a.xml", "locator": "f/0",
        "delivery_id": "s:2026-01-01:1", "raw_sha256": "ff", "payload": {"x": 1},
    }  # fmt: skip
    return {**row, **changes}


def test_issue_ids_do_not_move_with_night_message_delivery_or_order() -> None:
    first = list(iter_issues("2026-01-01", [_rejection(), _rejection(locator="f/1")]))
    later = [_rejection(locator="f/1", message="other words"), _rejection(delivery_id="s:2026-01-09:3", payload="{}")]
    second = list(iter_issues("2026-01-09", later))
    assert [i["issue_id"] for i in first] == [i["issue_id"] for i in second]
    assert [i["night"] for i in second] == ["2026-01-09"] * 2
    for column in ("source", "unit", "reason", "name", "locator"):
        changed = next(iter_issues("2026-01-01", [_rejection(**{column: "another"})]))
        assert changed["issue_id"] != first[0]["issue_id"], column


def test_alike_rejections_are_told_apart() -> None:
    found = list(iter_issues("2026-01-01", [_rejection(), _rejection(), _rejection()]))
    assert [i["locator"] for i in found] == ["f/0", "f/0 (2)", "f/0 (3)"]
    assert len({i["issue_id"] for i in found}) == 3
    assert json.loads(str(found[0]["payload"])) == {"x": 1}
