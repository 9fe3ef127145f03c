"""`nightcap bench quality`: both sides name the same rows, of every kind that was planted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.cli.bench_quality import KINDS, compare, generate_night, measure_quality
from pipelines.clients.warehouse import connect
from pipelines.errors import PermanentError
from pipelines.quality.night_rows import NightRows
from pipelines.settings import load


def test_the_benchmark_finds_what_was_planted_and_reports_its_keys(tmp_path: Path) -> None:
    said: list[str] = []
    report = measure_quality(load({}, tmp_path / "home", "demo"), rows=20_000, runs=5, say=said.append)
    compared = report["compared"]
    assert (compared["rows"], compared["suites"], len(report["runs"])) == (20_000, 7, 5)
    assert compared["bad_rows"] > KINDS
    assert compared["by_rule"].keys() >= {
        "annotator_not_null", "clean_ids", "entity_type_known", "figure", "first_copy", "id_list_parallel",
        "inside_legend", "inside_panel", "legend_the_same", "n_source_rows_in_range", "panel", "role_known",
        "role_on_entity", "text_there", "well_formed_ids",
    }  # fmt: skip
    assert set(report["ratio_vs_sql"]) == {"median", "min", "max"}
    assert set(report["breakdown"]) == {"columns_by_duckdb_s", "frame_s", "great_expectations_s"}


def test_equal_seeds_make_equal_nights(tmp_path: Path) -> None:
    con = connect(load({}, tmp_path / "home", "demo"))
    first, second = (generate_night(con, 2000, share=0.01) for _ in range(2))
    con.close()
    assert all(first[t].equals(second[t]) for t in first)


def test_a_row_that_one_side_alone_finds_is_an_error() -> None:
    night = dataclasses.replace(NightRows({}, [], {}), rejected={"annotations": {}})
    by_hand = pa.table({"row_id": [7], "rules": [["text_there"]]})
    with pytest.raises(PermanentError, match="text_there"):
        compare(night, by_hand)
