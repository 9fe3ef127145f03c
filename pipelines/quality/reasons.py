"""From failed rules to rows of the quarantine: one reason a row, in words, with an id that is stable over nights."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.core.hashing import canonical_json
from pipelines.core.quarantine import issue_row
from pipelines.core.records import Reason
from pipelines.quality.rules import Rule

Row = Mapping[str, Any]
#: The record that a row of the child table belongs to: (parent table, columns that both tables share).
PARENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "figures": ("documents", ("doc_id", "raw_sha256")),
    "panels": ("figures", ("figure_id", "record_sha256")),
    "annotations": ("figures", ("figure_id", "record_sha256")),
    "id_aliases": ("documents", ("doc_id", "raw_sha256")),
}
_MAX_VALUE = 120
_LONGEST = 50_000
#: Columns that say where in its file a row stands; stable over nights, so nothing of deliveries or hashes.
_LOCATORS: Mapping[str, str] = {
    "deliveries": "{name}",
    "documents": "{doc_id}",
    "id_aliases": "{alias} of {doc_id}",
    "figures": "{figure_id}",
    "panels": "{figure_id}/{panel_no}",
    "annotations": "{figure_id} {start_offset}-{end_offset} {entity_type} {text}",
    "document_events": "{event} of {doc_id} by {notice_id}",
}


def rows_without_parent(
    children: Iterable[tuple[object, ...]], parents: Iterable[tuple[object, ...]], valid: Iterable[tuple[object, ...]]
) -> list[int]:
    """Positions of children whose parent came in tonight but of which no valid copy is left."""
    lost = set(parents) - set(valid)
    return [i for i, key in enumerate(children) if key in lost]


class _Shorten(string.Formatter):
    """Values in messages: short, and never a reason to fail."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec:
            return format(value, format_spec)
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"


def render(template: str, values: Row) -> str:
    """The template with the row's values; long ones cut, a list joined."""
    return _Shorten().vformat(template, (), values)


def fields_of(template: str) -> set[str]:
    """Names of the columns that a message shows."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def locator_of(table: str, row: Row) -> str:
    """Where the row stands in its file, in words that are the same on every night."""
    return render(_LOCATORS[table], row)


def message_of(rules: Sequence[Rule], values: Row) -> str:
    """What is wrong: the first rule says it, at most two others are named behind it."""
    first, *others = (render(rule.message, values) for rule in rules[:3])
    return f"{first} (also: {'; '.join(others)})" if others else first


def parent_message(parent_table: str, row: Row) -> str:
    name = row["doc_id"] if parent_table == "documents" else row["figure_id"]
    return f"its {parent_table.removesuffix('s')} {name} was rejected, see there"


def _without_bulk(row: Row) -> dict[str, object]:
    """The row with texts that no legend may have cut: quarantine, receipts and tables would each hold them whole."""
    return {
        k: f"{v[:_LONGEST]}… ({len(v)} characters)" if isinstance(v, str) and len(v) > _LONGEST else v
        for k, v in row.items()
    }


def rejection_row(
    unit: str, reason: Reason, message: str, locator: str, row: Row, names: Mapping[str, str], rule: tuple[str, str]
) -> dict[str, object]:
    """A rejected row as the parser's rejections are: what, why, where, from which file; `rule` with its version."""
    raw_sha256 = str(row.get("raw_sha256") or "")
    name = names.get(raw_sha256) or str(row.get("name") or raw_sha256)
    return {
        "source": str(row.get("source") or ""), "unit": unit, "reason": reason.value, "message": message,
        "name": name, "locator": locator, "delivery_id": str(row.get("delivery_id") or ""),
        "raw_sha256": raw_sha256, "payload": canonical_json(_without_bulk(row)), "rule": rule[0],
        "rule_version": rule[1],
    }  # fmt: skip


def iter_issues(night: str, rejections: Iterable[Row]) -> Iterator[dict[str, object]]:
    """Rows of the quarantine in a fixed order. Rejections alike in all that makes the id get a running number."""
    seen: Counter[tuple[str, ...]] = Counter()
    for row in sorted(rejections, key=_order):
        key = tuple(str(row[c]) for c in ("source", "unit", "reason", "name", "locator"))
        seen[key] += 1
        locator = key[4] if seen[key] == 1 else f"{key[4]} ({seen[key]})"
        yield issue_row(night, row, locator)


def _order(row: Row) -> tuple[str, ...]:
    columns = ("source", "unit", "reason", "name", "locator", "message", "raw_sha256")
    return tuple(str(row.get(c) or "") for c in columns)
