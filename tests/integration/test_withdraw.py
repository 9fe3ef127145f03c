"""A delivery or night withdrawn: current, index, benchmark, hold; in a real corpus repository of small versions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_corpus import SmallCorpus, freeze_version, home_settings
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.cli.show import collect_status
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.state import open_state
from pipelines.core.gold import layer_id
from pipelines.core.splits import leak_hash
from pipelines.corpus.compare.step import compute_digest, show_benchmarks
from pipelines.corpus.index import Index, RevisionKey
from pipelines.corpus.step import bring_forward
from pipelines.corpus.withdrawal.step import plan_withdrawal, withdraw
from pipelines.errors import UsageError
from pipelines.settings import Settings

LEGEND = "Liver sections of mice fed glucose show Akt1 in hepatocytes of the edge"
OTHER = "Kidney sections of rats fed fructose show Stat3 in podocytes of the rim"
DOC = "10.5555/a"
FIGURE = f"{DOC}#cur-curation-1"


def night_one() -> SmallCorpus:
    version = SmallCorpus("2026-11-18")
    for doc_id, legend, mention in ((DOC, LEGEND, "Akt1"), ("10.5555/b", OTHER, "Stat3")):
        version.identity(doc_id, "deposit", split="test")
        version.publication(doc_id, [("fig-1", "Figure 1", legend)])
        version.curated(doc_id, "1", "Figure 1", legend, [{"text": mention, "type": "GENEPROD"}])
    for source in ("deposit", "curation"):
        version.delivery(source)
    return version


def night_two() -> SmallCorpus:
    version = SmallCorpus("2026-11-19")
    version.curated(
        DOC, "1", "Figure 1", LEGEND, [{"text": "Liver", "type": "TISSUE"}, {"text": "Akt1", "type": "DISEASE"}]
    )
    version.curated(DOC, "2", "Figure 2", OTHER + " too", [{"text": "Stat3", "type": "GENEPROD"}])
    version.event(DOC, "retraction", "2026-11-19")
    version.delivery("curation")
    version.delivery("deposit")
    return version


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights; the second revises a curated figure wrongly, adds one and retracts its paper. Benchmark: both."""
    settings = home_settings(tmp_path_factory.mktemp("world") / "home")
    freeze_version(settings, night_one())
    second = night_two()
    for version, figure in ((night_one(), FIGURE), (second, f"{DOC}#cur-curation-2")):
        row = next(r for r in version.rows["figures"] if r["figure_id"] == figure)
        second.add("benchmark", task="ner", benchmark_version=1, doc_id=DOC, figure_id=figure,
                   record_sha256=row["record_sha256"], n_spans=1, reason="test is large enough")  # fmt: skip
    freeze_version(settings, second, seq=2)
    return settings.root


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    return home_settings(tmp_path / "home")


def open_index(settings: Settings) -> Index:
    index = Index(settings.path("index", "index.db"))
    bring_forward(CorpusRepo(settings), index)
    return index


def current(index: Index, figure_id: str) -> RevisionKey | None:
    return index.current_key(layer_id(figure_id, "tests", "curator"))


def digest(settings: Settings, version: str) -> str:
    return compute_digest(settings, CorpusRepo(settings).files(version))


def test_a_withdrawn_night_leaves_what_was_current_before(settings: Settings) -> None:
    before, after = digest(settings, "corpus/2026-11-18"), digest(settings, "corpus/2026-11-19")
    done = withdraw(settings, "2026-11-19", "wrong ontology", "ada")
    assert before != after
    assert done["version"] == "corpus/withdraw-3"
    assert done["hidden"] == {"annotations": 3, "document_events": 1, "documents": 1, "figures": 2}
    assert digest(settings, "corpus/withdraw-3") == before
    assert digest(settings, "corpus/2026-11-19") == after
    assert done["diff"]["annotations"] == {"gained": 1, "lost": 3, "changed": 0}
    [manifest] = CorpusRepo(settings).manifests()[2:]
    assert (manifest["kind"], manifest["parent"], manifest["is_regular"]) == ("withdraw", "corpus/2026-11-19", False)


def test_the_index_forgets_what_is_hidden_and_keeps_identity(settings: Settings) -> None:
    index = open_index(settings)
    revised, leak = current(index, FIGURE), leak_hash(OTHER + " too") or ""
    assert index.retracted() == {DOC}
    assert index.documents_with_legend(leak) == [DOC]
    assert len(index.gold_figures("ner", "test")) == 3
    index.close()
    withdraw(settings, "2026-11-19", "wrong", "ada")
    index = open_index(settings)
    assert index.seq == 3
    assert current(index, FIGURE) not in (None, revised)
    assert current(index, f"{DOC}#cur-curation-2") is None
    assert index.retracted() == set()
    assert index.documents_with_legend(leak) == []
    assert [g[1] for g in index.gold_figures("ner", "test")] == [FIGURE, "10.5555/b#cur-curation-1"]
    assert index.doc_ids([DOC]) == {DOC: DOC}
    assert index.split(DOC) == "test"
    brought_forward = index.fingerprint()
    index.close()
    shutil.rmtree(settings.path("index"))
    index = open_index(settings)
    assert index.fingerprint() == brought_forward
    index.close()


def test_a_withdrawn_delivery_takes_only_its_own_rows(settings: Settings) -> None:
    withdraw(settings, "curation:2026-11-19:1", "wrong", "ada")
    index = open_index(settings)
    assert index.retracted() == {DOC}
    assert current(index, f"{DOC}#cur-curation-2") is None
    index.close()


def test_the_benchmark_gets_a_version_without_what_was_withdrawn(settings: Settings) -> None:
    withdraw(settings, "curation:2026-11-19:1", "wrong", "ada")
    first, second = show_benchmarks(settings, "corpus/withdraw-3")
    assert (first["benchmark_version"], first["n_figures"], first["n_not_current"], first["is_newest"]) == (
        1,
        2,
        1,
        False,
    )
    assert (second["benchmark_version"], second["n_figures"], second["n_not_current"]) == (2, 1, 0)
    assert second["corpus_version"] == "corpus/withdraw-3"
    assert second["reason"] == "without withdrawn curation:2026-11-19:1"


def test_a_second_call_writes_nothing_and_finishes_what_a_kill_left(settings: Settings) -> None:
    first = withdraw(settings, "2026-11-19", "wrong", "ada")
    state = open_state(settings)
    state.release_hold("corpus")
    shutil.rmtree(settings.path("index"))
    for target in ("2026-11-19", "curation:2026-11-19:1"):
        again = withdraw(settings, target, "wrong", "ada")
        assert (again["version"], again["is_new"], again["hidden"]) == (first["version"], False, {})
    [hold] = state.holds()
    assert (hold.name, hold.who, hold.why, hold.detail) == (
        "corpus",
        "ada",
        "2026-11-19 withdrawn: wrong",
        first["version"],
    )
    assert len(CorpusRepo(settings).manifests()) == 3
    assert Index(settings.path("index", "index.db")).seq == 3


def test_status_shows_the_hold_with_every_reason(settings: Settings) -> None:
    withdraw(settings, "curation:2026-11-19:1", "wrong ontology", "ada")
    withdraw(settings, "deposit:2026-11-19:1", "no such notice", "bob")
    [hold] = collect_status(settings)["holds"]
    assert hold["name"] == "corpus"
    assert hold["who"] == "ada, bob"
    assert hold["why"].split("; ") == [
        "curation:2026-11-19:1 withdrawn: wrong ontology", "deposit:2026-11-19:1 withdrawn: no such notice",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="nothing of night 2026-11-19 is left"):
        withdraw(settings, "2026-11-19", "all of it", "ada")


def test_a_plan_writes_nothing(settings: Settings) -> None:
    plan = plan_withdrawal(settings, "2026-11-19", "wrong", "ada")
    assert plan["version"] is None
    assert plan["diff"]["documents"]["changed"] == 1
    assert len(CorpusRepo(settings).manifests()) == 2
    assert open_state(settings).holds() == []


def test_nothing_known_is_an_error_that_names_the_deliveries(settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"curation:2026-11-19:1 \(curation\).*Nights: 2026-11-18, 2026-11-19"):
        withdraw(settings, "curation:2026-11-19:9", "wrong", "ada")
    assert open_state(settings).holds() == []


def shown(settings: Settings, *args: str) -> str:
    done = CliRunner().invoke(app, ["corpus", *args, "--home", str(settings.root)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def test_what_people_read(settings: Settings) -> None:
    withdrawal = ("withdraw", "2026-11-19", "--why", "wrong", "--who", "ada")
    said = shown(settings, *withdrawal, "--dry-run")
    assert "would hide night 2026-11-19: 3 annotations" in said
    assert "Nothing was written." in said
    said = shown(settings, *withdrawal)
    assert "corpus/withdraw-3 hides night 2026-11-19" in said
    assert "nightcap run reload_predictions" in said
    assert "is withdrawn already, by corpus/withdraw-3: nothing was written" in shown(settings, *withdrawal)
    said = shown(settings, "diff", "2026-11-19", "corpus/withdraw-3")
    assert "status retracted → current" in said
    assert "DISEASE −1, GENEPROD +1 −1, TISSUE −1" in said
    assert "nothing that is current differs" in shown(settings, "diff", "2026-11-18", "corpus/withdraw-3")
    said = shown(settings, "benchmark", "show")
    assert "without withdrawn 2026-11-19" in said
    assert "roles_gene: no benchmark yet" in said


def test_withdrawing_all_of_a_benchmark_says_that_it_stays(settings: Settings) -> None:
    withdraw(settings, "2026-11-19", "wrong", "ada")
    assert withdraw(settings, "2026-11-18", "wrong", "ada")["benchmarks_not_renewed"] == ["ner"]
    assert [b["benchmark_version"] for b in show_benchmarks(settings, "corpus/withdraw-4")] == [1, 2]
