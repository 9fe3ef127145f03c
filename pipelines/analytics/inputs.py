"""What a generation is built from, and the hash that tells whether it was built already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.core.hashing import content_hash

#: Raised when a served column is renamed or removed (with a note in the CHANGELOG).
SCHEMA_VERSION = 2
#: Raised by hand when the same inputs give other served rows: it makes publish build again.
PUBLISH_VERSION = 2
#: Role task → type of the mentions whose roles it reads.
ROLE_TASKS = {"roles_gene": "GENEPROD", "roles_small_mol": "SMALL_MOLECULE"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """A serving model of one task; `name` is what tables show: task/version."""

    task: str
    version: str
    fingerprint: str
    tagger: str = ""
    run_id: str = ""
    data_kind: str = ""

    @property
    def name(self) -> str:
        return f"{self.task}/{self.version}"


@dataclass(frozen=True)
class Serving:
    """The serving set: per task a model, or None where a rule or nothing serves."""

    models: Mapping[str, Model | None] = field(default_factory=dict)
    fingerprint: str = ""
    corpus_version: str | None = None
    text: str = "{}"

    def model(self, task: str) -> Model | None:
        return self.models.get(task)


def parse_serving(data: bytes | None) -> Serving:
    """serving.json of the predictions; none of it means that no model serves yet."""
    if data is None:
        return Serving()
    raw = json.loads(data)
    models = {t: _model(t, m) for t, m in sorted(raw["tasks"].items())}
    return Serving(models, str(raw["fingerprint"]), raw.get("covers_corpus_version"), json.dumps(raw, sort_keys=True))


def _model(task: str, raw: object) -> Model | None:
    if not isinstance(raw, Mapping) or not raw.get("fingerprint"):
        return None
    return Model(
        task, str(raw["model_version"]), str(raw["fingerprint"]), str(raw.get("tagger") or ""),
        str(raw.get("run_id") or ""), str(raw.get("data_kind") or ""),
    )  # fmt: skip


@dataclass(frozen=True)
class NightRecords:
    """What closed nights left: rows of out.nights, accounting, quality_results, and the rejected units by run, with the
    state of each issue as `feedback` left it."""

    nights: Sequence[Row] = ()
    accounting: Sequence[Row] = ()
    quality: Sequence[Row] = ()
    issues: Sequence[Row] = ()
    states: Sequence[Row] = ()

    @property
    def last(self) -> Row:
        """The last closed night: the latest date, of several runs of it the last."""
        return max(self.nights, key=lambda r: (str(r["night"]), run_number(str(r["run_key"]))))


def run_number(run_key: str) -> int:
    """0 of "2026-11-20", n of "2026-11-20.n"."""
    _, dot, number = run_key.partition(".")
    return int(number) if dot and number.isdigit() else 0


def nights_up_to(nights: Iterable[Row], versions: Mapping[str, int], seq: int) -> list[Row]:
    """Closed nights that a generation of corpus version `seq` may show: none that froze a later version."""
    return [r for r in nights if versions.get(str(r["corpus_version"]), 0) <= seq]


def inputs_hash(parts: Mapping[str, object]) -> str:
    """Hash of all inputs, with the versions of the schema and of this code."""
    return content_hash({"schema": SCHEMA_VERSION, "code": PUBLISH_VERSION, **parts})
