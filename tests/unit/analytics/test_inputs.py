from __future__ import annotations

import json

import pytest

from pipelines.analytics.cache import load_parts, save_part
from pipelines.analytics.inputs import NightRecords, Serving, inputs_hash, nights_up_to, parse_serving
from pipelines.analytics.notes import panels_note, roles_note
from pipelines.analytics.segments import SEGMENTS, segment_legends
from pipelines.clients.objectstore import LocalStore
from pipelines.core.predictions import complete_parts

NER = {"model_version": "3", "fingerprint": "abc", "tagger": "crf", "run_id": "r", "data_kind": "real"}


def serving(**tasks: object) -> Serving:
    return parse_serving(json.dumps({"tasks": tasks, "fingerprint": "f", "covers_corpus_version": "corpus/x"}).encode())


def test_no_serving_file_means_no_model() -> None:
    assert parse_serving(None).model("ner") is None


def test_a_served_task_has_a_name_and_a_task_without_a_model_none() -> None:
    got = serving(ner=NER, panelization=None)
    assert got.corpus_version == "corpus/x"
    assert got.model("panelization") is None
    model = got.model("ner")
    assert model is not None
    assert (model.name, model.fingerprint) == ("ner/3", "abc")


def night(key: str, version: str | None) -> dict[str, object]:
    return {"night": key.split(".")[0], "run_key": key, "corpus_version": version}


def test_the_last_night_is_the_latest_date_and_of_its_runs_the_last() -> None:
    rows = [night("2026-11-20.10", "c"), night("2026-11-20.2", "b"), night("2026-11-20", "a"), night("2026-11-19", "d")]
    assert NightRecords(rows).last["run_key"] == "2026-11-20.10"


def test_nights_that_froze_a_later_version_are_left_for_the_next_generation() -> None:
    rows = [night("2026-11-18", "corpus/1"), night("2026-11-19", "corpus/2"), night("2026-11-17", None)]
    kept = nights_up_to(rows, {"corpus/1": 1, "corpus/2": 2}, 1)
    assert [r["run_key"] for r in kept] == ["2026-11-18", "2026-11-17"]


def test_equal_inputs_have_equal_hashes() -> None:
    assert inputs_hash({"a": 1, "b": [2]}) == inputs_hash({"b": [2], "a": 1})
    assert inputs_hash({"a": 1}) != inputs_hash({"a": 2})


def test_parts_that_a_killed_run_left_do_not_count() -> None:
    keys = ["ner/f/part-10.parquet", "ner/f/seen-10.parquet", "ner/f/part-2.parquet", "ner/f/seen-2.parquet",
            "ner/f/part-11.parquet", "ner/f/other.parquet"]  # fmt: skip
    assert complete_parts(keys) == ["ner/f/part-2.parquet", "ner/f/part-10.parquet"]


@pytest.mark.parametrize(
    ("tasks", "is_registered", "words"),
    [
        ({"panelization": {**NER, "tagger": "crf"}}, True, "5 come from panelization/3 (crf)"),
        ({"panelization": None}, True, "because no panelization model beats it on the benchmark"),
        ({}, False, "because no panelization model is registered"),
    ],
)
def test_the_note_on_panels_says_where_they_come_from(
    tasks: dict[str, object], is_registered: bool, words: str
) -> None:
    note = panels_note(serving(**tasks), {"curator": 2, "model": 5, "rule": 7}, is_registered=is_registered)
    assert words in note


def test_the_note_on_roles_says_why_hypotheses_are_empty() -> None:
    assert "empty because there are no roles" in roles_note(Serving(), 0, 0)
    assert "holds both" in roles_note(Serving(), 4, 0)
    full = roles_note(serving(roles_gene=NER), 4, 9)
    assert "then from roles_gene/3 (real data)" in full
    assert "empty" not in full


def test_a_cache_part_written_twice_is_one_part(tmp_path) -> None:  # type: ignore[no-untyped-def]
    store = LocalStore(tmp_path)
    table = segment_legends([{"legend_sha256": "x", "legend": "(A) One. (B) Two."}], is_model=False)
    save_part(store, "segments/rule/", table)
    save_part(store, "segments/rule/", table)
    save_part(store, "segments/rule/", SEGMENTS.empty_table())
    assert load_parts(store, "segments/rule/", SEGMENTS).equals(table)
    assert load_parts(store, "segments/none/", SEGMENTS).num_rows == 0
