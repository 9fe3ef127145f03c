"""Linking over a real corpus repository: only new texts are looked up, and publish shows the ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from publish_world import LEGEND, NER, SECOND, make_home, write_predictions
from small_corpus import home_settings

from pipelines.analytics.step import run_publish
from pipelines.clients.published import select_rows
from pipelines.core.runs import Run
from pipelines.errors import UsageError
from pipelines.link.step import run as run_link
from pipelines.settings import Settings

RUN = Run("reload_predictions", "tests")
VERSION = "corpus/2026-11-18"
ONTOLOGY = (
    "id\tname\tsynonyms\ttype\nUBERON:0002107\tliver\t\ttissue\nNCBITaxon:10090\tMus musculus\tmouse|mice\torganism\n"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "ontology").mkdir()
    (tmp_path / "ontology" / "small.tsv").write_text(ONTOLOGY)
    (tmp_path / "ontology" / "notes.md").write_text("not an ontology")
    settings = home_settings(tmp_path / "home", link__ontologies=json.dumps([str(tmp_path / "ontology")]))
    make_home(settings)
    return settings


def links(settings: Settings) -> dict[str, Any]:
    rows = [r for p in settings.path("predictions", "links").rglob("*.parquet") for r in pq.read_table(p).to_pylist()]
    return {r["name"]: r["ext_id"] for r in rows}


def test_only_new_texts_are_linked_and_publish_shows_them(settings: Settings) -> None:
    assert run_link(settings, RUN).skipped == "no ner model serves yet: there is nothing to link"
    write_predictions(settings, VERSION, {"ner": NER}, "m1")
    first = run_link(settings, RUN)
    assert first.counts == {"names": 10, "linked": 2}
    assert links(settings)["liver"] == "UBERON:0002107"
    assert run_link(settings, RUN).skipped == "every mention text was linked before"
    write_predictions(
        settings, VERSION, {"ner": (*NER, (LEGEND, "autophagy", "GENEPROD"), (SECOND, "Mean", "TISSUE"))}, "m2"
    )
    assert run_link(settings, RUN).counts == {"names": 2, "linked": 0}
    run_publish(settings, RUN)
    path = settings.path("analytics", "analytics.duckdb")
    row = select_rows(path, settings, "from mentions where text = 'liver'", {})[0]
    assert (row["ext_id"], row["ext_db"], row["ext_name"], row["link_source"]) == (
        "UBERON:0002107", "Uberon", "liver", "small.tsv",
    )  # fmt: skip


def test_another_ontology_makes_another_set_of_links(settings: Settings, tmp_path: Path) -> None:
    write_predictions(settings, VERSION, {"ner": NER}, "m1")
    before = run_link(settings, RUN).fingerprint
    (tmp_path / "ontology" / "small.tsv").write_text(ONTOLOGY + "CVCL_0030\tHeLa\t\tcell_line\n")
    after = run_link(settings, RUN)
    assert after.fingerprint != before
    assert after.counts == {"names": 10, "linked": 3}
    assert json.loads(settings.path("predictions", "links.json").read_text()) == {"fingerprint": after.fingerprint}


def test_an_ontology_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = home_settings(tmp_path / "home", link__ontologies='["nowhere.obo"]')
    with pytest.raises(UsageError, match=r"nowhere\.obo does not exist"):
        run_link(settings, RUN)


def test_without_an_ontology_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert "no ontology is configured" in str(run_link(home_settings(tmp_path / "home"), RUN).skipped)
