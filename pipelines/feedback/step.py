"""Issues of a home with their state, and receipts into the senders' outboxes. The only part that meets services.

Reads quarantine/, the manifests of landing/, the nights' records, the corpus, staging/ where it is still there, and the
published file for what only publishing finds. Writes quarantine/issues.jsonl, the state of each issue, before every
publish, and outbox/<sender>/<delivery id>.html, then the same as .json, whose
fingerprint says what it was made from: a receipt that still holds is left alone.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part, raw_key
from pipelines.clients.published import select_rows
from pipelines.clients.state import open_state
from pipelines.clients.warehouse import read_sql
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.records import DELETION
from pipelines.core.runs import Run, StageResult
from pipelines.core.waivers import Assignment, Waiver
from pipelines.errors import UsageError
from pipelines.feedback.alignments import describe_alignments
from pipelines.feedback.issues import (
    Accepted,
    AcceptedIndex,
    Issue,
    Place,
    assign,
    fault_key,
    merge_issues,
    order_of,
    place_of,
    settle,
    state_rows,
    withdrawn_of,
)  # fmt: skip
from pipelines.feedback.manifest import Manifest
from pipelines.feedback.places import LegendPlace, RawPlace, find_in_legend, find_in_raw
from pipelines.feedback.receipt_page import render_receipt
from pipelines.feedback.receipts import build_receipt, receipt_fingerprint, receipt_key
from pipelines.settings import Settings

Row = dict[str, Any]
Progress = Callable[[int, int, str], None]
Places = dict[str, tuple[RawPlace | None, LegendPlace | None]]
_SQL = "feedback/sql"
_STATES = "issues.jsonl"
_UNIT_TABLES = {"document": "documents", "figure": "figures", "panel": "panels", "annotation": "annotations",
                "event": "document_events"}  # fmt: skip
_RECORD_COLUMNS = ("doc_id", "figure_id", "jats_id", "source", "delivery_id", "raw_sha256")
_FIGURE_COLUMNS = ("figure_id", "label", "jats_id", "legend", "legend_sha256", "raw_sha256")


# what a home holds


def _jsonl(data: bytes) -> list[Row]:
    return [json.loads(line) for line in data.splitlines() if line.strip()]


def read_rejected(settings: Settings) -> list[Row]:
    """Rows of the quarantine, of nights that are closed, stopped or still running, each with its `run_key`."""
    store = open_part(settings, "quarantine")
    keys = [o.key for o in store.iter_objects() if o.key.endswith(".jsonl") and o.key != _STATES]
    rows = [{**row, "run_key": k.removesuffix(".jsonl")} for k in keys for row in _jsonl(store.read(k))]
    known = {r["issue_id"] for r in rows}
    return rows + [r for r in _published(settings) if r["issue_id"] not in known]


def _published(settings: Settings) -> list[Row]:
    return _select(settings, "select_published_issues")


def _select(settings: Settings, query: str) -> list[Row]:
    path = settings.path("analytics", "analytics.duckdb")
    return select_rows(path, settings, read_sql(_SQL, query), {}) if path.exists() else []


def read_alignments(settings: Settings) -> dict[str, Row]:
    """By delivery that has current curated figures: how these stand on the publisher's, as published last."""
    if not _select(settings, "find_curated_figures"):  # nothing is published, or by an older release
        return {}
    rows = _select(settings, "select_alignments")
    return {r["delivery_id"]: describe_alignments(r["n_exact"], r["figures"]) for r in rows}


def read_nights(settings: Settings) -> list[Row]:
    """Records of the nights that are closed or were stopped, in their order."""
    store = open_part(settings, "reports")
    keys = [o.key for o in store.iter_objects("nights/") if o.key.endswith("/night.json")]
    nights: list[Row] = [json.loads(store.read(k)) for k in keys]
    return sorted(nights, key=lambda n: order_of(str(n["run_key"])))


def read_manifest(settings: Settings, run_key: str) -> Manifest:
    """What a run pulled; empty where its manifest is gone."""
    night, n = order_of(run_key)
    store, out = open_part(settings, "landing"), Manifest(run_key)
    key = f"nights/{night}/manifest-{n}.jsonl"
    for row in _jsonl(store.read(key)) if store.exists(key) else ():
        if row["row"] == "delivery":
            out.deliveries[row["delivery_id"]] = row
        elif row["row"] == "file" and row["delivery_id"]:
            out.files.setdefault(row["delivery_id"], []).append(row)
    return out


def read_issues(settings: Settings) -> list[Issue]:
    """Every issue of the home with its state; none where nothing was rejected yet. The one place that says it."""
    if not settings.root.exists():
        raise UsageError(f"{settings.root} does not exist: run `nightcap night` (or `make demo`) first, or give --home")
    rows = read_rejected(settings)
    issues = merge_issues(rows)
    if not issues:
        return []
    state = open_state(settings)
    waivers = {w.issue_id: w for w in state.waivers()}
    accepted, places = _compare_with_accepted(settings, issues, rows)
    faults = {_fault_of(r) for r in rows}
    issues = assign(settle(issues, places, accepted, faults, waivers), state.assignments())
    manifests = {k: read_manifest(settings, k) for k in {i.last_run for i in issues if not i.sender}}
    return [i if i.sender else replace(i, sender=manifests[i.last_run].sender_of(i)) for i in issues]


def _fault_of(row: Row) -> tuple[str, ...]:
    run_key = "" if str(row.get("rule") or "").startswith("publish.") else str(row["run_key"])
    return fault_key(run_key, *(str(row[c]) for c in ("delivery_id", "unit", "reason", "locator")))


def write_states(settings: Settings) -> int:
    """Bring quarantine/issues.jsonl up to date, from which publishing takes the state of each issue; how many rows.

    The flow does so before each publish, so that no order of nights, waivers and replays leaves a state behind.
    """
    rows = state_rows(read_issues(settings))
    text = "".join(canonical_json(r) + "\n" for r in sorted(rows, key=lambda r: r["issue_id"]))
    open_part(settings, "quarantine").write(_STATES, text.encode())
    return len(rows)


# what was accepted since


def _compare_with_accepted(
    settings: Settings, issues: Sequence[Issue], rows: Sequence[Row]
) -> tuple[AcceptedIndex, dict[str, Place]]:
    oldest = min(order_of(i.last_run) for i in issues)
    keys = [str(n["run_key"]) for n in read_nights(settings) if n["status"] != "stopped"]
    later = [read_manifest(settings, k) for k in keys if order_of(k) > oldest]
    _leave_out_withdrawn(settings, later)
    index = AcceptedIndex()
    for item in _accepted_files(later, rows, {(i.source, i.name) for i in issues}):
        index.add(item)
    places = _issue_places(settings, issues)
    # by file, not by delivery: a replay brings some files of a delivery a second time
    orders = {(d, f["raw_sha256"]): order_of(m.run_key) for m in later for d, files in m.files.items() for f in files}
    docs = {d for p in places.values() for d in p.doc_ids}
    for r in _records(settings, {m.run_key.partition(".")[0] for m in later}, "doc_id", docs):
        if order := orders.get((r["delivery_id"], r["raw_sha256"])):
            for figure in {"", str(r.get("figure_id") or ""), str(r.get("jats_id") or "")}:
                index.add(Accepted(order, r["source"], r["delivery_id"], "", r["doc_id"], figure))
    return index, places


def _leave_out_withdrawn(settings: Settings, later: Sequence[Manifest]) -> None:
    repo = CorpusRepo(settings)
    brought = [(m.run_key, d) for m in later for d in m.files]
    gone = withdrawn_of(repo.manifests(), brought) if brought and repo.exists() else set()
    for manifest in later:
        manifest.files = {d: found for d, found in manifest.files.items() if (manifest.run_key, d) not in gone}


def _issue_places(settings: Settings, issues: Sequence[Issue]) -> dict[str, Place]:
    """What each issue is about, by the records of its file, or by its first bytes where nothing of it was accepted."""
    nights = {i.night for i in issues} | {i.last_night for i in issues}
    records: dict[str, list[Row]] = {}
    for row in _records(settings, nights, "raw_sha256", {i.raw_sha256 for i in issues}):
        records.setdefault(row["raw_sha256"], []).append(row)
    heads = {i.raw_sha256: b"" if i.raw_sha256 in records else read_raw(settings, i.raw_sha256) for i in issues}
    return {i.issue_id: place_of(i, records.get(i.raw_sha256, ()), heads[i.raw_sha256]) for i in issues}


def _accepted_files(
    manifests: Iterable[Manifest], rows: Iterable[Row], wanted: set[tuple[str, str]]
) -> Iterator[Accepted]:
    unread = {(r["run_key"], r["delivery_id"], r["name"]) for r in rows if r["unit"] in ("file", "delivery")}
    for manifest in manifests:
        for delivery_id, files in manifest.files.items():
            about = manifest.deliveries.get(delivery_id, {})
            if (manifest.run_key, delivery_id, about.get("name")) in unread:
                continue
            if about and (about["source"], about["name"]) in wanted and any(f["status"] == "valid" for f in files):
                yield Accepted(order_of(manifest.run_key), about["source"], delivery_id, about["name"])
            for f in files:
                is_in = f["status"] == "valid" and (manifest.run_key, f["delivery_id"], f["name"]) not in unread
                if is_in and (f["source"], f["name"]) in wanted:
                    yield Accepted(order_of(manifest.run_key), f["source"], f["delivery_id"], f["name"])


def _records(settings: Settings, nights: set[str], column: str, values: set[str]) -> Iterator[Row]:
    """Documents and figures of some nights of the corpus in which the column holds one of the values."""
    repo = CorpusRepo(settings)
    wanted = pa.array(sorted(values), pa.string())
    for file in repo.files(tables=("documents", "figures")) if nights and values and repo.exists() else ():
        if any(file.may_hold(n) for n in nights):
            names = [c for c in _RECORD_COLUMNS if c in pq.read_schema(file.path).names]
            table = pq.read_table(file.path, columns=names)
            yield from table.filter(pc.is_in(table[column], value_set=wanted)).to_pylist()


def read_raw(settings: Settings, raw_sha256: str) -> bytes:
    """The raw bytes as they arrived; empty where they are not kept (a file too large to pull)."""
    store = open_part(settings, "landing")
    key = raw_key(raw_sha256)
    return store.read(key) if raw_sha256 and store.exists(key) else b""


# one issue


def describe_issue(settings: Settings, issue: Issue) -> Row:
    """What surrounds an issue: its delivery and sender, the raw bytes and the place in them, the legend."""
    manifest = _manifest_of(settings, issue)
    delivery = manifest.deliveries.get(manifest.delivery_of(issue), {})
    landing, key = open_part(settings, "landing"), raw_key(issue.raw_sha256) if issue.raw_sha256 else ""
    raw, legend = _NightRows(settings, manifest.run_key, {issue.raw_sha256}).places([issue])[issue.issue_id]
    outbox = open_part(settings, "outbox")
    receipt = f"{receipt_key(delivery)}.html" if delivery else ""
    return {
        "sender": delivery.get("sender"), "delivery": delivery, "raw_uri": landing.uri(key) if key else None,
        "is_raw_there": bool(key) and landing.exists(key), "line": raw.line if raw else None,
        "column": raw.column if raw else None, "raw_excerpt": raw.excerpt if raw else None,
        "legend": {"label": legend.label, "text": legend.legend, "spans": legend.spans, "is_exact": legend.is_exact}
        if legend else None,
        "receipt": outbox.uri(receipt) if receipt and outbox.exists(receipt) else None,
    }  # fmt: skip


def _manifest_of(settings: Settings, issue: Issue) -> Manifest:
    """The manifest that lists the issue's delivery: of its own run, else (found by publishing) of the delivery's."""
    night = f"{issue.delivery_id}::".split(":")[1]
    runs = [issue.last_run, *(str(n["run_key"]) for n in read_nights(settings) if n["night"] == night)]
    found = [read_manifest(settings, k) for k in dict.fromkeys(runs)]
    return next((m for m in found if m.delivery_of(issue)), found[0])


class _NightRows:
    """Rows of one run that receipts need, read when first asked for: figures of some raw files, accepted counts."""

    def __init__(self, settings: Settings, run_key: str, shas: set[str]) -> None:
        self._settings, self._run_key, self._shas = settings, run_key, shas
        self._staging = open_part(settings, "staging")

    def places(self, issues: Sequence[Issue]) -> Places:
        """By issue id: its place in the raw file, and in the legend where its unit has one."""
        data = {i.raw_sha256: read_raw(self._settings, i.raw_sha256) for i in issues}
        out: Places = {}
        for i in issues:
            raw = find_in_raw(data[i.raw_sha256], i.locator)
            figures = [] if i.unit == "file" else self._figures.get(i.raw_sha256, [])
            out[i.issue_id] = (raw, find_in_legend(i.row, i.locator, figures, raw.before if raw else ""))
        return out

    @cached_property
    def _figures(self) -> dict[str, list[Row]]:
        """By raw file: as parsed, the rejected ones too, while staging is kept; else those of the corpus."""
        repo, key = CorpusRepo(self._settings), f"{self._run_key}/parse/figures.parquet"
        tables: list[pa.Table] = []
        if self._staging.exists(key):
            tables = [pq.read_table(io.BytesIO(self._staging.read(key)), columns=list(_FIGURE_COLUMNS))]
        elif repo.exists():
            night, _ = order_of(self._run_key)
            files = [f for f in repo.files(tables=("figures",)) if f.may_hold(night)]
            tables = [pq.read_table(f.path, columns=list(_FIGURE_COLUMNS)) for f in files]
        wanted = pa.array(sorted(self._shas), pa.string())
        out: dict[str, list[Row]] = {}
        for table in tables:
            for row in table.filter(pc.is_in(table["raw_sha256"], value_set=wanted)).to_pylist():
                out.setdefault(row["raw_sha256"], []).append(row)
        return out

    @cached_property
    def accepted(self) -> dict[str, dict[str, int]] | None:
        """Valid rows by delivery and unit, annotations as often as they were delivered; None where staging is gone."""
        out: dict[str, dict[str, int]] = {}
        for unit, table in _UNIT_TABLES.items():
            key = f"{self._run_key}/check/{table}.parquet"
            if not self._staging.exists(key):
                return None
            more = {"annotation": ["n_source_rows"], "figure": ["is_deleted"]}.get(unit, [])
            rows = pq.read_table(io.BytesIO(self._staging.read(key)), columns=["delivery_id", *more])
            how = ("n_source_rows", "sum") if unit == "annotation" else ("delivery_id", "count")
            for name, mine in _without_deletions(unit, rows):
                for row in mine.group_by("delivery_id").aggregate([how]).to_pylist():
                    out.setdefault(row["delivery_id"], {})[name] = int(row["_".join(how)] or 0)
        return out


def _without_deletions(unit: str, rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """(unit, its rows): figures that a sender takes back are a unit of their own."""
    if unit == "figure":
        yield DELETION, rows.filter(rows["is_deleted"])
        rows = rows.filter(pc.invert(rows["is_deleted"]))
    yield unit, rows


# receipts


def run(settings: Settings, run: Run, progress: Progress | None = None) -> StageResult:
    """Write what is due of the receipts of every closed or stopped night, or of `run.night` alone.

    Output: outbox/<sender>/<delivery id>.html and .json. Run again it writes only what changed: a new status of a
    rejected row among it. Errors: UsageError where the home does not exist.
    """
    issues = read_issues(settings)
    by_delivery, aligned = _by_delivery(settings, issues), read_alignments(settings)
    outbox, counts, marks = open_part(settings, "outbox"), {"written": 0, "kept": 0, "rejected": 0}, []
    told: set[str] = set()
    nights = [n for n in read_nights(settings) if run.night in (None, dt.date.fromisoformat(str(n["night"])))]
    for i, night in enumerate(nights):
        if progress:
            progress(i, len(nights), f"receipts of {night['run_key']}")
        manifest = read_manifest(settings, str(night["run_key"]))
        due = {d: list(by_delivery.get(d, ())) for d in manifest.deliveries if d not in told}
        told |= set(manifest.deliveries)  # a reparse lists a delivery again: its receipt is that of the night it came
        for issue in by_delivery.get("", ()):
            if issue.last_run == manifest.run_key and (bringer := manifest.delivery_of(issue)) in due:
                due[bringer].append(issue)
        rows = _NightRows(settings, manifest.run_key, {x.raw_sha256 for found in due.values() for x in found})
        for delivery_id, mine in due.items():
            mark, is_new = _write_receipt(outbox, night, manifest, delivery_id, mine, rows, aligned.get(delivery_id))
            counts["written" if is_new else "kept"] += 1
            counts["rejected"] += len(mine)
            marks.append(mark)
    message = f"{counts['written']} receipts written, {counts['kept']} still hold"
    return StageResult(outbox.uri(), counts, content_hash(sorted(marks)), message=message)


def _by_delivery(settings: Settings, issues: Sequence[Issue]) -> dict[str, list[Issue]]:
    """Issues by each delivery that they were rejected in, with the words of that delivery and the status of today."""
    known = {i.issue_id: i for i in issues}
    out: dict[str, dict[str, Issue]] = {}
    for row in sorted(read_rejected(settings), key=lambda r: order_of(str(r["run_key"]))):
        issue = merge_issues([row])[0]
        now = known[issue.issue_id]
        settled = {"status": now.status, "settled_by": now.settled_by}
        # once a delivery, however often it was replayed
        out.setdefault(issue.delivery_id, {})[issue.issue_id] = Issue(**{**vars(issue), **settled})
    return {delivery_id: list(found.values()) for delivery_id, found in out.items()}


def _write_receipt(
    outbox: ObjectStore, night: Row, manifest: Manifest, delivery_id: str, issues: Sequence[Issue], rows: _NightRows,
    aligned: Row | None,
) -> tuple[str, bool]:  # fmt: skip
    """Fingerprint of the receipt, and whether it had to be written. The JSON, written last, vouches for the page."""
    delivery, files = manifest.deliveries[delivery_id], manifest.files.get(delivery_id, [])
    key, mark = receipt_key(delivery), receipt_fingerprint(delivery, night, files, issues, aligned)
    old: Row = json.loads(outbox.read(f"{key}.json")) if outbox.exists(f"{key}.json") else {}
    if old.get("fingerprint") == mark and outbox.exists(f"{key}.html"):
        return mark, False
    accepted: dict[str, int] | None = {}
    if night["status"] != "stopped":
        counted = rows.accepted
        accepted = counted.get(delivery_id, {}) if counted is not None else old.get("accepted")
    receipt = build_receipt(delivery, night, files, issues, accepted, rows.places(issues), aligned)
    outbox.write(f"{key}.html", render_receipt(receipt).encode())
    outbox.write(f"{key}.json", (canonical_json(receipt) + "\n").encode())
    return mark, True


def set_waiver(settings: Settings, waiver: Waiver) -> None:
    """Keep the decision that an issue may stay; a later one on the same issue replaces it."""
    open_state(settings).set_waiver(waiver)


def set_assignment(settings: Settings, assignment: Assignment) -> None:
    """Keep who looks after an issue and what is known of it; empty ones take it back."""
    open_state(settings).set_assignment(assignment)


def lift_waiver(settings: Settings, issue_id: str) -> bool:
    """Take the decision back; False where there was none."""
    return open_state(settings).lift_waiver(issue_id)
