"""Parse: every new raw object of the night becomes rows in staging, or a rejection with its reason.

Output below staging/<key>/parse/: <table>.parquet in the corpus schema plus row_id, files.parquet (raw_sha256, name),
rejections.jsonl, accounting.jsonl. One bad file never ends the night.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.clients.objectstore import ObjectStore, open_part, raw_key
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json, content_hash, sha256_bytes
from pipelines.core.records import ParsedFile, Reason, Rejection, UnitCounts
from pipelines.core.runs import Run, StageResult
from pipelines.core.tables import CORPUS_TABLES, corpus_schema, rows_to_table
from pipelines.errors import PermanentError, PipelineError, RejectedInput
from pipelines.ingest import craft, deletions
from pipelines.ingest.formats import parse_file, parser_versions
from pipelines.ingest.rows import Origin, Row, rows_of
from pipelines.settings import Settings

Progress = Callable[[int, int, str], None]
_Parsed = TypeVar("_Parsed")
_SYNTHETIC = b"<meta-name>nightcap-synthetic</meta-name>"
_TABLES = tuple(t for t in CORPUS_TABLES if t not in ("tombstones", "splits", "benchmark"))


@dataclass
class _Night:
    tables: dict[str, list[Row]] = field(default_factory=dict)
    rejections: list[Row] = field(default_factory=list)
    files: list[Row] = field(default_factory=list)
    counts: dict[str, UnitCounts] = field(default_factory=dict)

    def count(self, unit: str, counts: UnitCounts) -> None:
        self.counts[unit] = self.counts.get(unit, UnitCounts()) + counts

    def reject(self, rejection: Rejection, entry: Mapping[str, Any], *, rule: str = "parse", version: int = 0) -> None:
        self.rejections.append({
            "source": entry["source"], "unit": rejection.unit, "reason": str(rejection.reason),
            "message": rejection.message, "name": entry["name"], "locator": rejection.locator,
            "delivery_id": entry["delivery_id"], "raw_sha256": entry["raw_sha256"],
            "payload": canonical_json(rejection.payload), "n": rejection.n,
            "rule": rule, "rule_version": str(version or ""),
        })  # fmt: skip


def contents_of(data: bytes, entry: Mapping[str, Any], delivery: Mapping[str, Any]) -> tuple[str, set[str]]:
    """(format, hashes of the revisions and ids of the statements that it reads today); none of a file it rejects, or
    that is one of several files of an article."""
    try:
        parsed, version = _parse_or_reject(data, entry, delivery)
    except RejectedInput:
        return "", set()
    rows = rows_of(parsed, _origin(entry, delivery, version, is_synthetic=bool(delivery["is_synthetic"])))
    revisions = [r for r in rows.get("documents", ()) if r["kind"] == "publication"] + rows.get("figures", [])
    events = rows.get("document_events", ())
    return parsed.format, {str(r["record_sha256"]) for r in revisions} | {str(r["event_id"]) for r in events}


def _origin(entry: Mapping[str, Any], delivery: Mapping[str, Any], version: int, *, is_synthetic: bool) -> Origin:
    stated = dt.date.fromisoformat(delivery["stated_date"]) if delivery["stated_date"] else None
    return Origin(entry["source"], entry["delivery_id"], entry["raw_sha256"], version, stated, is_synthetic,
                  delivery["sender"], delivery["review_stage"],
                  (*delivery["annotated_types"], f"roles: {delivery['has_roles']}"),
                  delivery.get("purpose") == "auxiliary")  # fmt: skip


def _or_rejected(parse: Callable[[], _Parsed]) -> _Parsed:
    """What a parser says; a file that it fails on in an unforeseen way is one rejected file, not a lost night."""
    try:
        return parse()
    except PipelineError:
        raise
    except Exception as error:
        message = f"the parser failed on it, please report: {type(error).__name__}: {error}"[:500]
        raise RejectedInput(Reason.PARSER_ERROR, message) from error


def _parse_or_reject(data: bytes, entry: Mapping[str, Any], delivery: Mapping[str, Any]) -> tuple[ParsedFile, int]:
    """The records of a file by what its delivery states; RejectedInput where no parser takes it."""
    if str(entry["name"]).endswith("delivery.toml"):
        return _or_rejected(lambda: (deletions.parse_deletions(data), deletions.PARSER_VERSION))
    kind, labels = delivery["format"], delivery.get("labels") or ""
    if kind == craft.FORMAT:
        raise RejectedInput(Reason.UNKNOWN_FORMAT, "a file of CRAFT says nothing without the others of its article")
    return _or_rejected(lambda: parse_file(data, kind, labels, entry["source"]))


def _manifest(settings: Settings, run: Run) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    n = int(run.key.partition(".")[2] or 0)
    lines = open_part(settings, "landing").read(f"nights/{run.night}/manifest-{n}.jsonl").decode().splitlines()
    rows = [json.loads(line) for line in lines]
    entries = [r for r in rows if r["row"] == "file"]
    return sorted(entries, key=lambda e: (e["source"], e["name"])), [r for r in rows if r["row"] == "delivery"]


def run(settings: Settings, run: Run, progress: Progress | None = None) -> StageResult:
    """Parse what the night's manifest lists as valid."""
    entries, deliveries = _manifest(settings, run)
    by_id = {d["delivery_id"]: d for d in deliveries}
    landing, night = open_part(settings, "landing"), _Night()
    in_parts: dict[str, list[_Landed]] = {}
    for i, entry in enumerate(entries):
        if progress:
            progress(i, len(entries), f"parse {entry['name']}")
        if entry["status"] == "quarantined":
            night.reject(Rejection("file", Reason(entry["reason"]), entry["message"]), entry, rule="pull")
        elif entry["status"] == "valid":
            landed = _Landed(entry, by_id[entry["delivery_id"]], landing.read(raw_key(entry["raw_sha256"])))
            if landed.is_in_parts:
                in_parts.setdefault(entry["delivery_id"], []).append(landed)
            else:
                _parse_entry(settings, landed, night)
    for files in in_parts.values():
        _parse_articles(settings, files, night)
    if not night.files and not night.rejections:
        return StageResult(skipped="nothing new to parse")
    night.tables["deliveries"] = [_delivery_row(d) for d in deliveries]
    return _write(open_part(settings, "staging"), run, night)


def _delivery_row(delivery: Mapping[str, Any]) -> Row:
    row = {"purpose": "gold", **{k: v for k, v in delivery.items() if k in corpus_schema("deliveries").names}}
    row["stated_date"] = dt.date.fromisoformat(row["stated_date"]) if row["stated_date"] else None
    return row


@dataclass(frozen=True)
class _Landed:
    """A file of the night with its delivery and its bytes."""

    entry: Mapping[str, Any]
    delivery: Mapping[str, Any]
    data: bytes

    @property
    def is_synthetic(self) -> bool:
        return bool(self.delivery["is_synthetic"]) or _SYNTHETIC in self.data

    @property
    def is_in_parts(self) -> bool:
        """True for one of several files that make an article."""
        return bool(self.delivery["format"] == craft.FORMAT) and not str(self.entry["name"]).endswith("delivery.toml")

    def check(self, settings: Settings) -> None:
        """RejectedInput where its kind of data has no place in this home; PermanentError where it is another file."""
        if self.is_synthetic and not settings.is_synthetic:
            raise RejectedInput(Reason.SYNTHETIC_IN_REAL_HOME, "sample data never enter a real home")
        if sha256_bytes(self.data) != self.entry["raw_sha256"]:
            raise PermanentError(f"landing holds other bytes than {self.entry['raw_sha256']} for {self.entry['name']}")


def _take_note(file: _Landed, night: _Night) -> None:
    entry = file.entry
    night.files.append({"raw_sha256": entry["raw_sha256"], "name": entry["name"], "delivery_id": entry["delivery_id"]})


def _reject_file(file: _Landed, error: RejectedInput, night: _Night) -> None:
    night.reject(Rejection("file", Reason(error.reason), error.message, error.locator), file.entry)
    night.count("file", UnitCounts(n_in=1, quarantined=1))


def _parse_entry(settings: Settings, file: _Landed, night: _Night) -> None:
    _take_note(file, night)
    try:
        file.check(settings)
        parsed, version = _parse_or_reject(file.data, file.entry, file.delivery)
    except RejectedInput as error:
        _reject_file(file, error, night)
        return
    night.count("file", UnitCounts(n_in=1, valid=1))
    _add_records(parsed, version, file, night)


def _parse_articles(settings: Settings, files: Sequence[_Landed], night: _Night) -> None:
    """A delivery whose articles are several files each; the records of one are traced to the file of its text."""
    usable: dict[str, _Landed] = {}
    for file in files:
        _take_note(file, night)
        try:
            file.check(settings)
            usable[str(file.entry["name"])] = file
        except RejectedInput as error:
            _reject_file(file, error, night)
    n_lists = sum(map(craft.is_list, usable))
    night.count("file", UnitCounts(n_in=n_lists, ignored=n_lists))
    articles, odd = craft.group_files({name: file.data for name, file in usable.items()})
    for name, refused in odd.items():
        _reject_file(usable[name], refused, night)
    for article in articles:
        labels = str(usable[article.name].delivery.get("labels") or "")
        try:
            parsed = _or_rejected(lambda article=article, labels=labels: craft.parse_craft(article, labels))  # type: ignore[misc]
        except RejectedInput as error:
            for name in article.names:
                _reject_file(usable[name], error, night)
            continue
        night.count("file", UnitCounts(n_in=len(article.names), valid=len(article.names)))
        _add_records(parsed, craft.PARSER_VERSION, usable[article.name], night)


def _add_records(parsed: ParsedFile, version: int, file: _Landed, night: _Night) -> None:
    entry = file.entry
    origin = _origin(entry, file.delivery, version, is_synthetic=file.is_synthetic)
    for table, rows in rows_of(parsed, origin).items():
        night.tables.setdefault(table, []).extend(rows)
    for rejection in parsed.rejections:
        night.reject(rejection, entry, version=version)
    for unit, counts in parsed.counts.items():
        night.count(unit, counts)


def _write(staging: ObjectStore, run: Run, night: _Night) -> StageResult:
    base = f"{run.key}/parse"
    for table in _TABLES:
        schema = corpus_schema(table)
        data = rows_to_table(night.tables.get(table, []), schema)
        ids = pa.array(range(data.num_rows), pa.int64())
        staging.write(f"{base}/{table}.parquet", _parquet(data.append_column("row_id", ids)))
    files = pa.table({k: [str(f[k]) for f in night.files] for k in ("raw_sha256", "name", "delivery_id")})
    staging.write(f"{base}/files.parquet", _parquet(files))
    lines = "".join(canonical_json(r) + "\n" for r in night.rejections)
    staging.write(f"{base}/rejections.jsonl", lines.encode())
    staging.write(f"{base}/accounting.jsonl", account_lines(run, "parse", night.counts))
    counts = {f"{u}s": c.valid for u, c in sorted(night.counts.items())}
    counts["rejected"] = sum(int(str(r["n"])) for r in night.rejections)
    fingerprint = content_hash([sorted(str(f["raw_sha256"]) for f in night.files), lines, counts,
                                parser_versions()])  # fmt: skip
    return StageResult(staging.uri(base), counts, fingerprint, message=", ".join(f"{n} {k}" for k, n in counts.items()))


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()
