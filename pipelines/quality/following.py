"""Rejected rows that go with another: those of a purged document, of a rejected delivery, document or figure. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import pyarrow as pa

from pipelines.core.hashing import purge_hash
from pipelines.core.ids import split_figure_id
from pipelines.core.records import Reason
from pipelines.quality.night_rows import Head, NightRows, Verdict
from pipelines.quality.reasons import PARENTS, parent_message, rows_without_parent
from pipelines.quality.run_suites import ROW_ID

_PURGED = "a purge removed this document for good"
_OF_DOCUMENTS = ("documents", "figures", "panels", "annotations")


def reject_purged(night: NightRows, hashes: Collection[str]) -> None:
    """A document that was removed for good does not come in again, by whatever id: `hashes` are of its names.

    Whatever else is wrong with a row of it is not said: that would quote it. `night.purged_raw` are the raw files that
    hold nothing else.
    """
    if not hashes:
        return
    columns = ("doc_id", "raw_sha256")
    aliases = night.tables["id_aliases"]
    names = zip(_keys(aliases, columns), aliases["alias"].to_pylist(), strict=True)
    gone = {key for key, alias in names if purge_hash(str(alias)) in hashes}
    whole = {key for table in ("documents", "figures") for key in _keys(night.tables[table], columns)}
    gone = {key for key in whole if key in gone or purge_hash(str(key[0])) in hashes}
    if not gone:
        return
    rows = night.tables["documents"]
    heads: dict[tuple[object, ...], Head] = {}
    for key, row_id in zip(_keys(rows, columns), _ids(rows), strict=True):
        if key in gone:
            heads.setdefault(key, ("documents", row_id))
    for table in (*_OF_DOCUMENTS, "id_aliases"):
        rows = night.tables[table]
        for key, row_id in zip(_documents_of(rows), _ids(rows), strict=True):
            if key in gone:
                head = heads.get(key)
                verdict = Verdict(Reason.PURGED, _PURGED, "purged", None if head == (table, row_id) else head)
                night.rejected.setdefault(table, {})[row_id] = verdict
    night.purged_raw = {str(raw) for _, raw in gone} - {str(raw) for _, raw in whole - gone}
    night.rejections = [_blank(r) if r["raw_sha256"] in night.purged_raw else r for r in night.rejections]


def _documents_of(rows: pa.Table) -> list[tuple[object, ...]]:
    """(doc_id, raw_sha256) of each row."""
    if "doc_id" in rows.schema.names:
        return _keys(rows, ("doc_id", "raw_sha256"))
    return [(split_figure_id(str(f))[0], raw) for f, raw in _keys(rows, ("figure_id", "raw_sha256"))]


def _blank(rejection: Mapping[str, object]) -> dict[str, object]:
    """What a parser rejected of it stays counted, without what it said."""
    return {**rejection, "reason": str(Reason.PURGED), "message": _PURGED, "locator": "", "payload": "{}"}


def follow_parents(night: NightRows) -> None:
    """Rows whose delivery, document or figure was rejected follow it; where a second copy of the parent stands, they
    stay. Events stay in any case: a retraction holds whoever reports it."""
    _follow_deliveries(night)
    for table, (parent, columns) in PARENTS.items():
        if not night.rejected.get(parent):
            continue
        heads = _heads(night, parent, columns)
        parents, valid = (_keys(t, columns) for t in (night.tables[parent], night.valid(parent)))
        rows = night.tables[table]
        keys, ids = _keys(rows, columns), _ids(rows)
        for position in rows_without_parent(keys, parents, valid):
            row = dict(zip(columns, keys[position], strict=True))
            verdict = Verdict(Reason.PARENT_REJECTED, parent_message(parent, row), "parent", heads.get(keys[position]))
            night.rejected.setdefault(table, {}).setdefault(ids[position], verdict)


def _heads(night: NightRows, table: str, columns: Sequence[str]) -> dict[tuple[object, ...], Head]:
    """Of rejected rows that another one tells of: that one."""
    rows, rejected = night.tables[table], night.rejected[table]
    found = {k: rejected[i].head for k, i in zip(_keys(rows, columns), _ids(rows), strict=True) if i in rejected}
    return {key: head for key, head in found.items() if head}


def _follow_deliveries(night: NightRows) -> None:
    """A record without its delivery would be nobody's: not gold now, and in the way when it comes again."""
    if not night.rejected.get("deliveries"):
        return
    rows = night.tables["deliveries"]
    valid = set(night.valid("deliveries")["delivery_id"].to_pylist())
    lost = {d: ("deliveries", i) for d, i in zip(rows["delivery_id"].to_pylist(), _ids(rows), strict=True)
            if d not in valid}  # fmt: skip
    for table in _OF_DOCUMENTS:
        rows = night.tables[table]
        for row_id, delivery_id in zip(_ids(rows), rows["delivery_id"].to_pylist(), strict=True):
            if delivery_id in lost:
                message = f"its delivery {delivery_id} was rejected, see there"
                verdict = Verdict(Reason.PARENT_REJECTED, message, "parent", lost[delivery_id])
                night.rejected.setdefault(table, {}).setdefault(row_id, verdict)


def tell_at_heads(night: NightRows, units: Mapping[str, str]) -> None:
    """A rejected delivery and a purged document say how much goes with them, in place of an issue for each row.
    `units`: table → what its rows are called."""
    counts: dict[Head, Counter[str]] = {}
    for table, unit in units.items():
        weights = night.weights(table)
        for row_id, verdict in night.rejected.get(table, {}).items():
            if verdict.head:
                counts.setdefault(verdict.head, Counter())[unit] += weights[row_id]
    for (table, row_id), count in counts.items():
        verdict = night.rejected[table][row_id]
        words = ", ".join(f"{n} {_plural(unit, n)}" for unit, n in count.items())
        night.rejected[table][row_id] = verdict._replace(message=f"{verdict.message}; with it {words}")


def _plural(unit: str, n: int) -> str:
    return unit if n == 1 else f"{unit}es" if unit.endswith("s") else f"{unit}s"


def _ids(rows: pa.Table) -> list[int]:
    ids: list[int] = rows[ROW_ID].to_pylist()
    return ids


def _keys(rows: pa.Table, columns: Iterable[str]) -> list[tuple[object, ...]]:
    return list(zip(*(rows[c].to_pylist() for c in columns), strict=True))
