"""Files and manifests of corpus versions: what one holds, what it says, and how it reads in a log. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.core.labels import load_labels
from pipelines.core.records import ENTITY_TYPES
from pipelines.core.runs import Run, StageResult
from pipelines.core.splits import SPLIT_VERSION
from pipelines.core.tables import corpus_schema, parquet_bytes, rows_to_table, sort_rows
from pipelines.corpus.freeze import UNITS
from pipelines.corpus.versions import is_regular, next_tag

Row = Mapping[str, object]
Rows = Mapping[str, Sequence[Row]]


def version_files(tables: Rows, night: dt.date, part: int) -> dict[str, bytes]:
    """The files of a version by their path below data/: one a table that has rows."""
    files = {}
    for table, rows in sorted(tables.items()):
        if rows:
            data = rows_to_table(sort_rows(table, rows), corpus_schema(table))
            files[f"{table}/night={night.isoformat()}/part-{part}.parquet"] = parquet_bytes(data)
    return files


def build_manifest(
    manifests: Sequence[Row], rows: Rows, files: Mapping[str, bytes], **stated: object
) -> dict[str, object]:
    """Manifest of the next version of a chain, but for the md5 that adding its files gives.

    `stated` must hold tag, kind, night, part, is_regular, run_key and inputs.
    """
    return {
        "seq": len(manifests) + 1,
        "parent": manifests[-1]["tag"] if manifests else None,
        "files": [
            {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for path, data in sorted(files.items())
        ],
        "rows": {t: len(r) for t, r in sorted(rows.items()) if r},
        "benchmark": {str(r["task"]): int(str(r["benchmark_version"])) for r in rows.get("benchmark", ())},
        "label_set": list(ENTITY_TYPES),
        "labels_version": load_labels().version,
        "split_version": SPLIT_VERSION,
        "parser_versions": sorted({int(str(r["parser_version"])) for t in UNITS for r in rows.get(t, ())}),
        **stated,
    }


def row_counts(manifest: Mapping[str, Any]) -> dict[str, int]:
    return {str(k): int(v) for k, v in manifest["rows"].items()}


def stated_files(manifests: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """path → sha256 of the files that the last of these versions lists, by what each added and dropped."""
    out: dict[str, str] = {}
    for manifest in manifests:
        out.update({str(f["path"]): str(f["sha256"]) for f in manifest["files"]})
        for path in manifest.get("dropped", ()):
            out.pop(str(path), None)
    return out


def commit_message(manifest: Mapping[str, Any]) -> str:
    rows = ", ".join(f"{n} {t}" for t, n in row_counts(manifest).items())
    rows = rows or f"no row more, {len(manifest.get('dropped', ()))} files less"
    return f"{manifest['tag']}: {rows}\n\nseq {manifest['seq']}, run {manifest['run_key']}"


def night_manifest(
    rows: Rows, run: Run, night: dt.date, manifests: Sequence[Row], inputs: str,
    files: Mapping[str, bytes], quality: Iterable[Mapping[str, Any]] = (),
) -> dict[str, object]:  # fmt: skip
    """`quality`: results of the rules as the check step left them, one row a rule."""
    tag, part = next_tag(manifests, night)
    return build_manifest(
        manifests, rows, files, tag=tag, kind="night", night=night.isoformat(), part=part,
        is_regular=is_regular(manifests, night), run_key=run.key, inputs=inputs,
        suites=suite_results(quality),
    )  # fmt: skip


def suite_results(results: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, object]]:
    """Per suite how many rules were judged, and the rows of those that failed (null: a rule of the whole night)."""
    out: dict[str, dict[str, Any]] = {}
    for row in results:
        suite = out.setdefault(str(row["suite"]), {"n_rules": 0, "failed": {}})
        suite["n_rules"] += 1
        if not row["success"]:
            suite["failed"][str(row["rule"])] = row["n_failed"]
    return dict(sorted(out.items()))


def find_done(manifests: Iterable[Row], run: Run, inputs: str) -> Row | None:
    return next((m for m in manifests if m.get("run_key") == run.key and m.get("inputs") == inputs), None)


def result_of(manifest: Row, md5: str, costs: Mapping[str, object] | None = None) -> StageResult:
    rows = row_counts(manifest)
    message = f"{manifest['tag']}: " + ", ".join(f"{n} {t}" for t, n in rows.items())
    extra = {"corpus_version": manifest["tag"], "costs": dict(costs or {})}
    return StageResult(str(manifest["tag"]), rows, md5, message=message, extra=extra)
