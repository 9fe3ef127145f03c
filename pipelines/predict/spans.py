"""From a Parquet file of legends to a Parquet file of spans, with bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core.tagging import Span
from pipelines.errors import PermanentError
from pipelines.taggers import Tagger, TaggerInput, load_tagger

_SPAN = pa.struct([("start", pa.int32()), ("end", pa.int32()), ("label", pa.string())])
INPUT_SCHEMA = pa.schema(
    [("legend_sha256", pa.string()), ("text", pa.string()), ("context_spans", pa.list_(_SPAN))]
)  # fmt: skip
SPANS_SCHEMA = pa.schema(
    [
        ("legend_sha256", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("label", pa.string()),
        ("score", pa.float64()),
    ]
)
#: Digits of a score that are kept: float sums differ in later ones between machines and batchings.
_SCORE_DIGITS = 4

Report = Callable[[str, float], None]


def write_inputs(path: Path, rows: Iterable[tuple[str, str, Sequence[Span]]]) -> None:
    """Writes an input file from (legend_sha256, text, context spans)."""
    content = [
        {"legend_sha256": sha, "text": text, "context_spans": [_plain(s) for s in spans]} for sha, text, spans in rows
    ]
    pq.write_table(pa.Table.from_pylist(content, schema=INPUT_SCHEMA), path, compression="zstd")


def _plain(span: Span) -> dict[str, object]:
    return {"start": span.start, "end": span.end, "label": span.label}


def predict_spans(
    tagger_dir: Path, inputs: Path, out: Path, *, batch_size: int = 512, on_progress: Report | None = None
) -> dict[str, int]:
    """Tags every row of `inputs` (INPUT_SCHEMA; `context_spans` may be absent) and writes SPANS_SCHEMA rows in the
    order of the input, then of the text.

    `out` appears by rename when it is complete. At most `batch_size` legends are held at once; within a batch the
    tagger sorts by length. Returns `legends` and `spans`. PermanentError where the tagger or a column is missing.
    """
    report = on_progress or (lambda message, done: None)
    tagger = load_tagger(tagger_dir)
    source = pq.ParquetFile(inputs)
    if missing := {"legend_sha256", "text"} - set(source.schema_arrow.names):
        raise PermanentError(f"{inputs}: columns are missing: {', '.join(sorted(missing))}")
    total = source.metadata.num_rows
    counts = {"legends": 0, "spans": 0}
    partial = out.with_name(out.name + ".part")
    with pq.ParquetWriter(partial, SPANS_SCHEMA, compression="zstd") as writer:
        for batch in source.iter_batches(batch_size=batch_size):
            rows = batch.to_pylist()
            table = pa.Table.from_pylist(list(_tagged(tagger, rows)), schema=SPANS_SCHEMA)
            writer.write_table(table)
            counts["legends"] += len(rows)
            counts["spans"] += table.num_rows
            report(f"{tagger.meta.task}: {counts['legends']} of {total} legends", counts["legends"] / max(total, 1))
    os.replace(partial, out)
    return counts


def _tagged(tagger: Tagger, rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    texts = [TaggerInput(r["text"] or "", _spans(r.get("context_spans"))) for r in rows]
    for row, spans in zip(rows, tagger.predict(texts), strict=True):
        for span in spans:
            score = round(span.score, _SCORE_DIGITS)
            yield {"legend_sha256": row["legend_sha256"], **_plain(span), "score": score}


def _spans(raw: Sequence[Mapping[str, Any]] | None) -> tuple[Span, ...]:
    return tuple(Span(s["start"], s["end"], s["label"]) for s in raw or ())


def read_spans(path: Path) -> dict[str, list[Span]]:
    """A span file as spans by legend."""
    out: dict[str, list[Span]] = {}
    for row in pq.read_table(path, schema=SPANS_SCHEMA).to_pylist():
        span = Span(row["start"], row["end"], row["label"], row["score"])
        out.setdefault(row["legend_sha256"], []).append(span)
    return out
