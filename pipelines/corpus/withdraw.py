"""Withdrawing a delivery or a night: tombstones, and what they leave visible. Pure.

A withdrawn row counts as if it had never come: it is not current, not gold, no legend leaks through it, its events say
nothing. What a document is called and in which split it stands never moves, and a benchmark that held a withdrawn
revision gets a version without it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.errors import UsageError

Row = Mapping[str, object]
#: Tables whose rows a tombstone hides directly; panels and annotations follow their figure.
_HIDDEN = ("documents", "figures", "document_events")
_SHOWN = 20


@dataclass(frozen=True)
class Withdrawal:
    """`through_seq`: rows up to that version are hidden, later deliveries count. `visible`: rows it hides, by table."""

    kind: str
    target: str
    through_seq: int
    visible: Mapping[str, int] = field(default_factory=dict)

    def tombstone(self, why: str, who: str) -> dict[str, object]:
        return {
            "target_kind": self.kind,
            "target": self.target,
            "through_seq": self.through_seq,
            "reason": why,
            "withdrawn_by": who,
        }


def find_target(target: str, deliveries: Sequence[Row], nights: Iterable[str]) -> tuple[str, str]:
    """("delivery" or "night", its id); UsageError that lists what can be withdrawn."""
    known = set(nights)
    if target in {str(d["delivery_id"]) for d in deliveries}:
        return "delivery", target
    if target in known:
        return "night", target
    names = [f"{d['delivery_id']} ({d['name']})" for d in deliveries[-_SHOWN:]]
    more = f"{len(deliveries) - _SHOWN} older, " if len(deliveries) > _SHOWN else ""
    raise UsageError(
        f"nothing to withdraw: {target!r} is no delivery and no night of the corpus. "
        f"Deliveries: {more}{', '.join(names) or 'none'}. Nights: {', '.join(sorted(known)[-_SHOWN:]) or 'none'}"
    )


def hides(tombstone: Row, row: Row, seq: int, night: dt.date) -> bool:
    """True where the tombstone hides a row that version `seq` wrote under this night."""
    if int(str(tombstone["through_seq"])) < seq:
        return False
    kind = tombstone["target_kind"]
    target = row["delivery_id"] if kind == "delivery" else night.isoformat() if kind == "night" else row["doc_id"]
    return tombstone["target"] == target


def visible_rows(
    rows: Mapping[str, Sequence[Row]], tombstones: Sequence[Row], seq: int, night: dt.date
) -> dict[str, Sequence[Row]]:
    """The rows of version `seq` that still count."""
    mine = [t for t in tombstones if int(str(t["through_seq"])) >= seq]
    if not mine:
        return dict(rows)
    return {
        table: [r for r in found if not any(hides(t, r, seq, night) for t in mine)] if table in _HIDDEN else found
        for table, found in rows.items()
    }


def benchmarks_without(rows: Iterable[Row], target: str) -> tuple[list[dict[str, object]], list[str]]:
    """(rows of the benchmark versions that follow, tasks whose benchmark would hold nothing and so stays as it is).

    `rows`: the newest benchmark of each task that holds a hidden revision, each row with `is_hidden`.
    """
    kept: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        mine = kept.setdefault(str(row["task"]), [])
        if not row["is_hidden"]:
            version = int(str(row["benchmark_version"])) + 1
            stated = {"benchmark_version": version, "reason": f"without withdrawn {target}"}
            mine.append({k: v for k, v in row.items() if k != "is_hidden"} | stated)
    return [r for mine in kept.values() for r in mine], sorted(t for t, mine in kept.items() if not mine)


def hiding_version(manifests: Iterable[Mapping[str, Any]], kind: str, target: str) -> str | None:
    """The newest version that withdrew this delivery or night, or the night that the delivery came in."""
    found = None
    for manifest in manifests:
        withdrawn = manifest.get("withdrawn") or {"kind": "", "target": ""}
        is_its_night = withdrawn["kind"] == "night" and withdrawn["target"] in target.split(":")
        if is_its_night or (withdrawn["kind"], withdrawn["target"]) == (kind, target):
            found = str(manifest["tag"])
    return found


def join_words(before: str, new: str, separator: str = "; ") -> str:
    """What a hold says that stood before: both words, each once."""
    return separator.join(dict.fromkeys([*(before.split(separator) if before else ()), new]))
