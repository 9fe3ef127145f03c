from __future__ import annotations

from pathlib import Path

import pytest
from tagger_bundles import ner_examples, tiny_bundle

from pipelines.core.tagging import Span
from pipelines.errors import PermanentError
from pipelines.taggers.bundle import Example, read_examples, read_info, training_data, write_bundle


def test_examples_come_back_as_they_were_written_whatever_their_order(tmp_path: Path) -> None:
    full = Example(
        "a", "d", "train", "Atg5 in µm", (Span(0, 4, "GENEPROD"),), ((5, 7),), ("GENEPROD",), (Span(0, 4, "X"),)
    )
    plain = Example("b", "d", "dev", "text")
    info = tiny_bundle(tmp_path, examples=[plain, full])
    assert read_examples(tmp_path, ["train", "dev"]) == [full, plain]
    assert read_info(tmp_path) == info


def test_the_benchmark_is_never_learnt_from(tmp_path: Path) -> None:
    tiny_bundle(tmp_path)
    data = training_data(tmp_path)
    assert data.dev_source == "dev"
    seen = {e.doc_id for e in data.train + data.dev}
    assert seen == {e.doc_id for e in ner_examples() if e.split != "benchmark"}


def test_without_dev_a_tenth_of_the_training_documents_is_held_out(tmp_path: Path) -> None:
    tiny_bundle(tmp_path, examples=[e for e in ner_examples(200) if e.split == "train"])
    data = training_data(tmp_path)
    assert data.dev_source == "held out of train"
    assert 4 <= len(data.dev) <= 28
    assert not {e.doc_id for e in data.train} & {e.doc_id for e in data.dev}
    assert training_data(tmp_path) == data


def test_a_bundle_without_gold_or_without_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"bundle\.json is missing"):
        read_info(tmp_path)
    info = tiny_bundle(tmp_path, examples=[Example("a", "d", "train", "no gold")])
    with pytest.raises(PermanentError, match="no training example"):
        training_data(tmp_path)
    write_bundle(tmp_path, type(info)(**{**vars(info), "task": "poetry"}), [])
    with pytest.raises(PermanentError, match="unknown task 'poetry'"):
        read_info(tmp_path)
