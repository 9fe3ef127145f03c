"""Score candidates on the benchmark; read new legends with the serving set. The only part of the stage that meets
services.

predictions/<task>/<fingerprint>/part-<n>.parquet (legend_sha256, start_offset, end_offset, label, score, run_id) and
seen-<n>.parquet (legend_sha256), written last: a part without it does not count. predictions/serving.json is the set
whose predictions cover all current legends.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.clients import model_registry, warehouse
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part
from pipelines.core.gold import ROLE_TYPES, TASKS
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.runs import Run, StageResult
from pipelines.core.scoring import DocumentCounts, count_spans
from pipelines.core.tagging import Span
from pipelines.errors import PermanentError
from pipelines.predict.serving import ORDER, serving_set
from pipelines.predict.spans import predict_spans, read_spans, write_inputs
from pipelines.settings import Settings
from pipelines.taggers import Tagger, TaggerInput, load_tagger
from pipelines.taggers.base import BASELINE_KIND
from pipelines.taggers.bundle import Example, read_examples
from pipelines.taggers.evaluate import scored_texts

Progress = Callable[[int, int, str], None]
_COUNTS = pa.schema(
    [("doc_id", pa.string()), ("label", pa.string()), ("tp", pa.int64()), ("fp", pa.int64()), ("fn", pa.int64())]
)


# score


def _counts_table(counts: DocumentCounts) -> pa.Table:
    rows = [
        {"doc_id": d, "label": label, "tp": int(tp), "fp": int(predicted - tp), "fn": int(gold - tp)}
        for d, per_label in zip(counts.doc_ids, counts.array, strict=True)
        for label, (tp, predicted, gold) in zip(counts.labels, per_label, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=_COUNTS)


def _spans_table(examples: Sequence[Example], predicted: Sequence[Sequence[Span]]) -> pa.Table:
    rows = [
        {
            "example_id": e.example_id,
            "doc_id": e.doc_id,
            "start": s.start,
            "end": s.end,
            "label": s.label,
            "score": round(s.score, 4),
        }
        for e, spans in zip(examples, predicted, strict=True)
        for s in spans
    ]
    return pa.Table.from_pylist(rows) if rows else pa.table({"example_id": pa.array([], pa.string())})


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")


def _score_one(folder: Path, name: str, tagger: Tagger, labels: Sequence[str], examples: Sequence[Example]) -> None:
    predicted = tagger.predict([TaggerInput(e.text, e.context_spans) for e in examples])
    known = [[s for s in spans if s.label in labels] for spans in predicted]
    counts = count_spans(scored_texts(tagger.meta.task, labels, examples, known), labels)
    _write(folder / f"{name}.spans.parquet", _spans_table(examples, predicted))
    _write(folder / f"{name}.parquet", _counts_table(counts))


def _taggers(settings: Settings, folder: Path, task: str) -> dict[str, tuple[Path, dict[str, Any]]]:
    """name → (model folder, what score.json says of it): candidates, champion and the plain baseline."""
    out: dict[str, tuple[Path, dict[str, Any]]] = {}
    for kind in settings.train.kinds:
        candidate = folder / "candidates" / task / kind
        metrics = json.loads((candidate / "metrics.json").read_text())
        out[kind] = (
            candidate,
            {"kind": kind, "fingerprint": metrics["fingerprint"], "dev_f1": metrics["dev_f1"], "role": "candidate"},
        )
    baseline = BASELINE_KIND[task]
    out[baseline] = (folder / "baselines" / task / baseline, {"kind": baseline, "role": "baseline"})
    champion = model_registry.champion(settings, task)
    if champion is not None:
        model = model_registry.download(settings, task, champion.version)
        out["champion"] = (
            model,
            {
                "kind": champion.tagger,
                "fingerprint": champion.fingerprint,
                "role": "champion",
                "model_version": champion.version,
            },
        )
    return out


def run_score(settings: Settings, run: Run) -> StageResult:
    """Every tagger of every due task over the benchmark, by one scorer; the champion over what came to test since, too.

    Output below runs/retrain_tagger/<key>/scores/<task>/: <name>.spans.parquet, <name>.parquet (counts per document and
    label) and, last, score.json.
    """
    folder = settings.path("runs", "retrain_tagger", run.key)
    selection = json.loads((folder / "selection.json").read_text())
    prints = []
    for task in selection["due"]:
        bundle = folder / "bundles" / task
        info = json.loads((bundle / "bundle.json").read_text())
        examples, labels = read_examples(bundle, ["benchmark"]), tuple(info["labels"])
        scores = folder / "scores" / task
        stated = {}
        about_champion = dict(selection["champion"].get(task, {}))
        for name, (model, about) in _taggers(settings, folder, task).items():
            tagger = load_tagger(model)
            _score_one(scores, name, tagger, labels, examples)
            stated[name] = about
            if name == "champion":
                fresh = read_examples(bundle, ["fresh"])
                if fresh:
                    _score_one(scores, "champion-fresh", tagger, labels, fresh)
                about_champion["has_fresh"] = bool(fresh)
            if name == "champion" and tuple(tagger.meta.labels) != labels:
                about_champion["barred"] = f"its label set is {', '.join(tagger.meta.labels)}"
        result = {
            "task": task,
            "benchmark_version": selection["benchmark"][task],
            "labels": list(labels),
            "corpus_version": info["corpus_version"],
            "corpus_md5": info["corpus_md5"],
            "data_kind": info["data_kind"],
            "n_documents": len({e.doc_id for e in examples}),
            "taggers": stated,
            "left_out": about_champion.get("left_out", []),
            "barred": about_champion.get("barred"),
            "has_fresh": bool(about_champion.get("has_fresh")),
        }
        (scores / "score.json").write_text(canonical_json(result))
        prints.append(result)
    return StageResult(
        str(folder / "scores"),
        {"tasks": len(prints)},
        content_hash(prints),
        message=f"scored {', '.join(selection['due'])}",
    )


# predict


def resolve(settings: Settings) -> tuple[str, dict[str, object]]:
    """Run key and request: newest corpus version and the serving set that is to come."""
    repo = CorpusRepo(settings)
    manifests = repo.manifests() if repo.exists() else []
    if not manifests:
        raise PermanentError("there is no corpus to read yet: run `nightcap night` first")
    tag = str(manifests[-1]["tag"])
    serving = serving_set({t: _champion_row(settings, t) for t in TASKS})
    key = f"{tag.removeprefix('corpus/')}-{serving['fingerprint'][:8]}"
    return key, {"version": tag, "corpus_md5": manifests[-1]["corpus_md5"], "serving": serving}


def _champion_row(settings: Settings, task: str) -> dict[str, str] | None:
    v = model_registry.champion(settings, task)
    if v is None:
        return None
    return {
        "model_version": v.version,
        "model_name": v.name,
        "tagger": v.tagger,
        "run_id": v.run_id,
        "data_kind": v.data_kind,
        "corpus_version": v.corpus_version,
        "fingerprint": v.fingerprint,
    }


def _read(store: ObjectStore, key: str) -> pa.Table:
    return pq.read_table(io.BytesIO(store.read(key)))


def _parts(store: ObjectStore, base: str) -> list[int]:
    keys = [o.key for o in store.iter_objects(f"{base}/seen-")]
    return sorted(int(k.rsplit("-", 1)[-1].removesuffix(".parquet")) for k in keys)


def _seen(store: ObjectStore, base: str) -> set[str]:
    out: set[str] = set()
    for n in _parts(store, base):
        out.update(_read(store, f"{base}/seen-{n}.parquet")["legend_sha256"].to_pylist())
    return out


def _mentions(store: ObjectStore, base: str, legends: Iterable[str], label: str) -> dict[str, list[Span]]:
    """Spans of a type that ner found in these legends."""
    wanted = set(legends)
    out: dict[str, list[Span]] = {}
    for n in _parts(store, base):
        for row in _read(store, f"{base}/part-{n}.parquet").to_pylist():
            if row["label"] == label and row["legend_sha256"] in wanted:
                span = Span(row["start_offset"], row["end_offset"], row["label"], row["score"])
                out.setdefault(row["legend_sha256"], []).append(span)
    return out


def _bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _predict_task(
    settings: Settings,
    run: Run,
    task: str,
    serving: Mapping[str, Any],
    legends: Mapping[str, str],
    report: Callable[[str, float], None],
) -> int:
    """Read what the task's model has not seen; returns how many legends that were."""
    store, model = open_part(settings, "predictions"), serving["tasks"][task]
    base = f"{task}/{model['fingerprint']}"
    new = sorted(set(legends) - _seen(store, base))
    if not new:
        return 0
    context: Mapping[str, Sequence[Span]] = {}
    if task in ROLE_TYPES:
        context = _mentions(store, f"ner/{serving['tasks']['ner']['fingerprint']}", new, ROLE_TYPES[task])
    work = settings.path("tmp", "predict", f"{run.key}-{task}")
    work.mkdir(parents=True, exist_ok=True)
    write_inputs(work / "inputs.parquet", [(s, legends[s], context.get(s, ())) for s in new])
    folder = model_registry.download(settings, task, str(model["model_version"]))
    predict_spans(folder, work / "inputs.parquet", work / "spans.parquet", on_progress=report)
    spans = read_spans(work / "spans.parquet")
    rows = [
        {
            "legend_sha256": sha,
            "start_offset": s.start,
            "end_offset": s.end,
            "label": s.label,
            "score": s.score,
            "run_id": run.key,
        }
        for sha in new
        for s in spans.get(sha, ())
    ]
    n = len(_parts(store, base))
    store.write(f"{base}/part-{n}.parquet", _bytes(pa.Table.from_pylist(rows, schema=_PART)))
    store.write(f"{base}/seen-{n}.parquet", _bytes(pa.table({"legend_sha256": new})))
    return len(new)


_PART = pa.schema(
    [
        ("legend_sha256", pa.string()),
        ("start_offset", pa.int32()),
        ("end_offset", pa.int32()),
        ("label", pa.string()),
        ("score", pa.float64()),
        ("run_id", pa.string()),
    ]
)


def run_predict(settings: Settings, run: Run, progress: Progress | None = None) -> StageResult:
    """Bring the predictions of the serving set up to all current legends, then state it in serving.json."""
    con = warehouse.connect(settings)
    warehouse.attach_corpus(con, CorpusRepo(settings).files(str(run.request["version"])))
    rows = warehouse.to_arrow(con, warehouse.read_sql("predict/sql", "current_legends")).to_pylist()
    con.close()
    legends = {str(r["legend_sha256"]): str(r["legend"]) for r in rows}
    serving: dict[str, Any] = json.loads(canonical_json(run.request["serving"]))
    tasks = [t for t in ORDER if serving["tasks"].get(t)]
    counts = {"legends": len(legends)}
    for n, task in enumerate(tasks):

        def report(message: str, done: float, n: int = n) -> None:
            if progress:
                progress(int((n + done) / len(tasks) * 1000), 1000, message)

        counts[f"{task}_new"] = _predict_task(settings, run, task, serving, legends, report)
    stated = {**serving, "covers_corpus_version": run.request["version"]}
    store = open_part(settings, "predictions")
    store.write("serving.json", canonical_json(stated).encode())
    message = ", ".join(f"{n} {k.replace('_', ' ')}" for k, n in counts.items())
    served = ", ".join(f"{t} {serving['tasks'][t]['tagger']} v{serving['tasks'][t]['model_version']}" for t in tasks)
    return StageResult(
        store.uri(),
        counts,
        content_hash([serving["fingerprint"], run.request["version"]]),
        message=f"{message}; serving {served or 'no model yet'}",
    )
