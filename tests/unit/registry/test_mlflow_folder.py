"""mlflow/ holds data only, and says the same as the code."""

from __future__ import annotations

import string
import tomllib
from pathlib import Path

import pytest

from pipelines.clients import mlflow_client, model_registry
from pipelines.core.gold import TASKS
from pipelines.registry import gate
from pipelines.registry.alias import ROLLED_BACK_TAG
from pipelines.registry.card import FALLBACK, read_template, render_card
from pipelines.settings import load

CARD = {
    "task": "ner", "tagger": "crf", "corpus_version": "corpus/2026-01-01", "corpus_md5": "x.dir", "labels": "TISSUE",
    "data_kind": "synthetic", "fingerprint": "f" * 64, "dev_f1": "0.81", "encoder": "none",
}  # fmt: skip


def test_the_folder_holds_no_code(root: Path) -> None:
    names = {p.name for p in (root / "mlflow").iterdir()}
    assert {"registry.toml", "MLproject", "model_card.md", "server.toml"} <= names
    assert not [n for n in names if n.endswith(".py")]


def test_registry_toml_says_what_the_code_does(root: Path, tmp_path: Path) -> None:
    stated = tomllib.loads((root / "mlflow" / "registry.toml").read_text())
    assert tuple(stated["names"]["models"]) == TASKS
    assert stated["names"]["synthetic_prefix"] == mlflow_client.SYNTHETIC_PREFIX
    assert stated["names"]["experiment"] == mlflow_client.EXPERIMENT
    assert stated["aliases"] == {"champion": model_registry.CHAMPION, "challenger": model_registry.CHALLENGER}
    assert stated["version_tags"]["rolled_back"] == ROLLED_BACK_TAG
    assert stated["gate"]["min_class_support"] == gate.MIN_SUPPORT
    for config in ("nightly", "demo"):
        settings = load({}, tmp_path, config).gate
        assert stated["gate"]["class_floor_drop"][config] == settings.class_floor_drop
        assert stated["gate"]["bootstrap_samples"][config] == settings.bootstrap_samples


def test_the_card_fills_every_name_of_the_template(root: Path) -> None:
    template = read_template(root)
    assert set(string.Template(template).get_identifiers()) <= set(CARD)
    card = render_card(template, CARD)
    assert "corpus/2026-01-01" in card
    assert "$" not in card


def test_without_the_checkout_one_line_stands_for_the_card(tmp_path: Path) -> None:
    assert read_template(tmp_path) == FALLBACK
    assert render_card(FALLBACK, CARD).startswith("ner by crf, trained on corpus/2026-01-01")


def test_a_card_with_a_blank_is_an_error() -> None:
    with pytest.raises(KeyError):
        render_card("$task $nothing", CARD)
