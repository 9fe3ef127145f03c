"""Publish a generation of analytics.duckdb, and write the night's page. The only part of the stage that meets services.

Publish leaves, in this order: a file under .building/, the same file under its own name, the pointer, the watermark of
published numbers. Each is complete in itself; the next start drops what was not pointed to and builds it again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.analytics import build, comparing, notes, placing, segments
from pipelines.analytics.cache import load_parts, save_part
from pipelines.analytics.generations import Generation, Generations
from pipelines.analytics.inputs import (
    ROLE_TASKS,
    SCHEMA_VERSION,
    NightRecords,
    Row,
    Serving,
    inputs_hash,
    nights_up_to,
    parse_serving,
    run_number,
)  # fmt: skip
from pipelines.analytics.report import render_report
from pipelines.analytics.sqlfiles import run_sql, sql
from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import BRANCH, CorpusFile, CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part
from pipelines.clients.state import State, open_state
from pipelines.core.hashing import content_hash, sha256_bytes
from pipelines.core.predictions import complete_parts
from pipelines.core.runs import Run, StageResult
from pipelines.core.tables import load_tables, rows_to_table
from pipelines.errors import LeaseLost
from pipelines.settings import Settings

_PUBLISHED = "analytics/published"


@dataclass(frozen=True)
class Inputs:
    """All that one generation is built from. `links` and `spans` are keys of Parquet parts in predictions/."""

    version: str
    corpus_md5: str
    files: Sequence[CorpusFile]
    serving: Serving
    spans: Mapping[str, Sequence[str]]
    links: Sequence[str]
    records: NightRecords
    model_versions: Sequence[Row]
    model_scores: Sequence[Row]
    fingerprint: str


# what to build from


def _read_if_there(store: ObjectStore, key: str) -> bytes | None:
    return store.read(key) if store.exists(key) else None


def _lines(store: ObjectStore, key: str) -> list[Row]:
    data = _read_if_there(store, key) or b""
    return [json.loads(line) for line in data.splitlines() if line.strip()]


def _in_todays_words(result: Row) -> Row:
    """A result of a rule as nights before schema version 2 stored it too."""
    old = {"rule": result.get("expectation"), "n_failed": result.get("n_unexpected"), "rule_version": "", "band": None}
    return {**old, **result}


def read_records(settings: Settings, versions: Mapping[str, int] | None = None, seq: int = 0) -> NightRecords:
    """Records of the closed nights; with `versions` (tag → seq) only of those that a generation of `seq` may show."""
    reports, quarantine = open_part(settings, "reports"), open_part(settings, "quarantine")
    keys = [i.key for i in reports.iter_objects("nights/") if i.key.endswith("/night.json")]
    nights: list[Row] = [json.loads(reports.read(k)) for k in keys]
    if versions is not None:
        nights = nights_up_to(nights, versions, seq)
    nights.sort(key=lambda r: (str(r["night"]), run_number(str(r["run_key"]))))
    runs = [str(r["run_key"]) for r in nights]
    return NightRecords(
        nights,
        [row for k in runs for row in _lines(reports, f"nights/{k}/accounting.jsonl")],
        [_in_todays_words(row) for k in runs for row in _lines(reports, f"nights/{k}/quality_results.jsonl")],
        [{**row, "run_key": k} for k in runs for row in _lines(quarantine, f"{k}.jsonl")],
        _lines(quarantine, "issues.jsonl"),
    )


def _pushed(repo: CorpusRepo) -> str:
    """HEAD, or what the remote holds where a freeze was killed between its commit and its push."""
    remote = f"origin/{BRANCH}"
    return "HEAD" if repo.git("rev-parse", "HEAD") == repo.git("rev-parse", remote) else remote


def _keys(store: ObjectStore, prefix: str) -> list[str]:
    return sorted(i.key for i in store.iter_objects(prefix) if i.key.endswith(".parquet"))


def _local_parts(settings: Settings, store: ObjectStore, keys: Sequence[str]) -> list[Path]:
    """Parquet files as local paths; from a bucket they are copied to a folder of their own first."""
    if not store.uri().startswith("s3://"):
        return [Path(store.uri(key)) for key in keys]
    paths = [settings.path("tmp", "publish", key) for key in keys]
    for key, path in zip(keys, paths, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.read(key))
    return paths


def _registry(settings: Settings) -> tuple[list[Row], list[Row]]:
    """Rows of out.model_versions and out.model_scores; none before the first model, without asking for mlflow."""
    if not settings.storage.mlflow and not settings.path("mlflow", "mlflow.db").is_file():
        return [], []
    from pipelines.clients import model_registry  # takes seconds to import

    return model_registry.list_versions(settings), model_registry.list_scores(settings)


def gather_inputs(settings: Settings) -> Inputs | None:
    """What the next generation would be built from; None while no night is closed.

    The corpus version is the one that the serving set covers, so that mentions and figures are of one version.
    """
    predictions = open_part(settings, "predictions")
    serving = parse_serving(_read_if_there(predictions, "serving.json"))
    repo = CorpusRepo(settings)
    manifests = repo.manifests(_pushed(repo)) if repo.exists() else []
    seqs = {str(m["tag"]): int(str(m["seq"])) for m in manifests}
    version = serving.corpus_version or (str(manifests[-1]["tag"]) if manifests else "")
    records = read_records(settings, seqs, seqs.get(version, 0))
    if not records.nights:
        return None
    link_set = _read_if_there(predictions, "links.json")
    links = _keys(predictions, f"links/{json.loads(link_set)['fingerprint']}/") if link_set else []
    spans = {
        task: complete_parts(_keys(predictions, f"{task}/{model.fingerprint}/"))
        for task, model in serving.models.items() if model
    }  # fmt: skip
    models, scores = _registry(settings)
    md5 = repo.head_md5(version) if version else ""
    parts = {
        "corpus": [version, md5], "serving": serving.text, "models": models, "scores": scores,
        "spans": spans,
        "links": [link_set.decode() if link_set else "", links],
        "records": content_hash(vars(records)),
    }  # fmt: skip
    files = repo.files(version) if version else []
    return Inputs(version, md5, files, serving, spans, links, records, models, scores, inputs_hash(parts))


# building


def _insert(con: Any, table: str, rows: Sequence[Mapping[str, object]], target: str) -> None:
    """Rows of JSON or of the registry into a served table; texts of dates become dates."""
    if rows:
        names = (
            [c.name for c in load_tables("out")[table].columns]
            if target.startswith("gen.")
            else list(dict.fromkeys(k for r in rows for k in r))
        )
        data = pa.table({n: pa.array([_plain(r.get(n)) for r in rows]) for n in names})
        warehouse.insert_arrow(con, target, data)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value


def _place_curated(con: Any, staging: ObjectStore) -> None:
    """Match curated figures to the publisher's, and align what is new; the rest comes from the cache."""
    prefix = f"alignments/{placing.CACHE_NAME}/"
    run_sql(con, "stage_candidates")
    known = load_parts(staging, f"{prefix}matches/", placing.MATCHES)
    con.register("_known", known)
    fresh = placing.match_figures(warehouse.to_arrow(con, sql("select_unmatched")).to_pylist())
    con.register("_fresh", fresh)
    run_sql(con, "fill_matches")
    con.unregister("_known")
    con.unregister("_fresh")
    save_part(staging, f"{prefix}matches/", fresh)
    warehouse.insert_arrow(con, "work.spans", load_parts(staging, f"{prefix}spans/", placing.SPANS))
    spans = placing.place_spans(warehouse.to_arrow(con, sql("select_unaligned_spans")).to_pylist())
    warehouse.insert_arrow(con, "work.spans", spans)
    save_part(staging, f"{prefix}spans/", spans)


def _load_predictions(con: Any, settings: Settings, inputs: Inputs) -> None:
    """What the serving set read, and the ids of names."""
    store = open_part(settings, "predictions")

    def load(table: str, keys: Sequence[str] | None, **parameters: str) -> None:
        if keys:
            paths = [str(p) for p in _local_parts(settings, store, keys)]
            run_sql(con, f"load_{table}", {"paths": paths, **parameters})

    load("ner_spans", inputs.spans.get("ner"))
    load("panel_starts", inputs.spans.get("panelization"))
    for task, entity_type in sorted(ROLE_TASKS.items()):
        load("role_spans", inputs.spans.get(task), entity_type=entity_type)
    load("links", inputs.links)


def _segment(con: Any, staging: ObjectStore, serving: Serving) -> None:
    """Panels of legends without a curator's: worked out where they are new, else from the cache."""
    model = serving.model("panelization")
    prefix = f"segments/{segments.cache_name(model.fingerprint if model else None)}/"
    warehouse.insert_arrow(con, "work.segments", load_parts(staging, prefix, segments.SEGMENTS))
    query = sql("select_unsegmented_starts" if model else "select_unsegmented_legends")
    fresh = segments.segment_legends(warehouse.to_arrow(con, query).to_pylist(), is_model=model is not None)
    warehouse.insert_arrow(con, "work.segments", fresh)
    save_part(staging, prefix, fresh)


def _compare_versions(con: Any) -> None:
    """What two versions of one figure say of each other: agreement, fate of a machine's tags, corrections."""
    figures = list(comparing.iter_figures(warehouse.to_arrow(con, sql("select_versions")).to_pylist()))
    for table, rows in comparing.compare_figures(figures).items():
        warehouse.insert_arrow(con, f"gen.out.{table}", rows_to_table(rows, load_tables("out")[table].arrow))


def _load_records(con: Any, inputs: Inputs) -> None:
    records = inputs.records
    _insert(con, "nights", records.nights, "gen.out.nights")
    _insert(con, "accounting", records.accounting, "gen.out.accounting")
    _insert(con, "quality_results", records.quality, "gen.out.quality_results")
    _insert(con, "issues", records.issues, "work.issues")
    _insert(con, "issue_states", records.states, "work.issue_states")
    _insert(con, "model_versions", inputs.model_versions, "gen.out.model_versions")
    _insert(con, "model_scores", inputs.model_scores, "gen.out.model_scores")


def _fill_meta(con: Any, settings: Settings, inputs: Inputs, generation: Generation, now: dt.datetime) -> None:
    by_source = dict(con.execute("SELECT panel_source, count(*) FROM gen.out.panels GROUP BY ALL").fetchall())
    roles, pairs = con.execute(sql("count_roles")).fetchone()
    is_registered = any(m["task"] == "panelization" for m in inputs.model_versions)
    row = {
        "generation": generation.name, "corpus_version": inputs.version, "corpus_md5": inputs.corpus_md5,
        "last_night": dt.date.fromisoformat(generation.night), "serving_set": inputs.serving.text,
        "inputs_sha256": inputs.fingerprint, "schema_version": SCHEMA_VERSION, "published_at": now,
        "roles_note": notes.roles_note(inputs.serving, roles, pairs),
        "panels_note": notes.panels_note(inputs.serving, by_source, is_registered=is_registered),
        "is_synthetic": settings.is_synthetic,
    }  # fmt: skip
    warehouse.insert_arrow(con, "gen.out.meta", rows_to_table([row], load_tables("out")["meta"].arrow))


def build_generation(
    settings: Settings, inputs: Inputs, generation: Generation, path: Path, now: dt.datetime
) -> Mapping[str, int]:
    """Build, check and close the file at `path`; returns rows by table. Errors: PermanentError where a rule breaks."""
    staging = open_part(settings, "staging")
    con = warehouse.connect(settings)
    try:
        con.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS gen")
        warehouse.attach_corpus(con, inputs.files)
        build.create_out(con)
        build.stage_current(con)
        _place_curated(con, staging)
        build.stage_places(con)
        _load_predictions(con, settings, inputs)
        _segment(con, staging, inputs.serving)
        _load_records(con, inputs)
        build.fill_corpus(con, inputs.serving)
        _compare_versions(con)
        build.fill_models(con, inputs.serving, inputs.version)
        build.fill_records(con, generation.night, str(inputs.records.last["run_key"]))
        _fill_meta(con, settings, inputs, generation, now)
        build.check_generation(con)
        counts = build.table_counts(con)
        con.execute("DETACH gen")
    finally:
        con.close()
    _finish(settings, path)
    return counts


def _finish(settings: Settings, path: Path) -> None:
    """Views and macros, in the file opened by itself; then everything into the one file."""
    con = warehouse.connect(settings, path)
    try:
        build.create_main(con)
        con.execute("CHECKPOINT")
    finally:
        con.close()
    warehouse.verify_and_sync(path)


# publishing


def _published(state: State, generations: Generations) -> dict[str, int]:
    """The highest published number by night; what the pointer names counts, even where a kill kept it unrecorded."""
    known: dict[str, int] = json.loads(state.watermark(_PUBLISHED) or "{}")
    current = generations.current()
    if current is not None and current.number > known.get(current.night, 0):
        known[current.night] = current.number
        state.set_watermark(_PUBLISHED, json.dumps(known))
    return known


def _hold(state: State, today: dt.date) -> str | None:
    for hold in state.holds():
        if hold.name == "analytics" and (hold.until is None or hold.until >= today):
            return f"analytics is held by {hold.who}: {hold.why} (lift it with `nightcap release analytics`)"
    return None


def current_meta(settings: Settings, generations: Generations) -> dict[str, Any] | None:
    """The meta row of the generation in use, None before the first."""
    if generations.current() is None:
        return None
    con = warehouse.open_readonly(generations.pointer, settings)
    try:
        rows: list[dict[str, Any]] = con.sql("FROM out.meta").to_arrow_table().to_pylist()
        return rows[0]
    finally:
        con.close()


def run_publish(settings: Settings, run: Run) -> StageResult:
    """Build the next generation from all that is stored, check it, and take it in use.

    Output: analytics/analytics-<last closed night>-<n>.duckdb and the pointer analytics.duckdb. Skipped while no night
    is closed, where the same inputs are published already (unless forced), and under a hold. Errors: PermanentError
    where a rule of the served tables breaks; the last generation stays in use.
    """
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    generations, state = Generations(settings.path("analytics")), open_state(settings)
    if held := _hold(state, now.date()):
        return StageResult(skipped=held)
    with state.lease("publish") as lease:
        published = _published(state, generations)
        generations.drop_leftovers(published)
        inputs = gather_inputs(settings)
        if inputs is None:
            return StageResult(skipped="no night is closed yet")
        meta = current_meta(settings, generations)
        if meta and meta["inputs_sha256"] == inputs.fingerprint and not run.is_forced:
            return StageResult(skipped=f"{meta['generation']} already published from the same inputs")
        generation = generations.next(str(inputs.records.last["night"]), published)
        path = generations.building_path(generation)
        counts = build_generation(settings, inputs, generation, path, now)
        lease.check()
        try:
            generations.settle(generation)
        except OSError as error:
            raise LeaseLost(f"another publish took over while {generation.name} was built: {error}") from error
        lease.check()
        generations.flip(generation)
        state.set_watermark(_PUBLISHED, json.dumps({**published, generation.night: generation.number}))
        generations.prune(settings.analytics.keep_generations)
    message = f"{generation.name}: " + ", ".join(f"{n} {t}" for t, n in counts.items() if n)
    return StageResult(str(generations.path(generation)), counts, inputs.fingerprint, message=message,
                       extra={"generation": generation.name, "corpus_version": inputs.version})  # fmt: skip


# the night's page


def run_report(settings: Settings, run: Run) -> StageResult:
    """One page on the last closed night, reports/night-<run key>.html, from the published generation.

    Skipped before the first publish, and where the page of that generation is there already.
    """
    generations, reports = Generations(settings.path("analytics")), open_part(settings, "reports")
    if generations.current() is None:
        return StageResult(skipped="nothing is published yet")
    con = warehouse.open_readonly(generations.pointer, settings)
    try:
        data = {n: warehouse.to_arrow(con, sql(f"report_{n}")).to_pylist() for n in REPORT_QUERIES}
    finally:
        con.close()
    night = data["night"][0]
    docs, key = f"docs/{night['run_key']}/index.html", f"night-{night['run_key']}.html"
    data["docs"] = [{"href": docs}] if reports.exists(docs) else []
    page = render_report(data).encode()
    if _read_if_there(reports, key) == page and not run.is_forced:
        return StageResult(skipped=f"{key} is there already")
    reports.write(key, page)
    return StageResult(reports.uri(key), {"bytes": len(page)}, sha256_bytes(page), message=f"see {reports.uri(key)}")


REPORT_QUERIES = (
    "meta", "night", "nights", "accounting", "quarantine", "quality", "models", "scores", "freshness", "totals",
    "changes", "agreement", "corrections",
)  # fmt: skip
