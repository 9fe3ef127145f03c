"""What a receipt says: one delivery, what was accepted of it, and every rejected row with its reason. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pipelines.core.hashing import content_hash, sha256_text
from pipelines.feedback.expected import expected_for
from pipelines.feedback.issues import Issue
from pipelines.feedback.places import LegendPlace, RawPlace

Row = Mapping[str, Any]
#: Raised by hand whenever equal deliveries can give another receipt: all are written again then.
RECEIPT_VERSION = 3
_DELIVERY = ("delivery_id", "source", "sender", "name", "stated_date", "review_stage", "annotated_types", "has_roles",
             "is_synthetic")  # fmt: skip
_LONGEST_NAME = 120
_UNITS = ("file", "delivery", "document", "figure", "panel", "annotation", "event")


def file_name(text: str) -> str:
    """A sender or an id as the name of a folder or file: readable, never a path, never two names alike."""
    name = quote(text.strip(), safe=" ()@+,:") or "unknown"
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}-{sha256_text(text)[:16]}"


def receipt_key(delivery: Row) -> str:
    """Where the receipt lies in the outbox, less its extension."""
    return f"{file_name(str(delivery['sender']))}/{file_name(str(delivery['delivery_id']))}"


def receipt_fingerprint(
    delivery: Row, night: Row, files: Iterable[Row], issues: Iterable[Issue], aligned: Row | None = None
) -> str:
    """Hash of all that decides what the receipt says."""
    words = ("run_key", "status", "corpus_version")
    return content_hash([
        RECEIPT_VERSION, dict(delivery), [night.get(w) for w in words],
        sorted((str(f["name"]), str(f["status"]), str(f["raw_sha256"])) for f in files),
        sorted((i.issue_id, i.status, i.settled_by, i.message, i.delivery_id, i.payload) for i in issues),
        aligned,
    ])  # fmt: skip


def count_files(files: Iterable[Row], issues: Iterable[Issue]) -> dict[str, int]:
    """Files of the delivery by what became of them; files seen on an earlier night are not listed again."""
    counts = Counter(str(f["status"]) for f in files)
    unread = len({(i.name, i.raw_sha256) for i in issues if i.unit == "file"})
    in_pull = counts["quarantined"]
    return {
        "n_in": counts.total(), "accepted": counts["valid"] - max(0, unread - in_pull),
        "rejected": max(unread, in_pull), "duplicate": counts["duplicate"], "ignored": counts["ignored"],
    }  # fmt: skip


def list_ignored(files: Iterable[Row]) -> list[dict[str, str]]:
    """Files of the delivery that nobody read, each with why, by name; its description is not one of them."""
    return sorted(
        ({"file": str(f["name"]), "why": str(f.get("reason") or "")} for f in files
         if f["status"] == "ignored" and not str(f["name"]).endswith("delivery.toml")),
        key=lambda f: f["file"],
    )  # fmt: skip


def build_receipt(
    delivery: Row, night: Row, files: Sequence[Row], issues: Sequence[Issue], accepted: Mapping[str, int] | None,
    places: Mapping[str, tuple[RawPlace | None, LegendPlace | None]], aligned: Row | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The receipt as one object. `accepted` counts rows by unit, None where they can no longer be counted.

    `places` holds, by issue id, the row's place in its file and in its legend; `aligned` is how its figures stand on
    the publisher's, None where nothing is to be aligned or nothing of it is published yet.
    """
    is_stopped = night["status"] == "stopped"
    order = {unit: n for n, unit in enumerate(_UNITS)}
    rows = sorted(issues, key=lambda i: (order.get(i.unit, 9), i.name, i.locator, i.issue_id))
    return {
        **{c: delivery.get(c) for c in _DELIVERY},
        "night": night["night"], "run_key": night["run_key"], "is_stopped": is_stopped,
        "corpus_version": None if is_stopped else night.get("corpus_version"),
        "files": count_files(files, issues),
        "not_read": list_ignored(files),
        "accepted": accepted,
        "aligned": aligned,
        "n_rejected": len(rows),
        "rejected_by_reason": dict(sorted(Counter(i.reason for i in rows).items())),
        "status_of_rejected": dict(sorted(Counter(i.status for i in rows).items())),
        "rejected": [_rejected(i, *places.get(i.issue_id, (None, None))) for i in rows],
        "fingerprint": receipt_fingerprint(delivery, night, files, issues, aligned),
    }  # fmt: skip


def _rejected(issue: Issue, raw: RawPlace | None, legend: LegendPlace | None) -> dict[str, Any]:
    return {
        "issue_id": issue.issue_id, "unit": issue.unit, "reason": issue.reason, "message": issue.message,
        "expected": expected_for(issue.reason), "status": issue.status, "settled_by": issue.settled_by,
        "file": issue.name, "locator": issue.locator, "line": raw.line if raw else None,
        "column": raw.column if raw else None, "raw_sha256": issue.raw_sha256, "row": issue.row,
        "legend": None if legend is None else {
            "label": legend.label, "text": legend.legend, "spans": [list(s) for s in legend.spans],
            "is_exact": legend.is_exact,
        },
    }  # fmt: skip
