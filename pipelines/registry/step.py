"""Step `gate`: register what was trained, decide against the benchmark, move @champion where it is proved better."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.clients import model_registry
from pipelines.clients.model_registry import CHALLENGER, CHAMPION, ModelVersion
from pipelines.clients.state import State, open_state
from pipelines.core.hashing import content_hash
from pipelines.core.runs import Run, StageResult
from pipelines.core.scoring import scores_of
from pipelines.errors import PermanentError
from pipelines.registry.alias import (
    ROLLED_BACK_TAG,
    AliasState,
    ModelHold,
    hold_name,
    read_fingerprints,
    refuse_move,
)
from pipelines.registry.card import read_template, render_card
from pipelines.registry.gate import Decision, Rules, align_contenders, choose_challenger, decide
from pipelines.registry.read_scores import (
    CHAMPION_NAME,
    MODEL_KINDS,
    Candidate,
    TaskScores,
    find_candidates,
    read_scores,
)
from pipelines.settings import Settings

DECISION_FILE = "decision.json"
_CHECKOUT = Path(__file__).parents[2]


def run(settings: Settings, run: Run) -> StageResult:
    """Gate every task that has candidates in the run's folder (`runs/retrain_tagger/<key>`).

    Reads `candidates/<task>/<kind>/` and `scores/<task>/`, registers every candidate with its scores, sets
    @challenger, moves @champion under the lease `alias`, writes `decision.json`. `extra["promoted"]` names the tasks
    whose champion moved; the step counts as skipped where none did. PermanentError for a candidate trained on another
    kind of data than the home holds.
    """
    folder = settings.path("runs", "retrain_tagger", run.key)
    candidates = find_candidates(folder)
    if not candidates:
        return StageResult(str(folder), {"candidates": 0}, skipped="no candidates: nothing was trained")
    for found in candidates.values():
        _refuse_other_data(settings, found)
    outcomes = {task: gate_task(settings, run, task, found, folder) for task, found in sorted(candidates.items())}
    _write_json(folder / DECISION_FILE, {"run": run.key, "tasks": outcomes})
    return _result(folder, candidates, outcomes)


def _refuse_other_data(settings: Settings, candidates: Sequence[Candidate]) -> None:
    for c in candidates:
        kind = str(c.meta.get("data_kind") or "unknown")
        if kind != settings.home.data_kind:
            raise PermanentError(
                f"the {c.kind} candidate for {c.task} was trained on {kind} data, this home holds "
                f"{settings.home.data_kind} data: it is neither registered nor promoted; remove {c.folder}"
            )


def gate_task(
    settings: Settings, run: Run, task: str, candidates: Sequence[Candidate], folder: Path
) -> dict[str, object]:
    """Register, decide and promote what is proved better; returns the decision with versions, for decision.json."""
    scores = read_scores(folder, task)
    versions = {c.kind: _register(settings, c) for c in candidates}
    chosen = choose_challenger({c.kind: c.dev_f1 for c in candidates})
    challenger = next(c for c in candidates if c.kind == chosen)
    before = model_registry.champion(settings, task)
    decision = _decide(settings, challenger, scores, before)
    measured = scores.contenders.get(CHAMPION_NAME) if scores else None
    outcome = _move(
        settings, task, versions[chosen], decision, measured_fingerprint=measured.fingerprint if measured else None
    )
    rows = _score_rows(settings, task, scores) if scores else []
    _tag_scores(settings, task, rows)
    for kind in sorted(set(versions) - {chosen}):
        said = f"not the challenger: the {chosen} was better on dev"
        model_registry.tag_version(settings, task, versions[kind].version, {"decision": said})
    outcome |= {"versions": {k: v.version for k, v in sorted(versions.items())}, "challenger": chosen}
    model_registry.log_decision(settings, task=task, run_key=run.key, decision=outcome, scores=rows)
    return outcome


def _register(settings: Settings, c: Candidate) -> ModelVersion:
    corpus_version, corpus_md5 = str(c.meta["corpus_version"]), str(c.meta["corpus_md5"])
    values = {
        "task": c.task, "tagger": c.kind, "corpus_version": corpus_version, "corpus_md5": corpus_md5,
        "data_kind": str(c.meta["data_kind"]), "fingerprint": c.fingerprint, "dev_f1": f"{c.dev_f1:.4f}",
        "labels": ", ".join(map(str, c.meta.get("labels", ()))), "encoder": str(c.meta.get("encoder") or "none"),
    }  # fmt: skip
    return model_registry.log_and_register(
        settings, task=c.task, model_dir=c.folder, tagger=c.kind, fingerprint=c.fingerprint,
        corpus_version=corpus_version, corpus_md5=corpus_md5, params=_params(c), metrics=_metrics(c),
        scores=_dev_rows(c), data_kind=str(c.meta["data_kind"]), tags={"labels": values["labels"]},
        description=render_card(read_template(_CHECKOUT), values),
    )  # fmt: skip


def _params(c: Candidate) -> dict[str, object]:
    wanted = ("kind", "encoder", "profile", "splitter_version", "scorer_version", "feature_version")
    inputs = c.meta.get("fingerprint_inputs") or {}
    plain = {f"input.{k}": json.dumps(v, sort_keys=True) for k, v in inputs.items()}
    return {k: c.meta[k] for k in wanted if c.meta.get(k) not in (None, "")} | plain


def _metrics(c: Candidate) -> dict[str, float]:
    found = {f"dev_{label}_f1": float(s["f1"]) for label, s in c.dev.items()}
    extra = c.meta.get("extra") or {}
    return found | {k: float(extra[k]) for k in ("seconds", "n_train", "n_dev") if k in extra}


def _dev_rows(c: Candidate) -> list[dict[str, object]]:
    """Rows of out.model_scores on dev; where the training gave no interval both bounds repeat the F1."""
    return [
        {
            "task": c.task, "tagger": c.kind, "corpus_version": c.meta["corpus_version"], "benchmark_version": 0,
            "split": "dev", "label": label, "precision": s["precision"], "recall": s["recall"], "f1": s["f1"],
            "f1_low": s.get("f1_low", s["f1"]), "f1_high": s.get("f1_high", s["f1"]), "support": int(s["support"]),
        }
        for label, s in sorted(c.dev.items())
    ]  # fmt: skip


def _decide(
    settings: Settings, challenger: Candidate, scores: TaskScores | None, before: ModelVersion | None
) -> Decision:
    if scores is None:
        return Decision(False, ("no benchmark yet for this task: nothing is promoted",))
    contender = scores.contenders.get(challenger.kind)
    if contender is None or contender.fingerprint != challenger.fingerprint:
        raise PermanentError(f"the {challenger.kind} for {challenger.task} was not scored: run the step score again")
    champion = scores.contenders.get(CHAMPION_NAME)
    if champion is None and before is not None and before.fingerprint != challenger.fingerprint:
        return Decision(False, (f"champion version {before.version} was not scored on this benchmark",))
    baselines = [c for c in scores.contenders.values() if c.kind not in MODEL_KINDS]
    rules = Rules(settings.gate.bootstrap_samples, settings.gate.class_floor_drop)
    return decide(contender, champion, baselines, rules=rules, barred=scores.barred, left_out=scores.left_out)


# the alias


def _hold(state: State, task: str) -> ModelHold | None:
    found = next((h for h in state.holds() if h.name == hold_name(task)), None)
    return ModelHold(found.who, found.why, found.until, read_fingerprints(found.detail)) if found else None


def _move(
    settings: Settings, task: str, challenger: ModelVersion, decision: Decision, *, measured_fingerprint: str | None
) -> dict[str, object]:
    """The one place where a flow moves @champion: under the lease, after a look at holds and at who stands there now.

    The decision is written to the version before the alias moves, so that a reader of the alias finds its reason.
    """
    state = open_state(settings)
    with state.lease("alias") as lease:
        current = model_registry.champion(settings, task)
        fresh = model_registry.get_version(settings, task, challenger.version)
        standing = AliasState(
            current.fingerprint if current else None, measured_fingerprint, challenger.fingerprint,
            ROLLED_BACK_TAG in fresh.tags, _hold(state, task),
        )  # fmt: skip
        refused = refuse_move(standing, dt.datetime.now(dt.UTC).date()) if decision.promote else None
        promote = decision.promote and refused is None
        reasons = [*decision.reasons, *([refused] if refused else [])]
        said = ("promoted: " if promote else "not promoted: ") + "; ".join(reasons)
        lease.check()
        model_registry.tag_version(settings, task, challenger.version, {"decision": said})
        model_registry.set_alias(settings, task, CHALLENGER, challenger.version)
        if promote:
            lease.check()
            model_registry.set_alias(settings, task, CHAMPION, challenger.version)
    return {**decision.to_dict(), "promote": promote, "reasons": reasons, "version": challenger.version}


# scores


def _score_rows(settings: Settings, task: str, scores: TaskScores) -> list[dict[str, object]]:
    """Rows of out.model_scores for everybody who was scored: candidates, the champion of before, plain baselines; and
    of the champion on what came to test since it was trained, which decides nothing."""
    aligned = align_contenders(list(scores.contenders.values()), scores.left_out)
    known = {v.fingerprint: v.version for v in model_registry.versions(settings, task)}
    scored = [(c, "benchmark", scores.benchmark_version) for c in sorted(aligned, key=lambda c: c.name)]
    scored += [(scores.fresh, "fresh", 0)] if scores.fresh else []
    rows = []
    for c, split, benchmark_version in scored:
        version = known.get(c.fingerprint) if c.kind in MODEL_KINDS else c.name
        if version is not None:
            rows += [
                {
                    "task": task, "model_version": version, "tagger": c.kind, "corpus_version": scores.corpus_version,
                    "benchmark_version": benchmark_version, "split": split, "label": s.label,
                    "precision": s.precision, "recall": s.recall, "f1": s.f1, "f1_low": s.f1_low or 0.0,
                    "f1_high": s.f1_high or 0.0, "support": s.support,
                }
                for s in scores_of(c.counts, n_bootstrap=settings.gate.bootstrap_samples)
            ]  # fmt: skip
    return rows


def _tag_scores(settings: Settings, task: str, rows: Sequence[Mapping[str, object]]) -> None:
    """The micro F1 on the benchmark at the version, for those that are versions."""
    for row in rows:
        if row["label"] == "micro" and row["split"] == "benchmark" and row["tagger"] in MODEL_KINDS:
            tags = {"benchmark_f1": str(row["f1"]), "benchmark_version": str(row["benchmark_version"])}
            model_registry.tag_version(settings, task, str(row["model_version"]), tags)


# the result


def _write_json(path: Path, value: object) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(value, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def _result(
    folder: Path, candidates: Mapping[str, Sequence[Candidate]], outcomes: Mapping[str, Mapping[str, object]]
) -> StageResult:
    promoted = [task for task, o in outcomes.items() if o["promote"]]
    said = "; ".join(f"{task}: {_last_reason(o)}" for task, o in outcomes.items() if task not in promoted)
    counts = {"candidates": sum(map(len, candidates.values())), "promoted": len(promoted)}
    message = f"promoted: {', '.join(promoted)}" + (f"; not promoted: {said}" if said else "") if promoted else said
    skipped = None if promoted else f"not promoted: {said}"
    fingerprint = content_hash({task: [o["version"], o["promote"], o["reasons"]] for task, o in outcomes.items()})
    extra = {"promoted": promoted, "decisions": {t: o["reasons"] for t, o in outcomes.items()}}
    return StageResult(str(folder / DECISION_FILE), counts, fingerprint, skipped, message, extra)


def _last_reason(outcome: Mapping[str, object]) -> str:
    reasons = outcome["reasons"]
    return str(reasons[-1]) if isinstance(reasons, list) and reasons else "no reason given"
