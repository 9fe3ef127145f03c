"""Parse: every new raw object of the night becomes rows in staging, or a rejection with its reason.

Output below staging/<key>/parse/: <table>.parquet in the corpus schema plus row_id, files.parquet (raw_sha256, name),
rejections.jsonl, accounting.jsonl. One bad file never ends the night.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.clients.objectstore import ObjectStore, open_part, raw_key
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json, content_hash, sha256_bytes
from pipelines.core.records import ParsedFile, Reason, Rejection, UnitCounts
from pipelines.core.runs import Run, StageResult
from pipelines.core.tables import CORPUS_TABLES, corpus_schema, rows_to_table
from pipelines.errors import PermanentError, PipelineError, RejectedInput
from pipelines.ingest import (
    bioc,
    biorxiv,
    deletions,
    europepmc,
    jats,
    pmc_metadata,
    pubmed,
    retraction_lists,
    sourcedata,
    sourcedata_api,
    vanished,
)  # fmt: skip
from pipelines.ingest.json_records import load_object
from pipelines.ingest.rows import Origin, Row, rows_of
from pipelines.ingest.xml_safety import root_name
from pipelines.settings import Settings

Progress = Callable[[int, int, str], None]
_SYNTHETIC = b"<meta-name>nightcap-synthetic</meta-name>"
_TABLES = tuple(t for t in CORPUS_TABLES if t not in ("tombstones", "splits", "benchmark"))
#: Modules that read a JSON object which they know by its keys: `is_record`, `parse_record`, `PARSER_VERSION`.
_JSON_READERS = (europepmc, biorxiv, deletions, pmc_metadata, vanished)
_PARSERS = (jats, bioc, sourcedata, sourcedata_api, pubmed, retraction_lists, *_JSON_READERS)


@dataclass
class _Night:
    tables: dict[str, list[Row]] = field(default_factory=dict)
    rejections: list[Row] = field(default_factory=list)
    files: list[Row] = field(default_factory=list)
    counts: dict[str, UnitCounts] = field(default_factory=dict)

    def count(self, unit: str, counts: UnitCounts) -> None:
        self.counts[unit] = self.counts.get(unit, UnitCounts()) + counts

    def reject(self, rejection: Rejection, entry: Mapping[str, Any]) -> None:
        self.rejections.append({
            "source": entry["source"], "unit": rejection.unit, "reason": str(rejection.reason),
            "message": rejection.message, "name": entry["name"], "locator": rejection.locator,
            "delivery_id": entry["delivery_id"], "raw_sha256": entry["raw_sha256"],
            "payload": canonical_json(rejection.payload), "n": rejection.n,
        })  # fmt: skip


def parse_file(data: bytes, source: str = "") -> tuple[ParsedFile, int]:
    """(records, parser version) of a raw file, by its keys or root element; RejectedInput where no parser takes it.

    Lists of retracted papers are read from the source `retractions` alone: elsewhere a column of numbers says nothing.
    """
    if source == "retractions" and (read_list := retraction_lists.find_reader(data)):
        return read_list(data), retraction_lists.PARSER_VERSION
    if sourcedata_api.is_payload(data):
        return sourcedata_api.parse_payload(data), sourcedata_api.PARSER_VERSION
    if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _parse_json(data)
    root = root_name(data)
    if root == pubmed.ROOT:
        return pubmed.parse_pubmed(data), pubmed.PARSER_VERSION
    if root in ("collection", "BioCCollection"):
        return bioc.parse_bioc(data), bioc.PARSER_VERSION
    if root == "article" and (b"<sd-panel" in data or b"<sd-tag" in data):
        return sourcedata.parse_sourcedata(data), sourcedata.PARSER_VERSION
    return jats.parse_jats(data), jats.PARSER_VERSION


def parser_versions() -> str:
    """All parsers with their versions, as one word that changes with any of them."""
    return " ".join(f"{m.__name__.rpartition('.')[2]}:{m.PARSER_VERSION}" for m in _PARSERS)


def contents_of(data: bytes, entry: Mapping[str, Any], delivery: Mapping[str, Any]) -> tuple[str, set[str]]:
    """(format, hashes of the revisions and ids of the statements that it reads today); none of a file it rejects."""
    try:
        parsed, version = _parse_or_reject(data, entry["source"], str(entry["name"]))
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
                  (*delivery["annotated_types"], f"roles: {delivery['has_roles']}"))  # fmt: skip


def _parse_json(data: bytes) -> tuple[ParsedFile, int]:
    value = load_object(data)
    for module in _JSON_READERS:
        if module.is_record(value):
            return module.parse_record(data), module.PARSER_VERSION
    raise RejectedInput(Reason.UNKNOWN_FORMAT, "no known record: the JSON is of none of the sources")


def _parse_or_reject(data: bytes, source: str, name: str) -> tuple[ParsedFile, int]:
    """As parse_file; a file that a parser fails on in an unforeseen way is one rejected file, not a lost night."""
    try:
        if name.endswith("delivery.toml"):
            return deletions.parse_deletions(data), deletions.PARSER_VERSION
        return parse_file(data, source)
    except PipelineError:
        raise
    except Exception as error:
        message = f"the parser failed on it, please report: {type(error).__name__}: {error}"[:500]
        raise RejectedInput(Reason.PARSER_ERROR, message) from error


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
    for i, entry in enumerate(entries):
        if progress:
            progress(i, len(entries), f"parse {entry['name']}")
        if entry["status"] == "quarantined":
            night.reject(Rejection("file", Reason(entry["reason"]), entry["message"]), entry)
        elif entry["status"] == "valid":
            data = landing.read(raw_key(entry["raw_sha256"]))
            _parse_entry(settings, data, entry, by_id[entry["delivery_id"]], night)
    if not night.files and not night.rejections:
        return StageResult(skipped="nothing new to parse")
    night.tables["deliveries"] = [_delivery_row(d) for d in deliveries]
    return _write(open_part(settings, "staging"), run, night)


def _delivery_row(delivery: Mapping[str, Any]) -> Row:
    row = {k: v for k, v in delivery.items() if k in corpus_schema("deliveries").names}
    row["stated_date"] = dt.date.fromisoformat(row["stated_date"]) if row["stated_date"] else None
    return row


def _parse_entry(
    settings: Settings, data: bytes, entry: Mapping[str, Any], delivery: Mapping[str, Any], night: _Night
) -> None:
    night.files.append({"raw_sha256": entry["raw_sha256"], "name": entry["name"], "delivery_id": entry["delivery_id"]})
    is_synthetic = bool(delivery["is_synthetic"]) or _SYNTHETIC in data
    try:
        if is_synthetic and not settings.is_synthetic:
            raise RejectedInput(Reason.SYNTHETIC_IN_REAL_HOME, "sample data never enter a real home")
        if sha256_bytes(data) != entry["raw_sha256"]:
            raise PermanentError(f"landing holds other bytes than {entry['raw_sha256']} for {entry['name']}")
        parsed, version = _parse_or_reject(data, entry["source"], str(entry["name"]))
    except RejectedInput as error:
        night.reject(Rejection("file", Reason(error.reason), error.message, error.locator), entry)
        night.count("file", UnitCounts(n_in=1, quarantined=1))
        return
    night.count("file", UnitCounts(n_in=1, valid=1))
    origin = _origin(entry, delivery, version, is_synthetic=is_synthetic)
    for table, rows in rows_of(parsed, origin).items():
        night.tables.setdefault(table, []).extend(rows)
    for rejection in parsed.rejections:
        night.reject(rejection, entry)
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
