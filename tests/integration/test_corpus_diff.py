"""Two versions compared in entities and figures, over small corpora and DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_corpus import SmallCorpus, corpus_files, home_settings

from pipelines.corpus.compare.step import diff_versions
from pipelines.settings import Settings

LEGEND = "Liver sections of mice fed glucose show Akt1 and again Akt1 in hepatocytes"
DOC = "10.5555/a"
NONE = {"gained": 0, "lost": 0, "changed": 0}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return home_settings(tmp_path / "home")


def mention(text: str, entity_type: str, **values: object) -> dict[str, object]:
    return {"text": text, "type": entity_type, **values}


def first(*mentions: dict[str, object], legend: str = LEGEND) -> SmallCorpus:
    version = SmallCorpus("2026-11-18")
    version.identity(DOC, "deposit")
    version.publication(DOC, [("fig-1", "Figure 1", LEGEND)])
    version.curated(DOC, "1", "Figure 1", legend, list(mentions))
    version.delivery("curation")
    return version


def revision(*mentions: dict[str, object], legend: str = LEGEND) -> SmallCorpus:
    version = SmallCorpus("2026-11-19")
    version.curated(DOC, "1", "Figure 1", legend, list(mentions))
    version.delivery("curation")
    return version


def diff(settings: Settings, folder: Path, *versions: SmallCorpus, before: int = 1) -> dict[str, Any]:
    files = corpus_files(folder, *versions)
    return diff_versions(settings, [f for f in files if f.seq <= before], files)


def test_a_version_is_equal_to_itself(settings: Settings, tmp_path: Path) -> None:
    files = corpus_files(tmp_path, first(mention("Akt1", "GENEPROD")))
    found = diff_versions(settings, files, files)
    assert found["is_equal"]
    assert found["by_class"] == [{"entity_type": "GENEPROD", "before": 1, "after": 1, **NONE}]


def test_gained_lost_and_changed_by_class_and_document(settings: Settings, tmp_path: Path) -> None:
    old = first(mention("Akt1", "GENEPROD", role="measured"), mention("Liver", "TISSUE"), mention("mice", "ORGANISM"))
    new = revision(
        mention("Akt1", "GENEPROD", role="controlled"),
        mention("mice", "ORGANISM"),
        mention("glucose", "SMALL_MOLECULE"),
    )
    found = diff(settings, tmp_path, old, new)
    assert found["annotations"] == {"gained": 1, "lost": 1, "changed": 1}
    assert found["annotations_changed"] == {"role": 1}
    by_class = {
        r["entity_type"]: (r["before"], r["after"], r["gained"], r["lost"], r["changed"]) for r in found["by_class"]
    }
    assert by_class == {
        "GENEPROD": (1, 1, 0, 0, 1), "TISSUE": (1, 0, 0, 1, 0), "ORGANISM": (1, 1, 0, 0, 0),
        "SMALL_MOLECULE": (0, 1, 1, 0, 0),
    }  # fmt: skip
    [document] = found["by_document"]
    assert (document["doc_id"], document["change"]) == (DOC, "same")
    assert document["annotations"] == {"gained": 1, "lost": 1, "changed": 1}
    assert found["figures"] == found["documents"] == NONE


def test_a_mention_that_another_class_claims_is_lost_in_one_and_gained_in_the_other(
    settings: Settings, tmp_path: Path
) -> None:
    found = diff(settings, tmp_path, first(mention("Akt1", "GENEPROD")), revision(mention("Akt1", "DISEASE")))
    assert found["annotations"] == {"gained": 1, "lost": 1, "changed": 0}


def test_a_revised_legend_moves_its_mentions(settings: Settings, tmp_path: Path) -> None:
    old = first(mention("Akt1", "GENEPROD"), mention("Liver", "TISSUE"))
    found = diff(
        settings,
        tmp_path,
        old,
        revision(mention("Akt1", "GENEPROD"), mention("Liver", "TISSUE"), legend="(A) " + LEGEND),
    )
    assert found["annotations"] == {**NONE, "changed": 2}
    assert found["annotations_changed"] == {"place": 2}
    assert [(f["figure_id"], f["change"], f["what"]) for f in found["figure_changes"]] == [
        (f"{DOC}#cur-curation-1", "changed", ["legend"])
    ]


def test_documents_gained_retracted_revised_and_the_way_back(settings: Settings, tmp_path: Path) -> None:
    later = SmallCorpus("2026-11-19")
    later.identity("10.5555/b", "deposit")
    later.publication("10.5555/b", [("fig-1", "Figure 1", None)])
    later.publication(DOC, [("fig-1", "Fig. 1", LEGEND), ("fig-2", "Fig. 2", "Another legend")], title="Corrected")
    later.event(DOC, "retraction", "2026-11-19")
    files = corpus_files(tmp_path, first(mention("Akt1", "GENEPROD")), later)
    old = [f for f in files if f.seq == 1]
    found = diff_versions(settings, old, files)
    documents = {d["doc_id"]: (d["change"], d["what"]) for d in found["by_document"]}
    assert documents == {DOC: ("changed", ["revision", "status current → retracted"]), "10.5555/b": ("gained", [])}
    assert {f["figure_id"]: (f["change"], f["what"]) for f in found["figure_changes"]} == {
        f"{DOC}#fig-1": ("changed", ["label"]), f"{DOC}#fig-2": ("gained", []), "10.5555/b#fig-1": ("gained", []),
    }  # fmt: skip
    back = diff_versions(settings, files, old)
    assert back["documents"] == {"gained": 0, "lost": 1, "changed": 1}
    assert back["figures"] == {"gained": 0, "lost": 2, "changed": 1}


def test_a_document_that_proved_to_be_another_is_one_on_both_sides(settings: Settings, tmp_path: Path) -> None:
    old = SmallCorpus("2026-11-18")
    old.identity("pmc:7", "curation")
    old.curated("pmc:7", "1", "Figure 1", LEGEND, [mention("Akt1", "GENEPROD")])
    learnt = SmallCorpus("2026-11-19")
    for alias in (DOC, "pmc:7"):
        learnt.add("id_aliases", alias=alias, doc_id=DOC, source="deposit", raw_sha256="r")
    learnt.publication(DOC, [("fig-1", "Figure 1", LEGEND)])
    found = diff(settings, tmp_path, old, learnt)
    assert found["documents"] == {**NONE, "changed": 1}
    assert found["by_document"][0]["what"] == ["kind curation → publication"]
    assert found["annotations"] == NONE
    assert found["figures"] == {**NONE, "gained": 1}


def test_a_doi_may_hold_the_sign_that_parts_document_and_figure(settings: Settings, tmp_path: Path) -> None:
    later = SmallCorpus("2026-11-19")
    later.identity("10.5555/x#y", "deposit")
    later.publication("10.5555/x#y", [("fig-1", "Figure 1", LEGEND)])
    found = diff(settings, tmp_path, first(mention("Akt1", "GENEPROD")), later)
    assert [f["figure_id"] for f in found["figure_changes"]] == ["10.5555/x#y#fig-1"]


def test_what_is_not_gold_is_counted_apart(settings: Settings, tmp_path: Path) -> None:
    """A second curator whose version is later is gold now; the first one's tags stand beside it."""
    old = first(mention("Akt1", "GENEPROD"), mention("mice", "ORGANISM"), mention("Liver", "TISSUE", is_machine=True))
    later = SmallCorpus("2026-11-19")
    later.curated(DOC, "1", "Figure 1", LEGEND, [mention("Akt1", "GENEPROD")], sender="other", delivery=2)
    later.delivery("curation", 2, sender="other")
    found = diff(settings, tmp_path, old, later)
    assert found["annotations"] == {**NONE, "lost": 1}
    assert found["other_annotations"] == {**NONE, "gained": 2}
    assert [(r["entity_type"], r["before"], r["after"]) for r in found["by_class"]] == [
        ("GENEPROD", 1, 1), ("ORGANISM", 1, 0)
    ]  # fmt: skip
