"""The model registry: the only home of MLflow. Thin functions over its client, without its global state.

A model is logged as plain files (never pyfunc, never a pickle), registered under the name of its task, and found again
by its fingerprint: the same training is never registered twice. Works against SQLite below the home and against an
MLflow server (`storage.mlflow`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.clients.mlflow_client import SYNTHETIC_PREFIX, exists, experiment_id, mlflow_errors, open_client
from pipelines.core.gold import TASKS
from pipelines.core.hashing import sha256_bytes, sha256_text
from pipelines.errors import PermanentError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL_PATH = "model"
SCORES_FILE = "scores.json"
_KIND_TAG = "nightcap.kind"
_SCORE_KEY = ("task", "model_version", "corpus_version", "benchmark_version", "split", "label")


@dataclass(frozen=True)
class ModelVersion:
    """One registered version. `tagger` is encoder or crf; `source` is where its files lie."""

    task: str
    name: str
    version: str
    tagger: str
    fingerprint: str
    corpus_version: str
    corpus_md5: str
    data_kind: str
    run_id: str
    weights_sha256: str
    source: str
    registered_on: dt.date
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    is_new: bool = False


def model_name(settings: Settings, task: str) -> str:
    """The registered name: the task, `synthetic-<task>` in a synthetic home."""
    return f"{SYNTHETIC_PREFIX}{task}" if settings.is_synthetic else task


# weights


def weights_hash(folder: Path) -> str:
    """sha256 over the names and contents of all files of a model folder."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sha256_text("\n".join(f"{sha256_bytes((folder / n).read_bytes())}  {n}" for n in names))


# writing


def log_and_register(
    settings: Settings,
    *,
    task: str,
    model_dir: Path,
    tagger: str,
    fingerprint: str,
    corpus_version: str,
    corpus_md5: str,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    scores: Sequence[Mapping[str, object]],
    data_kind: str,
    tags: Mapping[str, str] | None = None,
    description: str = "",
) -> ModelVersion:
    """Log a model folder with its lineage and register it; a known fingerprint is returned as it is (`is_new` False).

    A run that a killed process had finished but not registered is taken up again. Scores are rows of
    out.model_scores without model_version, stored beside the model.
    """
    client = open_client(settings)
    if found := find_by_fingerprint(settings, task, fingerprint):
        return found
    with mlflow_errors(settings):
        identity = {
            "nightcap.task": task, "tagger": tagger, "fingerprint": fingerprint, "corpus_version": corpus_version,
            "corpus_md5": corpus_md5, "data_kind": data_kind, "weights_sha256": weights_hash(model_dir), **(tags or {}),
        }  # fmt: skip
        run_id = _finished_run(settings, client, identity)
        if run_id is None:
            run_id = _start_run(settings, client, {**identity, _KIND_TAG: "training"}, f"{task}-{tagger}")
            _log_values(client, run_id, params, metrics)
            _log_dataset(client, run_id, corpus_version, corpus_md5)
            client.log_artifacts(run_id, str(model_dir), MODEL_PATH)
            client.log_dict(run_id, {"scores": [dict(s) for s in scores]}, SCORES_FILE)
            client.set_terminated(run_id, "FINISHED")
        return _register(settings, client, task, run_id, identity, description)


def _finished_run(settings: Settings, client: MlflowClient, identity: Mapping[str, str]) -> str | None:
    """A finished run of exactly this model that has no version yet."""
    query = f"tags.fingerprint = '{identity['fingerprint']}' and tags.weights_sha256 = '{identity['weights_sha256']}'"
    query += " and attributes.status = 'FINISHED'"
    runs = client.search_runs([experiment_id(settings, client)], query, max_results=1)
    return str(runs[0].info.run_id) if runs else None


def _start_run(settings: Settings, client: MlflowClient, tags: Mapping[str, str], name: str) -> str:
    run = client.create_run(experiment_id(settings, client), tags=dict(tags), run_name=name)
    return str(run.info.run_id)


def _log_values(client: MlflowClient, run_id: str, params: Mapping[str, object], metrics: Mapping[str, float]) -> None:
    from mlflow.entities import Metric, Param

    now = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(name, float(value), now, 0) for name, value in sorted(metrics.items())],
        params=[Param(name, str(value)[:500]) for name, value in sorted(params.items())],
    )


def _log_dataset(client: MlflowClient, run_id: str, corpus_version: str, corpus_md5: str) -> None:
    """The corpus as the run's input; MLflow allows a digest of 36 characters, which is DVC's md5 with `.dir`."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.entities import DatasetInput, InputTag

    source = CodeDatasetSource({"corpus_version": corpus_version})
    dataset = MetaDataset(source, name=corpus_version or "corpus", digest=corpus_md5[:36] or "unknown")
    entity = dataset._to_mlflow_entity()
    client.log_inputs(run_id, [DatasetInput(entity, [InputTag("mlflow.data.context", "training")])])


def _register(
    settings: Settings, client: MlflowClient, task: str, run_id: str, identity: Mapping[str, str], description: str
) -> ModelVersion:
    name = model_name(settings, task)
    _ensure_model(client, name, identity["data_kind"])
    source = f"{client.get_run(run_id).info.artifact_uri}/{MODEL_PATH}"
    made = client.create_model_version(name, source, run_id, tags=dict(identity), description=description or None)
    return _version(settings, task, made, (), is_new=True)


def _ensure_model(client: MlflowClient, name: str, data_kind: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name, tags={"data_kind": data_kind})
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def log_decision(
    settings: Settings,
    *,
    task: str,
    run_key: str,
    decision: Mapping[str, object],
    scores: Sequence[Mapping[str, object]],
) -> str:
    """One MLflow run for what the gate saw and decided, with the scores of all models and baselines; returns its id.

    Written once per task, run key and content: a step that runs again finds it.
    """
    client = open_client(settings)
    with mlflow_errors(settings):
        content = {"decision": dict(decision), "scores": [dict(s) for s in scores]}
        digest = sha256_text(json.dumps(content, sort_keys=True, default=str))[:32]
        query = f"tags.content = '{digest}' and tags.task = '{task}' and attributes.status = 'FINISHED'"
        if runs := client.search_runs([experiment_id(settings, client)], query, max_results=1):
            return str(runs[0].info.run_id)
        tags = {_KIND_TAG: "gate", "task": task, "run_key": run_key, "content": digest}
        run_id = _start_run(settings, client, tags, f"gate-{task}")
        client.log_dict(run_id, content["decision"], "decision.json")
        client.log_dict(run_id, {"scores": content["scores"]}, SCORES_FILE)
        client.set_terminated(run_id, "FINISHED")
        return run_id


def set_alias(settings: Settings, task: str, alias: str, version: str) -> None:
    """Point the alias at a version. The caller holds the lease `alias`: in MLflow the last writer wins."""
    client = open_client(settings)
    with mlflow_errors(settings):
        client.set_registered_model_alias(model_name(settings, task), alias, version)


def tag_version(settings: Settings, task: str, version: str, tags: Mapping[str, str]) -> None:
    client = open_client(settings)
    with mlflow_errors(settings):
        for key, value in sorted(tags.items()):
            client.set_model_version_tag(model_name(settings, task), version, key, value[:5000])


# reading


def _version(settings: Settings, task: str, raw: Any, aliases: Sequence[str], *, is_new: bool = False) -> ModelVersion:
    tags = {str(k): str(v) for k, v in (raw.tags or {}).items()}
    registered = dt.datetime.fromtimestamp(raw.creation_timestamp / 1000, dt.UTC).date()
    return ModelVersion(
        task, model_name(settings, task), str(raw.version), tags.get("tagger", ""), tags.get("fingerprint", ""),
        tags.get("corpus_version", ""), tags.get("corpus_md5", ""), tags.get("data_kind", ""), str(raw.run_id or ""),
        tags.get("weights_sha256", ""), str(raw.source), registered, tuple(sorted(aliases)), tags, is_new,
    )  # fmt: skip


def versions(settings: Settings, task: str) -> list[ModelVersion]:
    """All registered versions of a task, oldest first; empty where none was registered."""
    if not exists(settings):
        return []
    client = open_client(settings)
    with mlflow_errors(settings):
        name = model_name(settings, task)
        models = client.search_registered_models(f"name = '{name}'")
        if not models:
            return []
        # search_model_versions leaves `aliases` empty, the registered model has them
        by_version: dict[str, list[str]] = {}
        for alias, version in dict(client.get_registered_model(name).aliases).items():
            by_version.setdefault(str(version), []).append(alias)
        found = _all_pages(client, name)
        made = [_version(settings, task, v, by_version.get(str(v.version), ())) for v in found]
        return sorted(made, key=lambda v: int(v.version))


def _all_pages(client: MlflowClient, name: str) -> Iterator[Any]:
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def get_version(settings: Settings, task: str, version: str) -> ModelVersion:
    for found in versions(settings, task):
        if found.version == version:
            return found
    raise PermanentError(f"{model_name(settings, task)} has no version {version}")


def find_by_fingerprint(settings: Settings, task: str, fingerprint: str) -> ModelVersion | None:
    """The version with this fingerprint, the oldest where there are several; None where there is none."""
    return next((v for v in versions(settings, task) if v.fingerprint == fingerprint), None)


def find_alias(settings: Settings, task: str, alias: str) -> ModelVersion | None:
    return next((v for v in versions(settings, task) if alias in v.aliases), None)


def champion(settings: Settings, task: str) -> ModelVersion | None:
    """The version that @champion names, None where there is none."""
    return find_alias(settings, task, CHAMPION)


def list_versions(settings: Settings) -> list[dict[str, object]]:
    """Rows of out.model_versions: all versions of all tasks."""
    return [_version_row(v) for task in TASKS for v in versions(settings, task)]


def _version_row(v: ModelVersion) -> dict[str, object]:
    alias = next((a for a in (CHAMPION, CHALLENGER) if a in v.aliases), None)
    f1 = v.tags.get("benchmark_f1")
    return {
        "task": v.task, "model_version": v.version, "model_name": v.name, "tagger": v.tagger, "alias": alias,
        "fingerprint": v.fingerprint, "corpus_version": v.corpus_version, "corpus_md5": v.corpus_md5,
        "data_kind": v.data_kind, "run_id": v.run_id, "f1": float(f1) if f1 else None,
        "decision": v.tags.get("decision", ""), "registered_on": v.registered_on,
    }  # fmt: skip


def list_scores(settings: Settings) -> list[dict[str, object]]:
    """Rows of out.model_scores: what trainings and gates stored; of one model on one version the latest stands."""
    if not exists(settings):
        return []
    client = open_client(settings)
    by_run = {v.run_id: v for task in TASKS for v in versions(settings, task)}
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    with mlflow_errors(settings):
        for run in _iter_runs(settings, client):
            version = by_run.get(run.info.run_id)
            if run.data.tags.get(_KIND_TAG) == "training" and version is None:
                continue
            for row in _stored_scores(client, run.info.run_id):
                full = row if version is None else {**row, "model_version": version.version}
                rows[tuple(full[c] for c in _SCORE_KEY)] = full
    return [rows[key] for key in sorted(rows, key=str)]


def _iter_runs(settings: Settings, client: MlflowClient) -> Iterable[Any]:
    """Finished runs of the experiment, oldest first."""
    token: str | None = None
    found: list[Any] = []
    while True:
        page = client.search_runs(
            [experiment_id(settings, client)], "attributes.status = 'FINISHED'", max_results=1000,
            order_by=["attributes.start_time ASC"], page_token=token,
        )  # fmt: skip
        found += page
        token = page.token
        if not token:
            return found


def _stored_scores(client: MlflowClient, run_id: str) -> list[dict[str, object]]:
    if not any(a.path == SCORES_FILE for a in client.list_artifacts(run_id)):
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(run_id, SCORES_FILE, folder)
        rows: list[dict[str, object]] = json.loads(Path(path).read_text(encoding="utf-8"))["scores"]
    return rows


def download(settings: Settings, task: str, version: str) -> Path:
    """The model's folder, cached below the home by fingerprint; its files must hash to what was registered.

    PermanentError where they do not: a changed model is never loaded.
    """
    found = get_version(settings, task, version)
    folder = settings.path("mlflow", "cache", found.name, found.fingerprint)
    if folder.is_dir() and weights_hash(folder) == found.weights_sha256:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    staged = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    staged.mkdir(parents=True)
    try:
        with mlflow_errors(settings):
            fetched = Path(open_client(settings).download_artifacts(found.run_id, MODEL_PATH, str(staged)))
        if weights_hash(fetched) != found.weights_sha256:
            raise PermanentError(
                f"{found.name} version {version}: its files are not those that were registered; restore {found.source} "
                f"from a backup or roll back to another version"
            )
        with contextlib.suppress(FileExistsError, OSError):
            fetched.rename(folder)
        return folder
    finally:
        shutil.rmtree(staged, ignore_errors=True)
