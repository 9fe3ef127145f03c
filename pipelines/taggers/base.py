"""What all tagger kinds share: their input, their `tagger.json`, and the promise of `predict`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Protocol

from pipelines.core.features import FEATURE_VERSION, SPLITTER_VERSION
from pipelines.core.scoring import SCORER_VERSION
from pipelines.core.tagging import Span
from pipelines.errors import PermanentError

KINDS = ("crf", "encoder", "rule", "dictionary")

#: The plain baseline of each task: what a model has to beat to be worth its cost.
BASELINE_KIND = {"panelization": "rule", "ner": "dictionary", "roles_gene": "rule", "roles_small_mol": "rule"}


@dataclass(frozen=True)
class TaggerInput:
    """One text to tag. `context_spans`: for the role tasks the mentions whose role is asked, else unused."""

    text: str
    context_spans: Sequence[Span] = ()


@dataclass(frozen=True)
class TaggerMeta:
    """Content of `tagger.json`. `fingerprint_inputs` are what the fingerprint was made of (train.fingerprint)."""

    kind: str
    task: str
    labels: tuple[str, ...]
    fingerprint: str = ""
    fingerprint_inputs: Mapping[str, object] = field(default_factory=dict)
    encoder: str = ""
    corpus_version: str = ""
    corpus_md5: str = ""
    data_kind: str = ""
    profile: str = ""
    dev: Mapping[str, object] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    splitter_version: int = SPLITTER_VERSION
    scorer_version: int = SCORER_VERSION
    feature_version: int = FEATURE_VERSION

    @property
    def tags(self) -> tuple[str, ...]:
        return tags_of(self.task, self.labels)


class Tagger(Protocol):
    """A trained or rule-made tagger."""

    meta: TaggerMeta

    def predict(self, texts: Sequence[TaggerInput]) -> list[list[Span]]:
        """Per text its spans in order (code points); the score is the least marginal probability of its words."""
        ...


def tags_of(task: str, labels: Sequence[str]) -> tuple[str, ...]:
    """The tags of a chain: O first; only entities reach over several words and need I-."""
    if task == "ner":
        return ("O", *(f"{p}-{label}" for label in labels for p in "BI"))
    return ("O", *(f"B-{label}" for label in labels))


def write_json(path: Path, value: object) -> None:
    """JSON by way of a temporary file and a rename, so that a killed writer leaves the old one or none."""
    tmp = path.with_name(path.name + ".tmp")
    tmp.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(tmp, path)


def write_meta(folder: Path, meta: TaggerMeta) -> None:
    """Writes `tagger.json`: the last file of a tagger's folder, its presence says that the folder is complete."""
    write_json(folder / "tagger.json", asdict(meta))


def read_meta(folder: Path) -> TaggerMeta:
    """Reads `tagger.json` and refuses what this code cannot reproduce (PermanentError)."""
    path = folder / "tagger.json"
    if not path.is_file():
        raise PermanentError(f"{folder} holds no tagger: tagger.json is missing")
    raw = json.loads(path.read_text(encoding="utf-8"))
    known = {f.name for f in fields(TaggerMeta)}
    if unknown := sorted(set(raw) - known):
        raise PermanentError(f"{path}: unknown keys {', '.join(unknown)}")
    meta = TaggerMeta(**{**raw, "labels": tuple(raw["labels"])})
    for name, ours in (("splitter_version", SPLITTER_VERSION), ("feature_version", FEATURE_VERSION)):
        if getattr(meta, name) != ours:
            raise PermanentError(f"{path}: {name} is {getattr(meta, name)}, this code has {ours}; train it anew")
    return meta
