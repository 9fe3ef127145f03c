from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tagger_bundles import tiny_bundle

from pipelines.train import fingerprint
from pipelines.train.fingerprint import fingerprint_inputs


def test_equal_inputs_equal_fingerprint(tmp_path: Path) -> None:
    info = tiny_bundle(tmp_path)
    assert fingerprint(info, "crf") == fingerprint(replace(info, corpus_version="another tag"), "crf")
    assert len(fingerprint(info, "crf")) == 64


@pytest.mark.parametrize(
    "change", [{"seed": 6}, {"corpus_md5": "1" * 32}, {"labels": ("GENEPROD",)}, {"task": "panelization"}]
)
def test_every_input_changes_it(tmp_path: Path, change: dict[str, object]) -> None:
    info = tiny_bundle(tmp_path)
    assert fingerprint(info, "encoder") != fingerprint(replace(info, **change), "encoder")  # type: ignore[arg-type]


def test_a_setting_of_one_kind_leaves_the_other_alone(tmp_path: Path) -> None:
    info = tiny_bundle(tmp_path)
    other = replace(info, config={**info.config, "encoder": {**info.config["encoder"], "dropout": 0.5}})
    assert fingerprint(info, "crf") == fingerprint(other, "crf")
    assert fingerprint(info, "encoder") != fingerprint(other, "encoder")
    often = replace(info, config={**info.config, "encoder": {**info.config["encoder"], "checkpoint_s": 1.0}})
    assert fingerprint(info, "encoder") == fingerprint(often, "encoder")


def test_initial_weights_are_known_by_their_bytes(tmp_path: Path) -> None:
    info = replace(tiny_bundle(tmp_path / "bundle"), encoder=str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"one")
    first = fingerprint_inputs(info, "encoder")["initial_weights"]
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert fingerprint_inputs(info, "encoder")["initial_weights"] != first
    assert fingerprint_inputs(info, "crf")["initial_weights"] == "none"
    assert fingerprint_inputs(replace(info, encoder="compact"), "encoder")["initial_weights"] == "random"
    assert fingerprint_inputs(replace(info, encoder="some/hub-name"), "encoder")["initial_weights"] == "some/hub-name"
