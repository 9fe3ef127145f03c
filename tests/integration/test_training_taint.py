"""Models that learnt what was withdrawn, purged or proved to be a twin of the benchmark: over real corpus versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from gate_world import make_run, write_candidate, write_scores
from small_corpus import SmallCorpus, freeze_version, home_settings

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.corpus.purging.step import purge
from pipelines.corpus.upkeep.step import compact
from pipelines.corpus.withdrawal.step import withdraw
from pipelines.registry.step import run
from pipelines.settings import Settings
from pipelines.train.step import Corpus, Learnt, learnt_at, models_that_learnt

LEGEND = "Liver sections of mice fed glucose show Akt1 in hepatocytes of the edge"
TRAIN, TWIN, TEST = "10.5555/train", "10.5555/twin", "10.5555/test"


def first() -> SmallCorpus:
    version = SmallCorpus("2026-10-05")
    for doc_id, legend in ((TRAIN, LEGEND), (TWIN, "Kidney sections of rats")):
        version.identity(doc_id, "deposit", split="train")
        version.curated(doc_id, "1", "Figure 1", legend, [{"text": legend.split()[0], "type": "TISSUE"}])
    version.delivery("curation", types=("TISSUE", "GENEPROD"))
    return version


def second() -> SmallCorpus:
    """A document of test comes later: one legend of it is trained on, and a third document is stated to be a twin."""
    version = SmallCorpus("2026-10-20")
    version.identity(TEST, "deposit", split="test")
    version.curated(TEST, "1", "Figure 1", LEGEND, [{"text": "Akt1", "type": "GENEPROD"}])
    version.event(TEST, "preprint_of", "2026-10-20", kind="identity")
    version.rows["document_events"][0]["notice_id"] = TWIN
    version.add(
        "splits", doc_id=TRAIN, kind="exclusion", split="train", bucket=1, reason=f"shares a legend with {TEST}"
    )
    version.delivery("curation", types=("TISSUE", "GENEPROD"))
    version.delivery("deposit")
    return version


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = home_settings(tmp_path / "home")
    freeze_version(settings, first())
    freeze_version(settings, second(), 2)
    return settings


def learnt(settings: Settings) -> tuple[Corpus, Learnt]:
    files = CorpusRepo(settings).files()
    corpus = Corpus(settings, files)
    return corpus, learnt_at(settings, corpus, files, "corpus/2026-10-05", "ner")


def test_what_an_older_model_learnt_is_known_after_compaction_and_its_twins_are_found(settings: Settings) -> None:
    for is_compacted in (False, True):
        if is_compacted:
            freeze_version(settings, SmallCorpus("2026-12-01", {"splits": first().rows["splits"]}), 3)
            assert compact(settings)["is_new"]
        corpus, model = learnt(settings)
        assert model.train_documents == {TRAIN, TWIN}
        assert model.barred is None
        assert corpus.leaked(model.train_documents, {TEST}) == [TEST]
        assert corpus.leaked({TWIN}, {TEST}) == [TEST]
        assert corpus.leaked(set(), {TEST}) == []


def test_a_withdrawal_bars_what_learnt_from_it_and_a_purge_too(settings: Settings) -> None:
    purge(settings, TWIN, "court order", "ada", act=True)
    assert learnt(settings)[1].barred == "trained on a document that corpus/purge-3 removed"
    withdraw(settings, "curation:2026-10-05:1", "wrong", "ada")
    assert learnt(settings)[1].barred == f"trained on figures of {TRAIN} that were withdrawn since"


@pytest.mark.filterwarnings("ignore")
def test_the_registry_knows_which_models_learnt_a_document(settings: Settings) -> None:
    for key, mark in (("2026-10-05", "a"), ("2026-10-20", "b")):
        write_candidate(settings, key, "ner", "crf", fingerprint=mark * 64, dev_f1=0.8)
        taggers = {"crf": ("crf", mark * 64, 0.8), "dictionary": ("dictionary", "", 0.5)}
        write_scores(settings, key, "ner", taggers if mark == "a" else {**taggers, "champion": ("crf", "a" * 64, 0.7)})
        run(settings, make_run(key))
    found = {d: [str(m["corpus_version"]) for m in models_that_learnt(settings, d)] for d in (TRAIN, TWIN, TEST)}
    assert found == {TRAIN: ["corpus/2026-10-05"], TWIN: ["corpus/2026-10-05", "corpus/2026-10-20"], TEST: []}


def test_fresh_are_test_documents_that_came_after_a_version(settings: Settings) -> None:
    corpus = Corpus(settings, CorpusRepo(settings).files())
    assert [(e.doc_id, e.split) for e in corpus.fresh("ner", 1)] == [(TEST, "fresh")]
    assert corpus.fresh("ner", 2) == []
