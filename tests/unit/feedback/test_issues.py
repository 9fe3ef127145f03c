"""Rejected rows become issues: one a fault, in the words of the last night, and fixed only by what really mends it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipelines.core.waivers import Assignment, Waiver
from pipelines.errors import UsageError
from pipelines.feedback.issues import (
    Accepted,
    AcceptedIndex,
    Issue,
    Place,
    assign,
    count_by,
    fault_key,
    find_issue,
    merge_issues,
    named_figure,
    order_of,
    place_of,
    select_issues,
    settle,
    state_rows,
    withdrawn_of,
)  # fmt: skip


def row(run_key: str = "2026-01-02", **values: object) -> dict[str, object]:
    return {
        "issue_id": "aaaa1111", "night": run_key.partition(".")[0], "source": "curation", "unit": "annotation",
        "reason": "unknown_type", "message": "its type 'x' is unknown", "name": "b/one.xml", "locator": "fig 7#t1",
        "delivery_id": f"curation:{run_key}:1", "raw_sha256": "s1", "payload": "{}", "run_key": run_key, **values,
    }  # fmt: skip


def issue(**values: object) -> Issue:
    return merge_issues([row(**values)])[0]


def status(one: Issue, *accepted: Accepted, place: Place | None = None, faults: set[tuple[str, ...]] | None = None,
           waivers: dict[str, Waiver] | None = None) -> tuple[str, str]:  # fmt: skip
    index = AcceptedIndex()
    for item in accepted:
        index.add(item)
    found = settle([one], {one.issue_id: place or Place()}, index, faults or set(), waivers or {})[0]
    return found.status, found.settled_by


def later(delivery: str = "curation:2026-01-03:1", order: str = "2026-01-03", **values: str) -> Accepted:
    return Accepted(order_of(order), "curation", delivery, **values)


def test_a_fault_that_comes_again_is_one_issue_in_its_last_words() -> None:
    found = merge_issues([row("2026-01-03", message="newer"), row(), row("2026-01-03.1", message="newest")])
    assert [(i.night, i.last_night, i.last_run, i.message, i.n_nights) for i in found] == [
        ("2026-01-02", "2026-01-03", "2026-01-03.1", "newest", 2)
    ]


def test_the_tenth_run_of_a_night_comes_after_the_ninth() -> None:
    assert order_of("2026-01-02") < order_of("2026-01-02.9") < order_of("2026-01-02.10") < order_of("2026-01-03")


def test_a_later_file_of_the_same_name_fixes_it() -> None:
    assert status(issue(), later(name="b/one.xml")) == ("fixed", "curation:2026-01-03:1")


def test_of_several_fixes_the_first_is_named() -> None:
    found = status(issue(), later("d9", "2026-01-09", name="b/one.xml"), later("d4", "2026-01-04", name="b/one.xml"))
    assert found == ("fixed", "d4")


@pytest.mark.parametrize(
    "accepted",
    [
        later(order="2026-01-02", name="b/one.xml"),
        later(order="2026-01-01", name="b/one.xml"),
        later(name="b/two.xml"),
        Accepted(order_of("2026-01-03"), "deposit", "deposit:2026-01-03:1", "b/one.xml"),
    ],
)
def test_the_same_night_an_older_one_another_file_or_source_fix_nothing(accepted: Accepted) -> None:
    assert status(issue(), accepted) == ("open", "")


def test_another_file_with_the_figure_fixes_it_and_one_with_other_figures_does_not() -> None:
    place = Place(frozenset({"10.1/x"}), frozenset({"7"}))
    assert status(issue(), later(doc_id="10.1/x", figure="8"), place=place)[0] == "open"
    assert status(issue(), later(doc_id="10.1/y", figure="7"), place=place)[0] == "open"
    assert status(issue(), later(doc_id="10.1/x", figure="7"), place=place)[0] == "fixed"


def test_a_whole_file_is_fixed_by_another_file_of_its_document() -> None:
    found = status(issue(unit="file"), later(doc_id="10.1/x"), place=Place(frozenset({"10.1/x"})))
    assert found == ("fixed", "curation:2026-01-03:1")


def test_the_same_fault_under_a_new_file_name_is_no_fix() -> None:
    place = Place(frozenset({"10.1/x"}), frozenset({"7"}))
    for run_key in ("2026-01-03", ""):  # that of the run that accepted the figure, or found by publishing
        faults = {fault_key(run_key, "curation:2026-01-03:1", "annotation", "unknown_type", "fig 7#t1")}
        assert status(issue(), later(doc_id="10.1/x", figure="7"), place=place, faults=faults)[0] == "open"


def test_a_replay_in_which_the_fault_is_gone_fixes_it() -> None:
    one = issue()
    faults = {fault_key("2026-01-02", one.delivery_id, one.unit, one.reason, one.locator)}
    again = later(one.delivery_id, "2026-01-02", name="b/one.xml")
    replayed = replace(again, order=order_of("2026-01-02.1"))
    assert status(one, replayed, faults=faults) == ("fixed", "replay 2026-01-02.1")
    faults.add(fault_key("2026-01-02.1", one.delivery_id, one.unit, one.reason, one.locator))
    assert status(one, replayed, faults=faults) == ("open", "")


def test_owner_and_note_go_with_the_issue_and_publishing_is_told_what_it_cannot_work_out() -> None:
    rows = [row(), row(issue_id="bbbb", locator="x", rule="publish.legend_changed")]
    mine, found = assign(merge_issues(rows), [Assignment("aaaa1111", "ada", "asked")])
    assert (mine.owner, mine.note, found.owner) == ("ada", "asked", "")
    assert [s["issue_id"] for s in state_rows([mine, found])] == ["aaaa1111"]
    assert [s["status"] for s in state_rows([replace(found, status="waived")])] == ["waived"]


def test_a_waiver_stands_while_nothing_mends_the_fault() -> None:
    waivers = {"aaaa1111": Waiver("aaaa1111", "ada", "the curator left", "2026-01-05")}
    assert status(issue(), waivers=waivers) == ("waived", "ada, 2026-01-05: the curator left")
    assert status(issue(), later(name="b/one.xml"), waivers=waivers)[0] == "fixed"


@pytest.mark.parametrize(
    ("locator", "figure"),
    [("fig 4001#sdTag1", "4001"), ("12#7", "12"), ("fig 4001", "4001"), ("3:2805", ""), ("", ""), ("10.1/x", "")],
)
def test_a_locator_names_its_figure(locator: str, figure: str) -> None:
    assert named_figure(locator) == figure


def test_a_place_comes_from_the_row_the_records_of_its_file_or_its_first_bytes() -> None:
    by_row = place_of(issue(payload=json.dumps({"figure_id": "10.1/x#fig-1"}), locator=""), [])
    assert (by_row.doc_ids, by_row.figures) == ({"10.1/x"}, {"10.1/x#fig-1"})
    by_record = place_of(issue(), [{"doc_id": "10.1/x", "figure_id": "10.1/x#cur-a", "jats_id": "7"}])
    assert (by_record.doc_ids, by_record.figures) == ({"10.1/x"}, {"7"})
    assert place_of(issue(unit="file", locator=""), [], b"%PDF-1.7") == Place()


@pytest.mark.parametrize(
    ("head", "docs"),
    [
        (b'<article doi="10.1/X" date="', {"10.1/x"}),
        (b"<article-id pub-id-type='doi'>10.1/X</article-id>", {"10.1/x"}),
        (b'<infon key="doi">10.1/X</infon><infon key="pmc_id">12</infon>', {"10.1/x", "pmc:12"}),
        (b'<article-id pub-id-type="pmc">PMC12</article-id>', {"pmc:12"}),
        (b'<pub-id pub-id-type="doi">10.1/of-a-reference</pub-id>', set()),
        (b'<related-article ext-link-type="doi" xlink:href="10.1/another"/>', set()),
    ],
)
def test_a_file_of_which_nothing_was_accepted_may_still_name_its_article(head: bytes, docs: set[str]) -> None:
    assert place_of(issue(unit="file", locator="1:9"), [], head) == Place(frozenset(docs))


def test_selection_by_reason_night_and_status() -> None:
    found = merge_issues([row(), row("2026-01-04"), row(issue_id="b", reason="not_xml", name="c")])
    assert [i.issue_id for i in select_issues(found, reason="not_xml")] == ["b"]
    assert [i.issue_id for i in select_issues(found, night="2026-01-03")] == ["aaaa1111"]
    assert select_issues(found, status="waived") == []
    assert count_by(found, "reason") == {"not_xml": 1, "unknown_type": 1}
    with pytest.raises(UsageError, match="open, fixed, waived"):
        select_issues(found, status="lost")


def test_an_issue_is_found_by_the_beginning_of_its_id() -> None:
    found = merge_issues([row(), row(issue_id="aaaa2222", name="c")])
    assert find_issue(found, " AAAA1111 ").issue_id == "aaaa1111"
    assert find_issue(found, "aaaa2").issue_id == "aaaa2222"
    with pytest.raises(UsageError, match="2 issues begin with"):
        find_issue(found, "aaaa")
    for wanted in ("aaa", "bbbb", ""):
        with pytest.raises(UsageError, match="quarantine list"):
            find_issue(found, wanted)


def test_a_payload_that_is_no_object_is_kept() -> None:
    assert issue(payload="[1]").to_dict()["payload"] == {"value": [1]}
    assert issue(payload="").row == {}


def test_a_withdrawn_delivery_or_night_hides_what_came_before_it() -> None:
    versions = [
        {"run_key": "2026-11-18", "seq": 1}, {"run_key": "2026-11-19", "seq": 2},
        {"run_key": "withdraw-3", "seq": 3, "withdrawn": {"target": "c:2026-11-18:2", "through_seq": 2}},
        {"run_key": "withdraw-4", "seq": 4, "withdrawn": {"target": "2026-11-19", "through_seq": 3}},
        {"run_key": "2026-11-19.1", "seq": 5},
    ]  # fmt: skip
    brought = [
        ("2026-11-18", "c:2026-11-18:1"), ("2026-11-18", "c:2026-11-18:2"), ("2026-11-19", "c:2026-11-19:1"),
        ("2026-11-19.1", "c:2026-11-19:2"), ("2026-11-20", "c:2026-11-18:2"),
    ]  # fmt: skip
    assert withdrawn_of(versions, brought) == {brought[1], brought[2]}
