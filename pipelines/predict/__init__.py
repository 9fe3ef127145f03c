"""Stage predict: taggers over legends, in batches, into span files. The pure part sees folders and Parquet only."""

from __future__ import annotations

from pipelines.predict.spans import INPUT_SCHEMA, SPANS_SCHEMA, predict_spans, read_spans, write_inputs

__all__ = ["INPUT_SCHEMA", "SPANS_SCHEMA", "predict_spans", "read_spans", "write_inputs"]
