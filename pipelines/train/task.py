"""Training of one task: every kind asked for, from one bundle folder into one output folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.errors import PermanentError
from pipelines.taggers import load_tagger, read_meta, write_meta
from pipelines.taggers.base import BASELINE_KIND, TaggerMeta
from pipelines.taggers.bundle import BundleInfo, Example, TrainingData, read_info, training_data
from pipelines.taggers.evaluate import dev_scores, scores_as_dict
from pipelines.train.augment import with_marker_styles, with_titles
from pipelines.train.baselines import fit_dictionary, majority_role
from pipelines.train.config import CrfConfig, EncoderConfig, config_of
from pipelines.train.fingerprint import fingerprint, fingerprint_inputs

Report = Callable[[str, float], None]
_WORK = ".work"


def default_kinds(task: str) -> tuple[str, ...]:
    """The plain baseline of the task, the CRF, the encoder."""
    return (BASELINE_KIND[task], "crf", "encoder")


def train_task(
    bundle_dir: Path, out_dir: Path, *, kinds: Sequence[str] | None = None, on_progress: Report | None = None
) -> dict[str, dict[str, Any]]:
    """Trains the kinds of a task on the bundle's train split, chosen on dev, never on the benchmark.

    Writes `out_dir/<kind>/` with the weights and, last, `tagger.json`; a kind that is complete for the same
    fingerprint is left as it is, an interrupted encoder goes on from its checkpoint (`out_dir/<kind>/.work`).
    Returns per kind `dev` (by label), `dev_f1`, `dev_source`, `seconds`, `fingerprint` and what the fit says.
    """
    info = resolve_info(read_info(bundle_dir))
    report = on_progress or (lambda message, done: None)
    kinds = tuple(kinds or default_kinds(info.task))
    data: TrainingData | None = None
    results: dict[str, dict[str, Any]] = {}
    for number, kind in enumerate(kinds):
        folder = out_dir / kind
        found = _complete(folder, fingerprint(info, kind))
        if found is None:
            data = data or training_data(bundle_dir)
            found = _train_kind(info, kind, data, folder, report=_part(report, number, len(kinds)))
        results[kind] = _metrics(found)
    return results


def resolve_info(info: BundleInfo) -> BundleInfo:
    """The bundle with the encoder that `auto` means here; the demo is always compact. Fingerprints need it so."""
    if info.profile == "demo":
        return replace(info, encoder="compact")
    if info.encoder != "auto":
        return info
    from pipelines.taggers.hub import has_gpu, resolve_encoder

    hub_name = str(info.config.get("encoder", {}).get("hub_name", ""))
    return replace(info, encoder=resolve_encoder("auto", hub_name, has_gpu=has_gpu(), may_ask_hub=True).name)


def _part(report: Report, number: int, of: int) -> Report:
    return lambda message, done: report(message, (number + min(max(done, 0.0), 1.0)) / of)


def _complete(folder: Path, wanted: str) -> TaggerMeta | None:
    if not (folder / "tagger.json").is_file():
        return None
    meta = read_meta(folder)
    return meta if meta.fingerprint == wanted else None


def _metrics(meta: TaggerMeta) -> dict[str, Any]:
    dev = dict(meta.dev)
    return {**meta.extra, "dev": dev, "dev_f1": dev["micro"]["f1"], "fingerprint": meta.fingerprint}  # type: ignore[index]


def _train_kind(info: BundleInfo, kind: str, data: TrainingData, folder: Path, *, report: Report) -> TaggerMeta:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tagger.json").unlink(missing_ok=True)
    started = time.monotonic()
    report(f"{info.task}: {kind} on {len(data.train)} legends", 0.0)
    if kind not in _FITS:
        raise PermanentError(f"unknown tagger kind {kind!r}; known are {', '.join(_FITS)}")
    extra = dict(_FITS[kind](info, data, folder, report))
    labels = tuple(extra.pop("labels", info.labels))
    extra.update(n_train=len(data.train), n_dev=len(data.dev), dev_source=data.dev_source)
    meta = TaggerMeta(
        kind, info.task, labels, fingerprint(info, kind), fingerprint_inputs(info, kind),
        encoder=info.encoder if kind == "encoder" else "", corpus_version=info.corpus_version,
        corpus_md5=info.corpus_md5, data_kind=info.data_kind, profile=info.profile, extra=extra,
    )  # fmt: skip
    return _finish(folder, meta, data, started)


def _finish(folder: Path, meta: TaggerMeta, data: TrainingData, started: float) -> TaggerMeta:
    """Scores the stored tagger on dev as it will be loaded, then writes the final `tagger.json`."""
    write_meta(folder, replace(meta, fingerprint=""))
    scores = dev_scores(load_tagger(folder), data.dev)
    extra = {**meta.extra, "seconds": round(time.monotonic() - started, 1)}
    done = replace(meta, dev=scores_as_dict(scores), extra=extra)
    write_meta(folder, done)
    shutil.rmtree(folder / _WORK, ignore_errors=True)
    return done


def _augmented(task: str, examples: Sequence[Example], share: float) -> list[Example]:
    return with_titles(with_marker_styles(examples, share) if task == "panelization" else examples, share)


def _fit_crf(info: BundleInfo, data: TrainingData, folder: Path, report: Report) -> Mapping[str, Any]:
    from pipelines.train.crf_fit import fit_crf

    config = config_of(CrfConfig, info.config["crf"])
    train = _augmented(info.task, data.train, config.augment_share)
    return fit_crf(info.task, train, info.labels, folder, config=config, on_progress=report)


def _fit_encoder(info: BundleInfo, data: TrainingData, folder: Path, report: Report) -> Mapping[str, Any]:
    from pipelines.train.encoder_fit import EncoderFit

    config = config_of(EncoderConfig, info.config["encoder"])
    fit = EncoderFit(info, config, folder / _WORK, fingerprint=fingerprint(info, "encoder"), report=report)
    progress = fit.run(_augmented(info.task, data.train, config.augment_share), data.dev)
    fit.network.save(folder)
    return {"epochs": progress.history, "best_epoch": progress.best_epoch + 1, "resumed_at": fit.resumed_at,
            "encoder": info.encoder}  # fmt: skip


def _fit_dictionary(info: BundleInfo, data: TrainingData, folder: Path, report: Report) -> Mapping[str, Any]:
    return fit_dictionary(data.train, info.labels, folder)


def _fit_rule(info: BundleInfo, data: TrainingData, folder: Path, report: Report) -> Mapping[str, Any]:
    return {} if info.task == "panelization" else {"role": majority_role(data.train, info.labels)}


_FITS: dict[str, Callable[[BundleInfo, TrainingData, Path, Report], Mapping[str, Any]]] = {
    "crf": _fit_crf,
    "encoder": _fit_encoder,
    "dictionary": _fit_dictionary,
    "rule": _fit_rule,
}
