"""Runs one step in this process: resolves the run, reads what earlier steps left, writes the result last.

runs/<flow>/<key>/request.json is what was asked for, resolved once; <step>.json the result of a step; failed.json at
which step a night failed last and why, until it goes on. A step of nightly_corpus whose result is complete for the same
inputs says so and does nothing (`force` does it again); the other flows work out from stored state what is pending, so
their steps always look.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from pipelines.clients.objectstore import LocalStore, open_part
from pipelines.core.dates import parse_day
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.runs import Run, StageResult
from pipelines.errors import PermanentError, PipelineError, QualityError, UsageError
from pipelines.flows import maintenance, nightly_corpus, reload_predictions, retrain_tagger
from pipelines.flows.context import Context, Progress
from pipelines.settings import Settings, check_home

FLOWS: dict[str, ModuleType] = {
    "nightly_corpus": nightly_corpus,
    "retrain_tagger": retrain_tagger,
    "reload_predictions": reload_predictions,
    "maintenance": maintenance,
}
_NIGHTLY = "nightly_corpus"
_FAILED = "failed"
Step = Callable[[Context], StageResult]


def step_names(flow: str) -> list[str]:
    """Names of a flow's steps in their order."""
    return [s.__name__ for s in _steps(flow)]


def _steps(flow: str) -> tuple[Step, ...]:
    if flow not in FLOWS:
        raise UsageError(f"no flow {flow!r}: {', '.join(FLOWS)}")
    steps: tuple[Step, ...] = FLOWS[flow].STEPS
    return steps


def _step(flow: str, name: str) -> Step:
    found = [s for s in _steps(flow) if s.__name__ == name]
    if not found:
        raise UsageError(f"{flow} has no step {name!r}: {', '.join(step_names(flow))}")
    return found[0]


def _runs(settings: Settings) -> LocalStore:
    return LocalStore(settings.path("runs"))


def read_result(settings: Settings, flow: str, key: str, step: str) -> dict[str, Any] | None:
    """The stored result of a step, None where it has not run."""
    store, name = _runs(settings), f"{flow}/{key}/{step}.json"
    return json.loads(store.read(name)) if store.exists(name) else None


def read_failure(settings: Settings, key: str) -> dict[str, Any] | None:
    """{step, error} of a night that failed and was not gone on with since."""
    return read_result(settings, _NIGHTLY, key, _FAILED)


# which run


def run_keys(settings: Settings, of: str = "") -> list[str]:
    """Keys of the runs of all nights, or of one, in their order: D, D.1, D.2, …"""
    folder = settings.path("runs", _NIGHTLY)
    names = [p.name for p in folder.glob(f"{of}*") if p.is_dir()] if folder.is_dir() else []
    return sorted(names, key=lambda k: (k.partition(".")[0], int(k.partition(".")[2] or 0)))


def night_keys(settings: Settings, night: dt.date) -> list[str]:
    """Keys of the runs of a night in their order."""
    return run_keys(settings, night.isoformat())


def _night_key(settings: Settings, night: dt.date) -> str:
    """The run that is not closed yet, else the next one: a closed night lists its sources again."""
    keys = night_keys(settings, night)
    if not keys:
        return night.isoformat()
    closed = read_result(settings, _NIGHTLY, keys[-1], "close")
    if closed is None or not closed.get("uri"):
        return keys[-1]
    return f"{night.isoformat()}.{int(keys[-1].partition('.')[2] or 0) + 1}"


def _night_request(settings: Settings, options: Mapping[str, str]) -> dict[str, object]:
    """Source → place for each source of a night: those asked for replace the configured ones; `source` narrows them."""
    places = {s: options[o] for s, o in (("deposit", "articles"), ("curation", "curation")) if options.get(o)}
    places = places or settings.sources.places()
    if wanted := [s.strip() for s in options.get("source", "").split(",") if s.strip()]:
        if unknown := [s for s in wanted if s not in places]:
            raise UsageError(f"--source {unknown[0]} takes no part in this night: {', '.join(places) or 'none does'}")
        places = {s: place for s, place in places.items() if s in wanted}
    if not places:
        raise UsageError(
            "no source to pull from: give --articles and --curation, or set sources.*.location in the configuration"
        )
    return {"night": options["date"], **places, "config": settings.config_name}


def next_night_run(settings: Settings, options: Mapping[str, str]) -> tuple[str, dict[str, object], list[str]]:
    """(key, request, done steps) of the run that `nightly_corpus` would start or go on with; writes nothing."""
    key = _night_key(settings, parse_day(options.get("date", ""), "the date of the night"))
    store, name = _runs(settings), f"{_NIGHTLY}/{key}/request.json"
    is_open = store.exists(name) and not _is_empty(settings, key)
    request = json.loads(store.read(name)) if is_open else _night_request(settings, options)
    return key, request, [s for s in step_names(_NIGHTLY) if read_result(settings, _NIGHTLY, key, s)]


def _is_empty(settings: Settings, key: str) -> bool:
    """True for a run of a night that ended with nothing: its first step failed before anything was landed (a folder
    that is not there), or found nothing new. What was asked for in it binds nobody."""
    pulled = read_result(settings, _NIGHTLY, key, step_names(_NIGHTLY)[0])
    if pulled is not None:
        return bool(pulled.get("skipped"))
    if (read_failure(settings, key) or {}).get("step") != step_names(_NIGHTLY)[0]:
        return False
    return next(open_part(settings, "staging").iter_objects(f"{key}/"), None) is None


def _open_run(settings: Settings, flow: str, key: str, request: dict[str, object], *, force: bool) -> Run:
    """The run with its stored request; the first request of a run stands, a later, other one is an error: not where
    the run is empty."""
    store, name = _runs(settings), f"{flow}/{key}/request.json"
    if store.exists(name):
        stored: dict[str, object] = json.loads(store.read(name))
        if flow == _NIGHTLY and request and request != stored and _is_empty(settings, key):
            stored = request
            store.write(name, canonical_json(stored).encode())
        elif flow == _NIGHTLY and request and request != stored:
            raise UsageError(
                f"run {key} was started with {stored}, now it is asked for {request}: "
                f"finish it first (`nightcap run {flow} --run {key}`)"
            )
    else:
        stored = request
        store.write(name, canonical_json(stored).encode())
    if flow == _NIGHTLY:
        store.delete(f"{flow}/{key}/{_FAILED}.json")  # until it fails again
    night = dt.date.fromisoformat(str(stored["night"])) if stored.get("night") else None
    return Run(flow, key, night, stored, force)


def open_replay(settings: Settings, night: dt.date, request: dict[str, object]) -> str:
    """Key of the further run of a closed night that replays `request`: started here, or gone on with.

    UsageError where the night is not closed, or another run of it is not finished.
    """
    keys = night_keys(settings, night)
    if not keys or not (read_result(settings, _NIGHTLY, keys[0], "close") or {}).get("uri"):
        raise UsageError(f"night {night} is not closed: finish it first (`nightcap run {_NIGHTLY} --run {night}`)")
    return _open_run(settings, _NIGHTLY, _night_key(settings, night), request, force=False).key


def closed_requests(settings: Settings, night: dt.date) -> list[dict[str, Any]]:
    """Requests of the runs of a night that are closed."""
    closed = [k for k in night_keys(settings, night) if read_result(settings, _NIGHTLY, k, "close")]
    return [json.loads(_runs(settings).read(f"{_NIGHTLY}/{k}/request.json")) for k in closed]


def resolve_run(settings: Settings, flow: str, key: str | None, options: Mapping[str, str], *, force: bool) -> Run:
    """The run that a first step starts or goes on with, or that `key` names."""
    if key:
        if not _runs(settings).exists(f"{flow}/{key}/request.json"):
            raise UsageError(f"{flow} has no run {key}")
        return _open_run(settings, flow, key, {}, force=force)
    if flow == _NIGHTLY:
        night = parse_day(options.get("date", ""), "the date of the night")
        return _open_run(settings, flow, _night_key(settings, night), _night_request(settings, options), force=force)
    if flow == "retrain_tagger":
        from pipelines.train.step import resolve
    elif flow == "reload_predictions":
        from pipelines.predict.step import resolve
    else:
        from pipelines.corpus.upkeep.step import resolve_verify as resolve
    run_key, request = resolve(settings)
    return _open_run(settings, flow, run_key, request, force=force)


# running


def remember_home(settings: Settings) -> None:
    """Write home.json at first use; refuse a home that was made for the other kind of data."""
    check_home(settings)
    if settings.path("home.json").is_file():
        return
    text = canonical_json({"config": settings.config_name, "data_kind": settings.home.data_kind})
    LocalStore(settings.root).write("home.json", text.encode())


_NO_CORPUS = "there is no corpus yet: the first night that brings something valid makes one"


def _has_corpus(settings: Settings) -> bool:
    from pipelines.corpus.step import newest_version

    return newest_version(settings) is not None


def _inputs(ctx: Context, step: str) -> str:
    earlier = {s: (ctx.results[s].get("fingerprint"), ctx.results[s].get("skipped")) for s in ctx.results}
    return content_hash([ctx.run.request, earlier, step])


def _earlier_results(settings: Settings, run: Run, step: str) -> dict[str, dict[str, Any]]:
    names = step_names(run.flow)
    found = {n: read_result(settings, run.flow, run.key, n) for n in names[: names.index(step)]}
    return {n: r for n, r in found.items() if r is not None}


def _blocked(run: Run, step: str, results: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Reason to skip a step of nightly_corpus because the step before had nothing; close looks for itself."""
    names = step_names(run.flow)
    if run.flow != _NIGHTLY or step == names[0]:
        return None
    if step == "close":
        first = results.get(names[0], {})
        return str(first["skipped"]) if first.get("skipped") else None
    before = results.get(names[names.index(step) - 1])
    if before is None:
        raise PermanentError(f"{step} needs the result of {names[names.index(step) - 1]}: run that first")
    return str(before["skipped"]) if before.get("skipped") else None


def _settled(settings: Settings, run: Run, step: str, results: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Reason to skip the rest of a retraining that selected nothing: unless an earlier try of it trained and was ended
    before the gate had decided."""
    selected = results.get("select", {})
    if run.flow != "retrain_tagger" or step == "select" or not selected.get("skipped"):
        return None
    folder = settings.path("runs", run.flow, run.key)
    is_open = (folder / "candidates").is_dir() and not (folder / "decision.json").is_file()
    return None if is_open else str(selected["skipped"])


def _record_failure(
    settings: Settings, run: Run, step: str, results: Mapping[str, Mapping[str, Any]], error: Exception
) -> None:
    said = str(error) if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
    failed = canonical_json({"step": step, "error": said}).encode()
    _runs(settings).write(f"{_NIGHTLY}/{run.key}/{_FAILED}.json", failed)
    if isinstance(error, QualityError):
        from pipelines.corpus.step import record_stopped

        record_stopped(settings, run, results, said)


def execute(
    settings: Settings, flow: str, step: str, key: str | None, options: Mapping[str, str], *, force: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run one step of a flow and return its result as stored, with flow, step and run."""
    function = _step(flow, step)
    remember_home(settings)
    if flow != _NIGHTLY and not _has_corpus(settings):
        return {"flow": flow, "step": step, "run": "none", "night": None, "skipped": _NO_CORPUS, "seconds": 0.0}
    run = resolve_run(settings, flow, key, options, force=force)
    results = _earlier_results(settings, run, step)
    ctx = Context(settings, run, results, progress)
    inputs = _inputs(ctx, step)
    stored = read_result(settings, flow, run.key, step)
    if stored and flow == _NIGHTLY and not force and stored["inputs"] == inputs and not stored.get("skipped"):
        return {**stored, "message": f"already done: {stored['message']}"}
    reason = _blocked(run, step, results) or _settled(settings, run, step, results)
    started = time.monotonic()
    try:
        result = StageResult(skipped=reason) if reason else function(ctx)
    except Exception as error:
        if flow == _NIGHTLY:
            _record_failure(settings, run, step, results, error)
        raise
    row = {"flow": flow, "step": step, "run": run.key, "night": run.night and run.night.isoformat(), "inputs": inputs,
           "is_complete": True, "seconds": round(time.monotonic() - started, 2), **result.to_dict()}  # fmt: skip
    _runs(settings).write(f"{flow}/{run.key}/{step}.json", canonical_json(row).encode())
    return row
