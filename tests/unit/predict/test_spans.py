from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.core.tagging import Span
from pipelines.errors import PermanentError
from pipelines.predict import SPANS_SCHEMA, predict_spans, read_spans, write_inputs
from pipelines.taggers import TaggerMeta, write_meta


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    folder = tmp_path / "rule"
    folder.mkdir()
    write_meta(folder, TaggerMeta("rule", "panelization", ("PANEL_START",)))
    return folder


def test_legends_go_in_and_spans_come_out_in_order(rule: Path, tmp_path: Path) -> None:
    legends = [(f"sha{i}", "(A) Blots of cells. (B) Their sums." if i % 3 else "", ()) for i in range(10)]
    write_inputs(tmp_path / "in.parquet", legends)
    steps: list[float] = []
    out = tmp_path / "out.parquet"
    counts = predict_spans(rule, tmp_path / "in.parquet", out, batch_size=4, on_progress=lambda m, d: steps.append(d))
    assert counts == {"legends": 10, "spans": 12}
    assert steps == [0.4, 0.8, 1.0]
    table = pq.read_table(out)
    assert table.schema == SPANS_SCHEMA
    assert table["legend_sha256"].to_pylist() == [f"sha{i}" for i in range(10) if i % 3 for _ in "AB"]
    assert read_spans(out)["sha1"] == [Span(0, 1, "PANEL_START", 1.0), Span(20, 21, "PANEL_START", 1.0)]
    assert not out.with_name("out.parquet.part").exists()


def test_context_spans_reach_the_tagger_and_may_be_absent(tmp_path: Path) -> None:
    write_meta(
        tmp_path, TaggerMeta("rule", "roles_gene", ("CONTROLLED_VAR", "MEASURED_VAR"), extra={"role": "MEASURED_VAR"})
    )
    write_inputs(tmp_path / "in.parquet", [("a", "Atg5 blot", [Span(0, 4, "GENEPROD")])])
    predict_spans(tmp_path, tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert read_spans(tmp_path / "out.parquet") == {"a": [Span(0, 4, "MEASURED_VAR", 1.0)]}
    pq.write_table(pa.table({"legend_sha256": ["a"], "text": ["Atg5 blot"]}), tmp_path / "bare.parquet")
    assert predict_spans(tmp_path, tmp_path / "bare.parquet", tmp_path / "out2.parquet")["spans"] == 0


def test_no_legends_give_an_empty_file_and_a_wrong_file_is_refused(rule: Path, tmp_path: Path) -> None:
    write_inputs(tmp_path / "in.parquet", [])
    assert predict_spans(rule, tmp_path / "in.parquet", tmp_path / "out.parquet") == {"legends": 0, "spans": 0}
    assert read_spans(tmp_path / "out.parquet") == {}
    pq.write_table(pa.table({"legend": ["a"]}), tmp_path / "wrong.parquet")
    with pytest.raises(PermanentError, match="legend_sha256, text"):
        predict_spans(rule, tmp_path / "wrong.parquet", tmp_path / "out.parquet")
