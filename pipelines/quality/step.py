"""Step `check`: every row of the night is judged; what is valid goes on, the rest stays with a reason."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part, raw_key
from pipelines.clients.warehouse import Connection, connect, read_sql, to_arrow
from pipelines.core.hashing import canonical_json, content_hash, sha256_bytes
from pipelines.core.labels import load_labels
from pipelines.core.records import STORED_TYPES, Reason
from pipelines.core.runs import Run, StageResult
from pipelines.core.tables import corpus_schema, parquet_bytes
from pipelines.errors import PermanentError, PipelineError, QualityError
from pipelines.quality.docs import render_docs, render_index
from pipelines.quality.drift import NightCounts, compare, counts_from, pool
from pipelines.quality.following import follow_parents, reject_purged, tell_at_heads
from pipelines.quality.night_rows import NightRows, Verdict
from pipelines.quality.reasons import (
    fields_of,
    iter_issues,
    locator_of,
    message_of,
    rejection_row,
    render,
)
from pipelines.quality.rules import Rule, Severity
from pipelines.quality.run_suites import ROW_ID, Outcome, SuiteRunner, first_failures, frame_of, projection_of
from pipelines.quality.suites import build_suites
from pipelines.quality.volume import UNITS, UnitShare, build_volume_suite, measures_of, parse_bands
from pipelines.settings import Settings

_SQL = "quality/sql"
#: In reports/: the counts of the accepted nights, pooled, and those before the last of them.
_ACCEPTED = "accepted_counts.json"
#: Units of the accounting and the tables whose rows they are.
_UNIT_TABLES = {
    "document": "documents", "figure": "figures", "panel": "panels", "annotation": "annotations",
    "event": "document_events",
}  # fmt: skip


def run(settings: Settings, run: Run) -> StageResult:
    """Judge the rows that parse left below `<run key>/parse/`; needs `run.night`.

    Writes `<run key>/check/`: one Parquet file per table with the valid rows, counts.json, quality_results.jsonl and
    accounting.jsonl; and `<run key>.jsonl` in the quarantine: what parsers and rules rejected. Every row that came in
    is in exactly one of them. Data Docs, without rows, go to `docs/<run key>/` in the reports. QualityError, after all
    is written, where a rule of the whole night fails.
    """
    if run.night is None:
        raise PermanentError("the check of a night needs its date")
    staging = open_part(settings, "staging")
    night = _load(staging, run.key)
    con = connect(settings)
    try:
        register(con, settings, run.night, night)
        pages: dict[str, bytes] = {}
        runner = SuiteRunner(lambda s, found: pages.update({s.table: render_docs(f"{s.table}, {run.key}", found)}))
        check_rows(con, runner, night)
        reject_purged(night, _purged_hashes(settings))
        follow_parents(night)
        tell_at_heads(night, {s.table: s.unit for s in build_suites()})
        is_replay = bool(run.request.get("replay"))  # of rejected files only: its shares say nothing of a night
        fatal = [] if is_replay else _check_night(con, runner, night, settings, run)
    finally:
        con.close()
    result = _write(staging, settings, run, night)
    _write_docs(open_part(settings, "reports"), run.key, night, pages)
    if fatal:
        raise QualityError(_stop_message(fatal, night, run, result))
    return result


# reading


def _load(store: ObjectStore, key: str) -> NightRows:
    tables = {s.table: _read_table(store, f"{key}/parse/{s.table}.parquet", s.table) for s in build_suites()}
    names: dict[str, str] = {}
    if store.exists(f"{key}/parse/files.parquet"):
        for row in pq.read_table(io.BytesIO(store.read(f"{key}/parse/files.parquet"))).to_pylist():
            sha, name = str(row["raw_sha256"]), str(row["name"])
            names[sha] = min(names.get(sha, name), name)
    return NightRows(tables, _read_lines(store, f"{key}/parse/rejections.jsonl"), names)


def _read_table(store: ObjectStore, key: str, table: str) -> pa.Table:
    found = pq.read_table(io.BytesIO(store.read(key)))
    wanted = [*corpus_schema(table).names, ROW_ID]
    if missing := [c for c in wanted if c not in found.schema.names]:
        raise PermanentError(f"{store.uri(key)} lacks the columns {', '.join(missing)}: parse and check do not match")
    if pc.count_distinct(found[ROW_ID], mode="all").as_py() != found.num_rows:
        raise PermanentError(f"{store.uri(key)} has a row_id twice: a bad row could not be told from a good one")
    schema = pa.schema([pa.field(f.name, f.type) for f in corpus_schema(table)] + [pa.field(ROW_ID, pa.int64())])
    return found.select(wanted).cast(schema)


def _read_lines(store: ObjectStore, key: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in store.read(key).decode().splitlines() if line.strip()]


def register(con: Connection, settings: Settings, night: dt.date, rows: NightRows) -> None:
    """The tables of the night, its context and the id patterns under the names that the SQL uses."""
    for table, data in rows.tables.items():
        con.register(table, data)
    databases = sorted(load_labels().databases.items())
    con.register("context", pa.table({
        "night": pa.array([night], pa.date32()), "is_synthetic": [settings.is_synthetic],
        "min_rows": pa.array([settings.quality.min_rows_for_share], pa.int64()),
    }))  # fmt: skip
    con.register("id_patterns", pa.table({
        "db": [name for name, _ in databases], "pattern": [d.pattern.pattern for _, d in databases],
        "entity_type": [d.entity_type for _, d in databases],
        "placeholders": pa.array([sorted(d.placeholders) for _, d in databases], pa.list_(pa.string())),
    }))  # fmt: skip
    con.register("stored_types", pa.table({"entity_type": list(STORED_TYPES)}))


# judging


def check_rows(con: Connection, runner: SuiteRunner, night: NightRows) -> None:
    """Run every suite over the registered rows; outcomes and verdicts go into `night`."""
    for suite in build_suites():
        query = read_sql(_SQL, suite.table)
        judged = con.sql(query)
        checked = judged.project(projection_of(suite)).to_arrow_table()
        stored = corpus_schema(suite.table).names
        night.versions |= {(suite.table, r.name): r.version("" if r.column in stored else query) for r in suite.rules}
        if checked.num_rows != night.tables[suite.table].num_rows:
            raise PipelineError(f"quality/sql/{suite.table}.sql gives another number of rows than the table has")
        outcomes = runner.run(suite, frame_of(suite, checked))
        night.outcomes += outcomes
        if failures := first_failures(outcomes):
            con.register("failed", pa.table({ROW_ID: pa.array(sorted(failures), pa.int64())}))
            words = {f for rules in failures.values() for r in rules for f in fields_of(r.message)}
            bad = judged.filter(f"{ROW_ID} IN (FROM failed)").project(", ".join([ROW_ID, *sorted(words)]))
            night.rejected[suite.table] = _reasons(bad.to_arrow_table().to_pylist(), failures)


def _reasons(bad: Iterable[Mapping[str, Any]], failures: Mapping[int, Sequence[Rule]]) -> dict[int, Verdict]:
    return {r[ROW_ID]: _verdict(failures[r[ROW_ID]], r) for r in bad}


def _verdict(failed: Sequence[Rule], row: Mapping[str, Any]) -> Verdict:
    return Verdict(failed[0].reason, message_of(failed, row), failed[0].name)


def _purged_hashes(settings: Settings) -> set[str]:
    repo = CorpusRepo(settings)
    return {h for m in repo.manifests() for h in _purged_names(m)} if repo.exists() else set()


def _purged_names(manifest: Mapping[str, Any]) -> Sequence[str]:
    names: Sequence[str] = manifest.get("purged", {}).get("names", ())
    return names


def _check_night(con: Connection, runner: SuiteRunner, night: NightRows, settings: Settings, run: Run) -> list[Outcome]:
    """Rules of the whole night; returns those that stop it."""
    bands, min_rows = parse_bands(settings.quality.bands), settings.quality.min_rows_for_share
    night.counts = counts_from(to_arrow(con, read_sql(_SQL, "counts")).to_pylist())
    measured = to_arrow(con, read_sql(_SQL, "bands")).to_pylist()[0]
    measured |= compare(night.counts, _accepted_before(settings, run.key), min_rows)
    night.measures = measures = measures_of(_shares(night), measured, bands, min_rows)
    suite = build_volume_suite(settings.quality.max_rejected_share, bands)
    types = {name: pa.float64() for name in measures}
    row = pa.table({ROW_ID: [0], **{n: pa.array([v], types[n]) for n, v in measures.items()}})
    has_input = bool(night.rejections) or any(t.num_rows for t in night.tables.values())
    is_judged = has_input and any(v is not None for v in measures.values())
    found = runner.run(suite, frame_of(suite, row if is_judged else row.slice(0, 0)))
    outcomes = [Outcome(o.suite, o.rule, o.n_checked, o.row_ids, _observed(measures[o.rule.column])) for o in found]
    night.outcomes += outcomes
    return [o for o in outcomes if o.is_fatal]


def _accepted_before(settings: Settings, run_key: str) -> NightCounts:
    """What the accepted nights before this run held, pooled; nothing before the first."""
    reports = open_part(settings, "reports")
    if not reports.exists(_ACCEPTED):
        return NightCounts()
    stored = json.loads(reports.read(_ACCEPTED))
    return NightCounts(**stored["before" if stored["run_key"] == run_key else "accepted"])


def accept_counts(settings: Settings, run: Run) -> None:
    """Pool the run's counts with those of the nights before: what the next night is compared with.

    Called when the night is closed; a second time for the same run it changes nothing.
    """
    staging, key = open_part(settings, "staging"), f"{run.key}/check/counts.json"
    is_again = run.request.get("replay") or run.request.get("reparse")
    if is_again or not staging.exists(key):
        return
    before = _accepted_before(settings, run.key)
    accepted = pool(before, NightCounts(**json.loads(staging.read(key))))
    row = {"run_key": run.key, "before": before.to_dict(), "accepted": accepted.to_dict()}
    open_part(settings, "reports").write(_ACCEPTED, canonical_json(row).encode())


def forget_purged(settings: Settings, run: Run) -> None:
    """Remove the raw files of purged documents that came again, and the night's rows as parsed.

    Called when the night is closed: until then a step that was ended reads them once more. A second time it finds
    nothing to do.
    """
    staging, landing = open_part(settings, "staging"), open_part(settings, "landing")
    key = f"{run.key}/check/purged.json"
    raw = json.loads(staging.read(key)) if staging.exists(key) else []
    if not raw:
        return
    for sha256 in raw:
        landing.delete(raw_key(sha256))
    for item in list(staging.iter_objects(f"{run.key}/parse/")):
        if not item.key.endswith("/accounting.jsonl"):
            staging.delete(item.key)


def _observed(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"


def _shares(night: NightRows) -> dict[str, UnitShare]:
    """Share rejected per unit: by the parsers (they saw the unit, no row came) and by the rules."""
    by_parser = {u: sum(int(r.get("n") or 1) for r in night.rejections if r["unit"] == u) for u in UNITS}
    shares = {}
    for unit, table in _UNIT_TABLES.items():
        weights, bad = night.weights(table), night.rejected.get(table, {})
        rejected = by_parser[unit] + sum(weights[i] for i in bad)
        shares[unit] = UnitShare(by_parser[unit] + sum(weights.values()), rejected)
    files = set(night.names) | {str(r.get("raw_sha256")) for r in night.rejections if r["unit"] == "file"}
    shares["file"] = UnitShare(max(len(files), by_parser["file"]), by_parser["file"])
    return shares


# writing


def _write(store: ObjectStore, settings: Settings, run: Run, night: NightRows) -> StageResult:
    base, files = f"{run.key}/check", {}
    for table in night.tables:
        valid = night.valid(table)
        if valid.num_rows + len(night.rejected.get(table, {})) != night.tables[table].num_rows:
            raise PipelineError(f"check lost rows of {table}: {valid.num_rows} valid of {night.tables[table].num_rows}")
        files[f"{table}.parquet"] = parquet_bytes(valid)
    files["quality_results.jsonl"] = _lines(_result_rows(run, night))
    files["accounting.jsonl"] = _lines(_account(run, night))
    files["counts.json"] = canonical_json(night.counts.to_dict()).encode()
    files["purged.json"] = canonical_json(sorted(night.purged_raw)).encode()
    issues = _lines(iter_issues(str(run.night), [*night.rejections, *_rejected_rows(night)]))
    open_part(settings, "quarantine").write(f"{run.key}.jsonl", issues)
    for name, data in files.items():
        store.write(f"{base}/{name}", data)
    hashes = {name: sha256_bytes(data) for name, data in {**files, "quarantine": issues}.items()}
    return _result(store.uri(base), night, content_hash(hashes))


def _write_docs(reports: ObjectStore, run_key: str, night: NightRows, pages: Mapping[str, bytes]) -> None:
    """Data Docs below docs/<run key>/, the list of pages last; none where nothing came in."""
    rows = []
    for suite, page in pages.items():
        outcomes = [o for o in night.outcomes if o.suite == suite]
        rows.append((suite, len(outcomes), sum(not o.success for o in outcomes)))
        reports.write(f"docs/{run_key}/{suite}.html", page)
    if rows:
        reports.write(f"docs/{run_key}/index.html", render_index(run_key, rows))


def _lines(rows: Iterable[Mapping[str, object]]) -> bytes:
    return "".join(f"{canonical_json(dict(r))}\n" for r in rows).encode()


def _rejected_rows(night: NightRows) -> Iterable[dict[str, object]]:
    for suite in build_suites():
        for row in night.bad_rows(suite.table):
            reason, message, rule, head = night.rejected[suite.table][row.pop(ROW_ID)]
            if head:
                continue
            named = (f"{suite.table}.{rule}", night.versions.get((suite.table, rule), ""))
            found = rejection_row(suite.unit, reason, message, locator_of(suite.table, row), row, night.names, named)
            blank = {"payload": "{}", "locator": str(row.get("figure_id") or row.get("doc_id"))}
            yield found | blank if reason == Reason.PURGED else found


def _result_rows(run: Run, night: NightRows) -> Iterable[dict[str, object]]:
    """Rows of out.quality_results."""
    for o in night.outcomes:
        yield {
            "night": str(run.night), "run_key": run.key, "suite": o.suite, "rule": o.rule.name,
            "rule_version": night.versions.get((o.suite, o.rule.name)) or o.rule.version(),
            "severity": o.rule.severity.value, "success": o.success, "n_checked": o.n_checked,
            "n_failed": len(o.row_ids), "observed": o.observed, "band": o.rule.band,
        }  # fmt: skip


def _account(run: Run, night: NightRows) -> Iterable[dict[str, object]]:
    """Rows of out.accounting, of every unit that can be in quarantine; the balance is asserted over row ids, not made
    up from a difference."""
    for suite in build_suites():
        bad = night.rejected.get(suite.table, {})
        for unit, weights in night.units(suite.table, suite.unit).items():
            good = sum(w for i, w in weights.items() if i not in bad)
            quarantined = sum(weights[i] for i in bad.keys() & weights.keys())
            if good + quarantined != sum(weights.values()):
                raise PipelineError(f"the account of {unit}s does not balance")
            yield {
                "night": str(run.night), "run_key": run.key, "stage": "check", "unit": unit,
                "n_in": good + quarantined, "valid": good, "quarantined": quarantined, "duplicate": 0, "unchanged": 0,
                "ignored": 0,
            }  # fmt: skip


def _result(uri: str, night: NightRows, fingerprint: str) -> StageResult:
    counts = {t: rows.num_rows - len(night.rejected.get(t, {})) for t, rows in night.tables.items()}
    n_bad = sum(len(bad) for bad in night.rejected.values())
    warnings = [
        f"{o.suite}.{o.rule.name}: {len(o.row_ids)} of {o.n_checked}"
        for o in night.outcomes
        if not o.success and o.rule.severity is Severity.WARNING
    ]
    message = f"{sum(counts.values())} rows valid, {n_bad} rejected here, {len(night.rejections)} by the parsers"
    if warnings:
        message += f"; {len(warnings)} warnings"
    extra = {"warnings": warnings}
    return StageResult(uri, {**counts, "rejected": n_bad}, fingerprint, message=message, extra=extra)


def _stop_message(fatal: Sequence[Outcome], night: NightRows, run: Run, result: StageResult) -> str:
    what = [render(outcome.rule.message, night.measures) for outcome in fatal]
    reasons: dict[str, int] = {}
    for reason in [*(r["reason"] for r in night.rejections), *_all_reasons(night)]:
        reasons[str(reason)] = reasons.get(str(reason), 0) + 1
    most = ", ".join(f"{n} {r}" for r, n in sorted(reasons.items(), key=lambda i: (-i[1], i[0]))[:3])
    return (
        f"night {run.key} stopped: {'; '.join(what)}. Most frequent reasons: {most}. Nothing was frozen, the last good "
        f"version stays served. Look at the rejected rows in the quarantine file {run.key}.jsonl and the rules in "
        f"{result.uri}/quality_results.jsonl; mend the delivery (or, where this is right, raise "
        f"quality.max_rejected_share or widen its band in quality.bands) "
        f"and run `nightcap run nightly_corpus --run {run.key}` again"
    )


def _all_reasons(night: NightRows) -> Iterable[str]:
    return (v.reason.value for bad in night.rejected.values() for v in bad.values())
