"""What the gate reads: complete candidates, scores, counts; and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import write_candidate, write_scores

from pipelines.errors import PermanentError
from pipelines.registry.read_scores import find_candidates, read_counts, read_json, read_scores
from pipelines.settings import Settings, load


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return load({}, tmp_path, "demo")


def test_only_complete_candidates_of_registered_kinds_are_found(home: Settings) -> None:
    crf = write_candidate(home, "k", "ner", "crf", fingerprint="a" * 64, dev_f1=0.8)
    write_candidate(home, "k", "ner", "dictionary", fingerprint="d" * 64, dev_f1=0.5)
    unfinished = write_candidate(home, "k", "ner", "encoder", fingerprint="b" * 64, dev_f1=0.7)
    (unfinished / "tagger.json").unlink()
    found = find_candidates(home.path("runs", "retrain_tagger", "k"))
    assert [(c.kind, c.folder, c.dev_f1) for c in found["ner"]] == [("crf", crf, 0.8)]
    (crf / "metrics.json").unlink()
    assert find_candidates(home.path("runs", "retrain_tagger", "k"))["ner"][0].dev_f1 == 0.8


def test_a_candidate_without_a_fingerprint_is_refused(home: Settings) -> None:
    write_candidate(home, "k", "ner", "crf", fingerprint="", dev_f1=0.8)
    with pytest.raises(PermanentError, match="no fingerprint"):
        find_candidates(home.path("runs", "retrain_tagger", "k"))


def test_counts_become_found_predicted_and_gold(tmp_path: Path) -> None:
    rows = [
        {"doc_id": "b", "label": "TISSUE", "tp": 2, "fp": 1, "fn": 4},
        {"doc_id": "a", "label": "GENEPROD", "tp": 5, "fp": 0, "fn": 0},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "crf.parquet")
    counts = read_counts(tmp_path / "crf.parquet")
    assert (counts.doc_ids, counts.labels) == (("a", "b"), ("GENEPROD", "TISSUE"))
    assert counts.array[1, 1].tolist() == [2, 3, 6]
    assert counts.array[0, 0].tolist() == [5, 5, 5]
    assert counts.array[0, 1].tolist() == [0, 0, 0]


def test_no_score_file_or_no_version_means_no_benchmark(home: Settings) -> None:
    folder = home.path("runs", "retrain_tagger", "k")
    assert read_scores(folder, "ner") is None
    write_scores(home, "k", "ner", {"crf": ("crf", "a" * 64, 0.8)}, left_out=["10.1/001"], barred="retracted")
    found = read_scores(folder, "ner")
    assert found is not None
    assert (found.benchmark_version, found.left_out, found.barred) == (1, ("10.1/001",), "retracted")
    path = folder / "scores" / "ner" / "score.json"
    path.write_text(path.read_text().replace('"benchmark_version": 1', '"benchmark_version": 0'))
    assert read_scores(folder, "ner") is None


def test_missing_and_broken_files_say_what_to_do(home: Settings, tmp_path: Path) -> None:
    write_scores(home, "k", "ner", {"crf": ("crf", "a" * 64, 0.8)})
    folder = home.path("runs", "retrain_tagger", "k")
    (folder / "scores" / "ner" / "crf.parquet").unlink()
    with pytest.raises(PermanentError, match="run the step score again"):
        read_scores(folder, "ner")
    with pytest.raises(PermanentError, match="run the steps train and score first"):
        read_json(tmp_path / "absent.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(PermanentError, match="is no JSON"):
        read_json(tmp_path / "broken.json")
