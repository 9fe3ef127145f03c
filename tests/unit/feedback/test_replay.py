"""What a replay reads: the file of each issue, and of a rejected delivery all its files."""

from __future__ import annotations

from pipelines.feedback.issues import Issue, merge_issues
from pipelines.feedback.replay import Replay, plan_replays, why_not


def issue(issue_id: str, **values: object) -> Issue:
    row = {
        "issue_id": issue_id, "night": "2026-01-02", "source": "curation", "unit": "annotation", "reason": "bad_date",
        "message": "it is wrong", "name": "b/one.xml", "locator": "7", "delivery_id": "curation:2026-01-02:1",
        "raw_sha256": "s1", "payload": "{}", "run_key": "2026-01-02", "rule": "deliveries.stated_date",
    }  # fmt: skip
    return merge_issues([{**row, **values}])[0]


def test_a_rejected_delivery_is_read_again_with_all_its_files() -> None:
    delivery = issue("d", unit="delivery", raw_sha256="")
    assert why_not(delivery, ()) is None
    found = plan_replays([issue("a"), delivery], lambda i: [f"{i.issue_id}1", "s1"])
    assert found == [Replay("2026-01-02", ("d1", "s1"), ("a", "d"))]


def test_what_was_never_read_is_not_read_again() -> None:
    assert "never read" in str(why_not(issue("f", unit="file", raw_sha256="", rule="pull"), ()))
