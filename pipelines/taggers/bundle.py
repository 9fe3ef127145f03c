"""The bundle folder: all that a training may see. Written by `step.py`, carried to a GPU machine where there is one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core.gold import TASKS
from pipelines.core.hashing import sha256_text
from pipelines.core.tagging import Span
from pipelines.errors import PermanentError

_SPAN = pa.struct([("start", pa.int32()), ("end", pa.int32()), ("label", pa.string())])
_REGION = pa.struct([("start", pa.int32()), ("end", pa.int32())])
EXAMPLES_SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("doc_id", pa.string()),
        ("split", pa.string()),
        ("text", pa.string()),
        ("spans", pa.list_(_SPAN)),
        ("unlabelled", pa.list_(_REGION)),
        ("annotated_types", pa.list_(pa.string())),
        ("context_spans", pa.list_(_SPAN)),
    ]
)
#: `fresh`: documents of test that came after the champion was trained; they are scored, never compared.
SPLITS = ("train", "dev", "benchmark", "fresh")
#: Share of training documents held out for early stopping where the bundle has no dev document, in percent.
_HELD_OUT = 10


@dataclass(frozen=True)
class Example:
    """One legend with its gold; `unlabelled` regions and types that are not annotated carry no loss."""

    example_id: str
    doc_id: str
    split: str
    text: str
    spans: tuple[Span, ...] = ()
    unlabelled: tuple[tuple[int, int], ...] = ()
    annotated_types: tuple[str, ...] = ()
    context_spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class BundleInfo:
    """Content of `bundle.json`."""

    task: str
    labels: tuple[str, ...]
    profile: str
    seed: int
    encoder: str
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    corpus_version: str = ""
    corpus_md5: str = ""
    data_kind: str = ""


def write_bundle(folder: Path, info: BundleInfo, examples: Iterable[Example]) -> None:
    """Writes `examples.parquet`, then `bundle.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_row_of(e) for e in examples]
    table = pa.Table.from_pylist(rows, schema=EXAMPLES_SCHEMA)
    pq.write_table(table, folder / "examples.parquet", compression="zstd")
    content = {**vars(info), "labels": list(info.labels)}
    (folder / "bundle.json").write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")


def _row_of(example: Example) -> dict[str, object]:
    def spans(found: Sequence[Span]) -> list[dict[str, object]]:
        return [{"start": s.start, "end": s.end, "label": s.label} for s in found]

    return {
        **vars(example),
        "spans": spans(example.spans),
        "context_spans": spans(example.context_spans),
        "unlabelled": [{"start": low, "end": high} for low, high in example.unlabelled],
        "annotated_types": list(example.annotated_types),
    }


def read_info(folder: Path) -> BundleInfo:
    """Reads `bundle.json`; PermanentError where it is missing or names an unknown task."""
    path = folder / "bundle.json"
    if not path.is_file():
        raise PermanentError(f"{folder} is no bundle: bundle.json is missing")
    raw = json.loads(path.read_text(encoding="utf-8"))
    info = BundleInfo(**{**raw, "labels": tuple(raw["labels"])})
    if info.task not in TASKS:
        raise PermanentError(f"{path}: unknown task {info.task!r}; known are {', '.join(TASKS)}")
    return info


def read_examples(folder: Path, splits: Sequence[str]) -> list[Example]:
    """Examples of the given splits, ordered by id, so that the order of a bundle's rows does not matter."""
    table = pq.read_table(folder / "examples.parquet", filters=[("split", "in", list(splits))])
    return sorted((_example_of(row) for row in table.to_pylist()), key=lambda e: e.example_id)


def _example_of(row: Mapping[str, Any]) -> Example:
    def spans(name: str) -> tuple[Span, ...]:
        return tuple(Span(s["start"], s["end"], s["label"]) for s in row[name] or ())

    return Example(
        row["example_id"], row["doc_id"], row["split"], row["text"], spans("spans"),
        tuple((r["start"], r["end"]) for r in row["unlabelled"] or ()),
        tuple(row["annotated_types"] or ()), spans("context_spans"),
    )  # fmt: skip


@dataclass(frozen=True)
class TrainingData:
    """What is learnt from and what stops it; `dev_source` says whether dev is the corpus's own dev split."""

    train: list[Example]
    dev: list[Example]
    dev_source: str


def training_data(folder: Path) -> TrainingData:
    """Train and dev of a bundle, never its benchmark. Without dev a tenth of the training documents, chosen by hash,
    is held out. PermanentError where nothing is left to train on."""
    train, dev = read_examples(folder, ["train"]), read_examples(folder, ["dev"])
    source = "dev"
    if not any(e.spans for e in dev):
        source = "held out of train"
        held = {e.doc_id for e in train if _percent(e.doc_id) < _HELD_OUT}
        held = held or {min((e.doc_id for e in train), key=_percent, default="")}
        train, dev = [e for e in train if e.doc_id not in held], [e for e in train if e.doc_id in held]
    if not any(e.spans for e in train):
        raise PermanentError(f"{folder}: no training example has a labelled span")
    return TrainingData(train, dev, source)


def _percent(doc_id: str) -> int:
    return int(sha256_text(f"nightcap:held-out:{doc_id}")[:8], 16) % 100
