"""Select what is due and write its bundle; train it. The only part of the stage that meets services.

Below runs/retrain_tagger/<key>/: selection.json, bundles/<task>/, candidates/<task>/<kind>/, baselines/<task>/<kind>/.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.clients import model_registry, warehouse
from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.core.gold import TASKS
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.ids import split_figure_id
from pipelines.core.runs import Run, StageResult
from pipelines.errors import PermanentError
from pipelines.settings import Settings
from pipelines.taggers.base import BASELINE_KIND
from pipelines.taggers.bundle import BundleInfo, Example, write_bundle
from pipelines.train.config import load_task_config
from pipelines.train.examples import CuratedRows, changed_share, example_of, is_trainable, labels_of, usable_auxiliary
from pipelines.train.taint import bar_reason, leaked_documents, purge_reason

Progress = Callable[[int, int, str], None]
_REVISION = ("figure_id", "record_sha256", "delivery_id", "raw_sha256")


def resolve(settings: Settings) -> tuple[str, dict[str, object]]:
    """Run key and request: the newest corpus version."""
    repo = CorpusRepo(settings)
    manifests = repo.manifests() if repo.exists() else []
    if not manifests:
        raise PermanentError("there is no corpus to train on yet: run `nightcap night` first")
    tag = str(manifests[-1]["tag"])
    return tag.removeprefix("corpus/"), {"version": tag, "corpus_md5": manifests[-1]["corpus_md5"]}


def run_folder(settings: Settings, run: Run) -> Path:
    return settings.path("runs", "retrain_tagger", run.key)


# select


def _grouped(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], list[Mapping[str, Any]]]:
    out: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        out.setdefault(tuple(row[n] for n in _REVISION), []).append(row)
    return out


class Corpus:
    """Curated figures of a version, and its benchmarks; with `through_seq` those of an older version."""

    def __init__(self, settings: Settings, files: Sequence[CorpusFile], through_seq: int | None = None) -> None:
        self._con = warehouse.connect(settings)
        self._profile = settings.train.profile
        warehouse.attach_corpus(self._con, files, through_seq=through_seq)
        self._parts = {
            t: _grouped(self._rows(warehouse.read_sql("train/sql", f"all_{t}"))) for t in ("panels", "annotations")
        }
        self.figures = [self._with_parts(r) for r in self._rows(warehouse.read_sql("train/sql", "curated_figures"))]
        self.benchmark = self._rows(warehouse.read_sql("train/sql", "benchmark_figures"))

    def _rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = warehouse.to_arrow(self._con, query, values).to_pylist()
        return rows

    def _select(self, name: str, **values: object) -> list[dict[str, Any]]:
        return self._rows(warehouse.read_sql("train/sql", name), **values)

    def _with_parts(self, figure: Mapping[str, Any]) -> CuratedRows:
        key = tuple(figure[n] for n in _REVISION)
        return CuratedRows(figure, self._parts["panels"].get(key, []), self._parts["annotations"].get(key, []))

    def benchmark_of(self, task: str) -> tuple[int, list[CuratedRows]]:
        rows = [r for r in self.benchmark if r["task"] == task]
        return (int(rows[0]["benchmark_version"]) if rows else 0), [self._with_parts(r) for r in rows]

    def auxiliary(self, task: str) -> list[CuratedRows]:
        """Auxiliary texts that the task's config asks for."""
        wanted = load_task_config(task, self._profile)["data"]["auxiliary"]
        if not wanted:
            return []
        judged = [str(r.figure["legend"]) for r in self.figures if r.figure["split"] != "train"]
        judged += [str(r["legend"]) for r in self.benchmark]
        return usable_auxiliary([self._with_parts(r) for r in self._select("auxiliary_figures")], wanted, judged)

    def trainable(self, task: str) -> list[CuratedRows]:
        """What a task may learn from: curated figures, and auxiliary texts where its config asks for them."""
        return [r for r in self.figures if is_trainable(r.figure)] + self.auxiliary(task)

    def gold(self, task: str) -> dict[str, tuple[str, int]]:
        """Figures that a task learns from: id → (revision, spans)."""
        out = {}
        for rows in self.trainable(task):
            if (example := example_of(task, rows, "train")) is not None:
                out[example.example_id] = (str(rows.figure["record_sha256"]), len(example.spans))
        return out

    def bar_reason(self, gold: Mapping[str, tuple[str, int]]) -> str | None:
        """Why a model that learnt this may not stay champion, as far as this version's rows tell."""
        retracted = {str(r["doc_id"]) for r in self._select("retracted_documents")}
        hidden = {(str(r["figure_id"]), str(r["record_sha256"])) for r in self._select("hidden_revisions")}
        return bar_reason(gold, retracted=retracted, hidden=hidden)

    def fresh(self, task: str, seq: int) -> list[Example]:
        """Today's gold of test documents that came after version `seq`: what a model trained then cannot have seen."""
        first = {str(r["doc_id"]): int(r["first_seq"]) for r in self._select("first_seen")}
        found = [
            rows for rows in self.figures
            if rows.figure["split"] == "test" and rows.figure["status"] != "retracted"
            and rows.figure["review_stage"] != "machine" and first.get(str(rows.figure["doc_id"]), 0) > seq
        ]  # fmt: skip
        return [e for rows in found if (e := example_of(task, rows, "fresh")) is not None]

    def leaked(self, trained: set[str], held: set[str]) -> list[str]:
        """Documents of the benchmark that a model trained on these knows under another id."""
        legends = self._select("leak_legends", documents=sorted(trained | held))
        return leaked_documents(trained, held, legends, self._select("twins"))


def run_select(settings: Settings, run: Run) -> StageResult:
    """Decide per task whether it is due, and write the bundle of each that is."""
    files = CorpusRepo(settings).files(str(run.request["version"]))
    corpus = Corpus(settings, files)
    due: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for task in settings.train.tasks:
        if task not in TASKS:
            raise PermanentError(f"unknown task {task!r} in train.tasks; known are {', '.join(TASKS)}")
        is_due, reason = _judge(settings, run, corpus, files, task)
        (due if is_due else skipped)[task] = reason
    folder = run_folder(settings, run)
    folder.mkdir(parents=True, exist_ok=True)
    benchmarks = {t: corpus.benchmark_of(t)[0] for t in due}
    champions = {t: c for t in due if (c := _about_champion(settings, corpus, files, t))}
    for task in due:
        fresh = _fresh_examples(settings, corpus, files, task)
        _write_task_bundle(settings, run, corpus, task, folder / "bundles" / task, fresh)
    selection = canonical_json({"due": due, "skipped": skipped, "benchmark": benchmarks, "champion": champions})
    (folder / "selection.json").write_text(selection)
    words = [f"{t}: {r}" for t, r in {**due, **skipped}.items()]
    if not due:
        return StageResult(skipped="nothing is due – " + "; ".join(words), extra={"reasons": skipped})
    return StageResult(
        str(folder),
        {"due": len(due), "skipped": len(skipped)},
        content_hash([due, skipped]),
        message=f"due: {', '.join(due)} – " + "; ".join(words),
        extra={"due": due, "reasons": skipped},
    )


def _is_auxiliary(figure_id: str) -> bool:
    return split_figure_id(figure_id)[1].startswith("aux-")


def _judge(settings: Settings, run: Run, corpus: Corpus, files: Sequence[CorpusFile], task: str) -> tuple[bool, str]:
    """(is it due, why)."""
    gold = corpus.gold(task)
    documents = {split_figure_id(f)[0] for f, (_, n) in gold.items() if n and not _is_auxiliary(f)}
    if not documents:
        return False, "nothing to train on: no curated delivery holds gold for it"
    if len(documents) < settings.train.min_documents:
        return False, f"only {len(documents)} documents to train on, {settings.train.min_documents} are needed"
    version, _ = corpus.benchmark_of(task)
    if not version:
        return False, "no benchmark yet: the test split is too small to judge a model, so none is trained"
    if run.is_forced:
        return True, "forced"
    registered = [v for v in model_registry.list_versions(settings) if v["task"] == task]
    if not registered:
        return True, f"never trained; {len(documents)} documents"
    last = str(registered[-1]["corpus_version"])
    return _judge_change(settings, corpus, files, task, last, gold)


@dataclass(frozen=True)
class Learnt:
    """What a training on an older version learnt from, and why it should not have."""

    gold: Mapping[str, tuple[str, int]]
    train_documents: set[str]
    barred: str | None


def learnt_at(
    settings: Settings, corpus: Corpus, files: Sequence[CorpusFile], tag: str, task: str
) -> Learnt:  # fmt: skip
    manifests = CorpusRepo(settings).manifests()
    seqs = {str(m["tag"]): int(str(m["seq"])) for m in manifests}
    older = Corpus(settings, files, seqs.get(tag, 0))
    gold = older.gold(task)
    in_train = {str(r.figure["doc_id"]) for r in older.figures if r.figure["split"] == "train"}
    documents = {split_figure_id(f)[0] for f in gold} & in_train
    return Learnt(gold, documents, corpus.bar_reason(gold) or purge_reason(manifests, tag))


def models_that_learnt(settings: Settings, doc_id: str) -> list[dict[str, object]]:
    """Registered models whose training held gold of the document, by any of its names, as the corpus was then."""
    repo = CorpusRepo(settings)
    files, seqs = repo.files(), {str(m["tag"]): int(str(m["seq"])) for m in repo.manifests()}
    with contextlib.closing(warehouse.connect(settings)) as con:
        warehouse.attach_corpus(con, files)
        query = warehouse.read_sql("corpus/sql", "document_names")
        names = {str(r["name"]) for r in warehouse.to_arrow(con, query, {"alias": doc_id}).to_pylist()}
    at: dict[str, Corpus] = {}
    found = []
    for model in model_registry.list_versions(settings):
        tag = str(model["corpus_version"])
        older = at.setdefault(tag, at.get(tag) or Corpus(settings, files, seqs.get(tag, 0)))
        in_train = {str(r.figure["doc_id"]) for r in older.figures if r.figure["split"] == "train"}
        if names & in_train & {split_figure_id(f)[0] for f in older.gold(str(model["task"]))}:
            found.append(model)
    return found


def _about_champion(settings: Settings, corpus: Corpus, files: Sequence[CorpusFile], task: str) -> dict[str, object]:
    """What bars the champion, and which benchmark documents it knows (left out on both sides): those it was trained
    on, and those whose legend or preprint twin it was trained on before they were known to be one."""
    champion = model_registry.champion(settings, task)
    if champion is None:
        return {}
    learnt = learnt_at(settings, corpus, files, champion.corpus_version, task)
    documents = {split_figure_id(f)[0] for f in learnt.gold}
    held = {str(r.figure["doc_id"]) for r in corpus.benchmark_of(task)[1]}
    left_out = (documents & held) | set(corpus.leaked(learnt.train_documents, held))
    return {"barred": learnt.barred, "left_out": sorted(left_out)}


def _fresh_examples(settings: Settings, corpus: Corpus, files: Sequence[CorpusFile], task: str) -> list[Example]:
    """What came to test since the champion was trained, where it is large enough to say something; else nothing."""
    champion = model_registry.champion(settings, task)
    if champion is None:
        return []
    seqs = {str(m["tag"]): int(str(m["seq"])) for m in CorpusRepo(settings).manifests()}
    found = corpus.fresh(task, seqs.get(champion.corpus_version, 1 << 60))
    documents = {e.doc_id for e in found}
    learnt = learnt_at(settings, corpus, files, champion.corpus_version, task) if found else None
    known = set(corpus.leaked(learnt.train_documents, documents)) if learnt else set()
    kept = [e for e in found if e.doc_id not in known]
    n_spans = sum(len(e.spans) for e in kept)
    enough = len(documents - known) >= settings.benchmark.min_documents and n_spans >= settings.benchmark.min_spans
    return kept if enough else []


def _judge_change(
    settings: Settings,
    corpus: Corpus,
    files: Sequence[CorpusFile],
    task: str,
    last: str,
    gold: Mapping[str, tuple[str, int]],
) -> tuple[bool, str]:
    learnt = learnt_at(settings, corpus, files, last, task)
    if learnt.barred:
        return True, learnt.barred
    if stale := _stale_score(settings, corpus, task):
        return True, stale
    share = changed_share(learnt.gold, gold)
    text = f"{share:.1%} of its gold changed since {last} ({settings.train.min_changed_share:.1%} makes it due)"
    return share >= settings.train.min_changed_share, text


def _stale_score(settings: Settings, corpus: Corpus, task: str) -> str | None:
    """Scores compare within one benchmark version only: with a new one the champion is scored again."""
    champion = model_registry.champion(settings, task)
    known = champion.tags.get("benchmark_version") if champion else None
    version = corpus.benchmark_of(task)[0]
    if champion is None or known is None or int(known) >= version:
        return None
    return f"champion {champion.version} was scored on benchmark v{known}, now there is v{version}"


def _write_task_bundle(
    settings: Settings, run: Run, corpus: Corpus, task: str, folder: Path, fresh: Sequence[Example]
) -> None:  # fmt: skip
    train = corpus.trainable(task)
    examples = [e for r in train if (e := example_of(task, r, str(r.figure["split"]))) is not None]
    benchmark = [e for r in corpus.benchmark_of(task)[1] if (e := example_of(task, r, "benchmark")) is not None]
    config = load_task_config(task, settings.train.profile)
    config["encoder"]["budget_s"] = settings.train.max_minutes_per_model * 60.0
    is_synthetic = any(bool(r.figure["is_synthetic"]) for r in train)
    info = BundleInfo(
        task,
        labels_of(task, train),
        settings.train.profile,
        settings.train.seed,
        settings.train.encoder,
        config,
        str(run.request["version"]),
        str(run.request["corpus_md5"]),
        "synthetic" if is_synthetic else "real",
    )
    known = _known_benchmark(benchmark, {e.doc_id for e in examples if e.split == "train"})
    write_bundle(folder, info, [*examples, *known, *fresh])


def _known_benchmark(benchmark: Sequence[Example], trained: set[str]) -> list[Example]:
    """The benchmark without documents that are trained on (two ids that proved to be one): never both."""
    return [e for e in benchmark if e.doc_id not in trained]


# train


def read_selection(settings: Settings, run: Run) -> dict[str, Any]:
    path = run_folder(settings, run) / "selection.json"
    if not path.is_file():
        raise PermanentError(f"{run.key}: select has not run")
    selection: dict[str, Any] = json.loads(path.read_text())
    return selection


def run_train(settings: Settings, run: Run, progress: Progress | None = None) -> StageResult:
    """Train the kinds of every due task; what is complete for the same inputs is left as it is, what was interrupted
    goes on from its checkpoint."""
    from pipelines.train.task import train_task

    due = list(read_selection(settings, run)["due"])
    folder = run_folder(settings, run)
    counts: dict[str, int] = {}
    words, prints = [], []
    for n, task in enumerate(due):

        def report(message: str, done: float, n: int = n) -> None:
            if progress:
                progress(int((n + done) / len(due) * 1000), 1000, message)

        bundle = folder / "bundles" / task
        train_task(bundle, folder / "baselines" / task, kinds=(BASELINE_KIND[task],), on_progress=report)
        results = train_task(bundle, folder / "candidates" / task, kinds=settings.train.kinds, on_progress=report)
        for kind, metrics in results.items():
            (folder / "candidates" / task / kind / "metrics.json").write_text(canonical_json(metrics))
            words.append(f"{task} {kind} dev F1 {metrics['dev_f1']:.3f}")
            prints.append(metrics["fingerprint"])
            counts[f"{task}_{kind}_seconds"] = int(metrics.get("seconds", 0))
    return StageResult(str(folder / "candidates"), counts, content_hash(prints), message="; ".join(words))
