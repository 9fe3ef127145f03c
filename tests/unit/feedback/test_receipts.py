"""A receipt: what it counts, what it says of each rejected row, and that it says so safely."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.core.records import Reason
from pipelines.feedback.alignments import describe_alignments
from pipelines.feedback.expected import EXPECTED, expected_for
from pipelines.feedback.issues import Issue
from pipelines.feedback.places import LegendPlace, RawPlace
from pipelines.feedback.receipt_page import ROWS_ON_PAGE, mark_legend, render_receipt
from pipelines.feedback.receipts import build_receipt, count_files, file_name, receipt_fingerprint, receipt_key

DELIVERY: dict[str, Any] = {
    "row": "delivery", "delivery_id": "curation:2026-01-02:1", "source": "curation", "sender": "group b", "name": "b",
    "stated_date": None, "review_stage": "curator", "annotated_types": ["GENEPROD"], "has_roles": True,
    "is_synthetic": False, "format": "mixed", "content_sha256": "c",
}  # fmt: skip
NIGHT = {"night": "2026-01-02", "run_key": "2026-01-02", "status": "published", "corpus_version": "corpus/2026-01-02"}
FILES = [
    {"name": "b/one.xml", "status": "valid", "raw_sha256": "s1"},
    {"name": "b/cut.xml", "status": "valid", "raw_sha256": "s2"},
    {"name": "b/big.xml", "status": "quarantined", "raw_sha256": ""},
    {"name": "b/copy.xml", "status": "duplicate", "raw_sha256": "s1"},
    {"name": "b/delivery.toml", "status": "ignored", "raw_sha256": ""},
]


def issue(**values: Any) -> Issue:
    base: dict[str, Any] = {
        "issue_id": "a1", "night": "2026-01-02", "last_night": "2026-01-02", "last_run": "2026-01-02",
        "source": "curation", "unit": "annotation", "reason": "unknown_type", "message": "its type <x> is unknown",
        "name": "b/one.xml", "locator": "fig 7#t1", "delivery_id": "curation:2026-01-02:1", "raw_sha256": "s1",
        "payload": '{"text": "p62"}',
    }  # fmt: skip
    return Issue(**{**base, **values})


ISSUES = [
    issue(),
    issue(issue_id="a2", unit="file", reason="not_well_formed", name="b/cut.xml", raw_sha256="s2", locator="1:9"),
    issue(issue_id="a3", unit="file", reason="too_large", name="b/big.xml", raw_sha256="", locator=""),
]


def receipt(**night: Any) -> dict[str, Any]:
    places = {"a1": (RawPlace(3, 14, "…"), LegendPlace("Figure 1", "With <p62>", ((6, 9),), True))}
    return build_receipt(DELIVERY, {**NIGHT, **night}, FILES, ISSUES, {"figure": 2, "annotation": 30}, places)


def test_files_are_counted_once_whoever_rejected_them() -> None:
    assert count_files(FILES, ISSUES) == {"n_in": 5, "accepted": 1, "rejected": 2, "duplicate": 1, "ignored": 1}


def test_what_nobody_read_is_named_with_why() -> None:
    files = [*FILES, {"name": "b/<pipe>.xml", "status": "ignored", "raw_sha256": "", "reason": "a device or pipe"}]
    found = build_receipt(DELIVERY, NIGHT, files, [], {}, {})
    assert found["not_read"] == [{"file": "b/<pipe>.xml", "why": "a device or pipe"}]
    assert "<code>b/&lt;pipe&gt;.xml</code> (a device or pipe)" in render_receipt(found)


def test_every_file_of_the_delivery_is_accounted_for() -> None:
    counts = count_files(FILES, ISSUES)
    assert counts.pop("n_in") == sum(counts.values())


def test_a_receipt_lists_files_first_and_says_what_was_expected() -> None:
    rows = receipt()["rejected"]
    assert [r["issue_id"] for r in rows] == ["a3", "a2", "a1"]
    assert rows[2]["line"] == 3
    assert rows[2]["row"] == {"text": "p62"}
    assert rows[2]["legend"]["spans"] == [[6, 9]]
    assert all(r["expected"] for r in rows)


def test_every_reason_has_its_line_and_an_unknown_one_is_no_error() -> None:
    assert set(EXPECTED) == set(Reason)
    assert "does not know" in expected_for("reason_of_tomorrow")


def test_the_page_shows_the_row_in_its_legend_and_no_markup_of_others() -> None:
    page = render_receipt(receipt())
    assert "With &lt;<mark>p62</mark>&gt;" in page
    assert "<x>" not in page
    assert "3 rejected" in page
    assert "<td>annotations accepted</td>" in page
    assert "http" not in page


def test_a_delivery_without_fault_and_a_stopped_night_are_said_so() -> None:
    clean = build_receipt(DELIVERY, NIGHT, FILES[:1], [], {"figure": 1}, {})
    assert "all accepted" in render_receipt(clean)
    stopped = receipt(status="stopped")
    assert stopped["corpus_version"] is None
    assert "stopped by a quality rule" in render_receipt(stopped)


def test_a_page_stays_readable_and_says_what_it_leaves_out() -> None:
    many = [issue(issue_id=f"i{n}") for n in range(ROWS_ON_PAGE + 3)]
    page = render_receipt(build_receipt(DELIVERY, NIGHT, FILES, many, {}, {}))
    assert page.count("<article") == ROWS_ON_PAGE
    assert "and 3 more" in page


def test_the_order_of_counts_does_not_change_the_page() -> None:
    a, b = ({"figure": 2, "annotation": 3}, {"annotation": 3, "figure": 2})
    pages = {render_receipt(build_receipt(DELIVERY, NIGHT, FILES, [], counts, {})) for counts in (a, b)}
    assert len(pages) == 1


def test_counts_that_are_gone_are_said_to_be_gone() -> None:
    assert "can no longer be counted" in render_receipt(build_receipt(DELIVERY, NIGHT, FILES, [], None, {}))


@pytest.mark.parametrize(
    ("spans", "note"), [(((0, 4),), "marked where the text stands"), (((0, 4), (6, 9)), "2 times")]
)
def test_a_place_that_was_guessed_is_said_so(spans: tuple[tuple[int, int], ...], note: str) -> None:
    places = {"a1": (None, LegendPlace("", "With <p62>", spans, False))}
    page = render_receipt(build_receipt(DELIVERY, NIGHT, FILES, ISSUES[:1], {}, places))
    assert note in page


@pytest.mark.parametrize(
    ("spans", "html"),
    [
        ([], "a&lt;b"),
        ([[0, 1]], "<mark>a</mark>&lt;b"),
        ([[0, 2], [1, 3]], "<mark>a&lt;b</mark>"),
        ([[0, 1], [2, 3]], "<mark>a</mark>&lt;<mark>b</mark>"),
    ],
)
def test_marks_keep_the_text(spans: list[list[int]], html: str) -> None:
    assert mark_legend("a<b", spans) == html


def test_equal_receipts_have_equal_bytes_and_a_changed_status_changes_the_fingerprint() -> None:
    assert render_receipt(receipt()) == render_receipt(receipt())
    before = receipt_fingerprint(DELIVERY, NIGHT, FILES, ISSUES)
    assert before == receipt_fingerprint(DELIVERY, {**NIGHT, "seconds": 9}, FILES[::-1], ISSUES[::-1])
    assert before != receipt_fingerprint(DELIVERY, NIGHT, FILES, [issue(status="fixed"), *ISSUES[1:]])


def placed(figure: str, alignment: str, confidence: float | None = None, why: str | None = None) -> dict[str, Any]:
    on = None if alignment == "own" else f"10.5555/a#{figure}"
    return {"figure": f"10.5555/a#cur-{figure}", "label": f"<{figure}>", "publisher_figure": on, "alignment": alignment,
            "confidence": confidence, "why_own": why, "raw_sha256": "s1"}  # fmt: skip


PLACED = [
    placed("fig-1", "aligned", 0.913), placed("fig-2", "folded", 1.0), placed("fig-3", "aligned", 0.997),
    placed("fig-4", "own", why="no_fit"), placed("fig-5", "own", why="no_publication"), placed("fig-6", "matched"),
]  # fmt: skip


def test_a_receipt_says_how_the_accepted_figures_were_aligned() -> None:
    aligned = describe_alignments(2, PLACED)
    assert (aligned["n_current"], aligned["on_publisher"], aligned["own"]) == (
        8, {"exact": 2, "folded": 1, "aligned": 2, "matched": 1}, {"no_publication": 1, "no_legends": 0, "no_fit": 1},
    )  # fmt: skip
    assert (aligned["min_confidence"], aligned["median_confidence"]) == (0.913, 0.955)
    assert [f["label"] for f in aligned["not_exact"]] == ["<fig-4>", "<fig-6>", "<fig-1>", "<fig-3>", "<fig-2>"]
    said = build_receipt(DELIVERY, NIGHT, FILES, [], {"annotation": 3}, {}, aligned)
    page = render_receipt(said)
    assert said["aligned"] == aligned
    assert "least 0.913, median 0.955" in page
    assert '<td>&lt;fig-1&gt; (10.5555/a#cur-fig-1)</td><td>10.5555/a#fig-1</td><td>aligned</td><td class="n">' in page
    assert "<td>none</td><td>no figure of the publication fits</td>" in page
    assert "no publication of its document is here yet" in page


def test_alignments_in_any_order_give_one_receipt_and_a_changed_one_another() -> None:
    assert describe_alignments(2, PLACED) == describe_alignments(2, PLACED[::-1])
    marks = {receipt_fingerprint(DELIVERY, NIGHT, FILES, [], describe_alignments(n, PLACED)) for n in (2, 2, 3)}
    assert len(marks) == 2


def test_a_delivery_that_is_not_published_is_said_so_and_one_without_marks_says_nothing() -> None:
    waiting = render_receipt(build_receipt(DELIVERY, NIGHT, FILES, [], {"annotation": 3}, {}))
    assert "not published yet" in waiting
    assert "publisher" not in render_receipt(build_receipt(DELIVERY, NIGHT, FILES, [], {"document": 3}, {}))


@pytest.mark.parametrize("sender", ["../../etc", "/root", "a/b", "..", ".hidden", "", "a\x00b", "ä" * 300, "a\\b\n"])
def test_a_sender_is_never_a_path(sender: str) -> None:
    name = file_name(sender)
    assert name
    assert not name.startswith(".")
    assert not set(name) & {"/", "\x00", "\n", "\\"}
    assert len(name) < 200


def test_senders_keep_readable_and_different_names() -> None:
    assert (
        receipt_key({**DELIVERY, "sender": "curators-b (synthetic)"}) == "curators-b (synthetic)/curation:2026-01-02:1"
    )
    names = ["a/b", "a%2Fb", "a b", "a_b", "x" * 200, "x" * 201]
    assert len({file_name(n) for n in names}) == len(names)
