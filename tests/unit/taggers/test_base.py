from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.core.tagging import Span
from pipelines.errors import PermanentError
from pipelines.taggers import TaggerInput, TaggerMeta, load_tagger, read_meta, write_meta
from pipelines.taggers.base import write_json


def test_meta_comes_back_as_it_was_written(tmp_path: Path) -> None:
    meta = TaggerMeta(
        "rule", "roles_gene", ("CONTROLLED_VAR", "MEASURED_VAR"), "f" * 64, {"seed": 1}, extra={"role": "MEASURED_VAR"}
    )
    write_meta(tmp_path, meta)
    assert read_meta(tmp_path) == meta
    assert meta.tags == ("O", "B-CONTROLLED_VAR", "B-MEASURED_VAR")


@pytest.mark.parametrize("key", ["splitter_version", "feature_version"])
def test_a_tagger_of_other_features_is_refused(tmp_path: Path, key: str) -> None:
    write_meta(tmp_path, TaggerMeta("rule", "panelization", ("PANEL_START",)))
    raw = json.loads((tmp_path / "tagger.json").read_text())
    write_json(tmp_path / "tagger.json", {**raw, key: 99})
    with pytest.raises(PermanentError, match=f"{key} is 99"):
        load_tagger(tmp_path)


def test_an_empty_folder_and_an_unknown_kind_or_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"tagger\.json is missing"):
        load_tagger(tmp_path)
    write_meta(tmp_path, TaggerMeta("oracle", "ner", ()))
    with pytest.raises(PermanentError, match="unknown tagger kind 'oracle'"):
        load_tagger(tmp_path)
    write_json(tmp_path / "tagger.json", {"kind": "rule", "task": "ner", "labels": [], "wings": 2})
    with pytest.raises(PermanentError, match="unknown keys wings"):
        load_tagger(tmp_path)


def test_the_panel_rule_finds_the_markers(tmp_path: Path) -> None:
    write_meta(tmp_path, TaggerMeta("rule", "panelization", ("PANEL_START",)))
    spans = load_tagger(tmp_path).predict([TaggerInput("(A) Blots of cells. (B) Their sums."), TaggerInput("")])
    assert spans == [[Span(0, 1, "PANEL_START"), Span(20, 21, "PANEL_START")], []]


def test_the_majority_role_goes_to_every_given_mention(tmp_path: Path) -> None:
    write_meta(
        tmp_path, TaggerMeta("rule", "roles_gene", ("CONTROLLED_VAR", "MEASURED_VAR"), extra={"role": "MEASURED_VAR"})
    )
    text = TaggerInput("Atg5 and LC3", [Span(0, 4, "GENEPROD"), Span(9, 12, "GENEPROD")])
    assert load_tagger(tmp_path).predict([text]) == [[Span(0, 4, "MEASURED_VAR"), Span(9, 12, "MEASURED_VAR")]]


def test_there_is_no_rule_for_entities(tmp_path: Path) -> None:
    write_meta(tmp_path, TaggerMeta("rule", "ner", ("GENEPROD",)))
    with pytest.raises(PermanentError, match="no rule for the task ner"):
        load_tagger(tmp_path)


def test_the_dictionary_takes_the_longest_match(tmp_path: Path) -> None:
    write_meta(tmp_path, TaggerMeta("dictionary", "ner", ("GENEPROD", "CELL_LINE")))
    write_json(
        tmp_path / "dictionary.json", {"HeLa": "CELL_LINE", "beta\x1f-\x1factin": "GENEPROD", "actin": "GENEPROD"}
    )
    text = "beta-actin and actin in HeLa"
    found = load_tagger(tmp_path).predict([TaggerInput(text)])[0]
    assert [(text[s.start : s.end], s.label) for s in found] == [
        ("beta-actin", "GENEPROD"), ("actin", "GENEPROD"), ("HeLa", "CELL_LINE"),
    ]  # fmt: skip
