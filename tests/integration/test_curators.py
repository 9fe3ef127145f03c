"""Several senders curate one figure: what is served, trained on and counted; and nights of them by the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_corpus import SmallCorpus, close_night, freeze_version, home_settings
from typer.testing import CliRunner

from pipelines.analytics.step import run_publish, run_report
from pipelines.cli.app import app
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.published import select_rows
from pipelines.core.records import ENTITY_TYPES
from pipelines.core.runs import Run
from pipelines.settings import Settings
from pipelines.train.step import Corpus

RUN = Run("reload_predictions", "tests")
DOC = "10.5555/atg"
LEGEND = "(A) Loss of Atg5 in HeLa cells lowers LC3. (B) Rapamycin raises LC3 in liver."
PANELS = (("A", "(A) Loss of Atg5 in HeLa cells lowers LC3."), ("B", "(B) Rapamycin raises LC3 in liver."))
ATG5 = {"text": "Atg5", "type": "GENEPROD", "role": "controlled", "ids": ["NCBI gene|11793"]}
LC3 = {"text": "LC3", "type": "GENEPROD", "role": "measured"}
HELA = {"text": "HeLa", "type": "CELL_LINE"}
DRUG = {"text": "Rapamycin", "type": "SMALL_MOLECULE"}
BLOT = {"text": "Western blot", "type": "EXP_ASSAY", "is_floating": True, "panel_no": 1}
WRONG = {"text": "liver", "type": "ORGANISM", "role": "controlled"}
SENT = (
    ("ann", "curator", "2026-03-01", (ATG5, LC3, HELA)),
    ("bob", "curator", "2026-02-01", (ATG5, HELA, {"text": "raises", "type": "EXP_ASSAY", "is_machine": True})),
    ("pat", "author", "2026-01-01", (ATG5, LC3, DRUG, BLOT)),
    ("tagger", "machine", "2025-12-01", (ATG5, WRONG)),
)


def ask(settings: Settings, query: str) -> list[dict[str, Any]]:
    return select_rows(settings.path("analytics", "analytics.duckdb"), settings, query, {})


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One publication, its figure curated by three people and a machine; a figure that only a machine marked."""
    settings = home_settings(tmp_path_factory.mktemp("curators") / "home")
    world = SmallCorpus("2026-11-18")
    world.delivery("deposit")
    world.identity(DOC, "deposit", "train")
    world.publication(DOC, [("fig-1", "Figure 1", "Autophagy.\n" + LEGEND), ("fig-2", "Figure 2", "Blots of p62.")])
    for n, (sender, stage, date, mentions) in enumerate(SENT, 1):
        began_from = "ner/v3" if sender == "ann" else None
        world.delivery("curation", n, sender, stage, ENTITY_TYPES, preannotated_by=began_from)
        world.curated(DOC, "fig-1", "Figure 1", LEGEND, mentions, PANELS, date, n, sender, stage)
    alone = [{"text": "p62", "type": "GENEPROD", "role": "controlled"}]
    world.curated(DOC, "fig-2", "Figure 2", "Blots of p62.", alone, delivery=4, sender="tagger", stage="machine")
    close_night(settings, "2026-11-18", freeze_version(settings, world))
    run_publish(settings, RUN)
    return settings


def test_the_truth_is_one_version_and_the_others_stand_beside_it(settings: Settings) -> None:
    gold = ask(settings, "from annotations order by start_offset nulls last")
    assert {(r["annotator"], r["review_stage"]) for r in gold} == {("pat", "author")}
    assert [(r["text"], r["is_floating"], r["panel_id"], r["curated_panel_no"]) for r in gold] == [
        ("Atg5", False, f"{DOC}#fig-1/1", 0), ("LC3", False, f"{DOC}#fig-1/1", 0),
        ("Rapamycin", False, f"{DOC}#fig-1/2", 1), ("Western blot", True, f"{DOC}#fig-1/2", 1),
    ]  # fmt: skip
    assert {r["figure_id"] for r in gold} == {f"{DOC}#fig-1"}
    other = ask(settings, "select annotator, review_stage, why, count(*) as n from other_annotations group by all")
    assert {tuple(r.values()) for r in other} == {
        ("ann", "curator", "outranked", 3), ("bob", "curator", "outranked", 2), ("bob", "machine", "machine", 1),
        ("tagger", "machine", "machine", 3),
    }  # fmt: skip
    legends = {r["figure_id"]: r["legend"] for r in ask(settings, "from figures")}
    for row in ask(settings, "from other_annotations"):
        assert legends[row["figure_id"]][row["start_offset"] : row["end_offset"]] == row["text"]


def test_no_machine_and_no_outranked_curator_reaches_a_mart(settings: Settings) -> None:
    pairs = [(r["controlled_name"], r["measured_name"]) for r in ask(settings, "from hypotheses")]
    assert pairs == [("Atg5", "LC3")]
    assert ask(settings, "from entities where list_contains(names, 'liver') or list_contains(names, 'HeLa')") == []
    assert ask(settings, "from whats_new('p62')") == []
    assert {r["panel_source"] for r in ask(settings, f"from panels where figure_id = '{DOC}#fig-1'")} == {"curator"}
    assert ask(settings, f"from panels where figure_id = '{DOC}#fig-2' and panel_source = 'curator'") == []


def test_training_sees_the_gold_alone(settings: Settings) -> None:
    corpus = Corpus(settings, CorpusRepo(settings).files("corpus/2026-11-18"))
    assert [(r.figure["figure_id"], r.figure["review_stage"]) for r in corpus.figures] == [
        (f"{DOC}#cur-curation-fig-1", "author")
    ]
    assert {f: n for f, (_, n) in corpus.gold("ner").items()} == {f"{DOC}#cur-curation-fig-1": 3}
    assert {f: n for f, (_, n) in corpus.gold("roles_gene").items()} == {f"{DOC}#cur-curation-fig-1": 2}


def test_agreement_fate_of_machine_tags_and_corrections(settings: Settings) -> None:
    pairs = {
        (r["annotator_a"], r["annotator_b"]): (r["n_spans_same"], round(r["f1"], 3))
        for r in ask(settings, "from agreement where entity_type = 'all'")
    }
    assert pairs[("ann", "bob")] == (2, 0.8)
    assert pairs[("ann", "pat")] == (2, 0.667)
    assert pairs[("tagger", "ann")] == (1, 0.4)
    assert len(pairs) == 6
    assert all(r["alpha"] is None or r["alpha"] <= 1 for r in ask(settings, "from agreement"))
    fates = ask(settings, "from preannotations where annotator = 'ann' order by entity_type")
    assert [(r["entity_type"], r["n_kept"], r["n_deleted"], r["n_added"], r["preannotated_by"]) for r in fates] == [
        ("CELL_LINE", 0, 0, 1, "ner/v3"), ("GENEPROD", 1, 0, 1, "ner/v3"), ("ORGANISM", 0, 1, 0, "ner/v3"),
    ]  # fmt: skip
    assert {r["machine"] for r in ask(settings, "from preannotations where annotator = 'bob'")} == {
        "tagger",
        "in the file",
    }
    names = ("from_stage", "to_stage", "n_kept", "n_changed", "n_deleted", "n_added")
    corrections = [tuple(r[n] for n in names) for r in ask(settings, "from corrections order by from_stage")]
    assert corrections == [("curator", "author", 2, 0, 1, 2), ("machine", "curator", 1, 0, 1, 2)]


def test_deliveries_say_what_of_them_counts(settings: Settings) -> None:
    rows = {r["sender"]: r for r in ask(settings, "from deliveries where source = 'curation'")}
    counts = {s: (r["n_figures"], r["n_current_figures"], r["n_gold_figures"], r["n_gold_annotations"])
              for s, r in rows.items()}  # fmt: skip
    assert counts == {"ann": (1, 1, 0, 0), "bob": (1, 1, 0, 0), "pat": (1, 1, 1, 4), "tagger": (2, 2, 0, 0)}
    assert rows["ann"]["preannotated_by"] == "ner/v3"
    assert set(rows["bob"]["annotated_types"]) == set(ENTITY_TYPES)


def test_an_annotation_beside_the_truth_is_traced_and_the_page_shows_agreement(settings: Settings) -> None:
    [row] = ask(settings, "select annotation_id from other_annotations where annotator = 'ann' and text = 'HeLa'")
    said = CliRunner().invoke(app, ["trace", row["annotation_id"], "--home", str(settings.root), "--json"])
    traced = json.loads(said.stdout.splitlines()[-1])
    assert (traced["annotator"], traced["why_not_gold"]) == ("ann", "outranked")
    run_report(settings, RUN)
    page = settings.path("reports", "night-2026-11-18.html").read_text()
    assert "Agreement of annotators" in page
    assert "ann (curator) and bob (curator)" in page


# by the commands


def article(date: str, *tags: tuple[str, str]) -> str:
    body = LEGEND
    for text, entity_type in tags:
        tag = f'<sd-tag id="{text}" category="entity" entity_type="{entity_type}" role="" text="{text}">{text}</sd-tag>'
        body = body.replace(text, tag, 1)
    return (
        f'<article doi="{DOC}" date="{date}"><fig id="1"><label>Figure 1</label>'
        f'<sd-panel panel_id="1"><p>{body}</p></sd-panel></fig></article>'
    )


def deliver(folder: Path, sender: str, stage: str, date: str, *tags: tuple[str, str]) -> None:
    target = folder / f"{sender}-{stage}-{date}"
    target.mkdir(parents=True)
    (target / "delivery.toml").write_text(
        f'sender = "{sender}"\nreview_stage = "{stage}"\nsynthetic = true\nannotated_types = ["GENEPROD", "TISSUE"]\n'
    )
    (target / "figures.xml").write_text(article(date, *tags))


GENE, LIVER = ("Atg5", "protein"), ("liver", "tissue")
#: Two curators, an author, a machine: the second curator says what the first says, to the letter.
PARTS = (
    (("ann", "curator", "2026-03-01", GENE), ("bob", "curator", "2026-03-01", GENE)),
    (("pat", "author", "2026-01-01", GENE, LIVER), ("tagger", "machine", "2026-04-01", LIVER),
     ("ann", "curator", "2026-02-01", LIVER)),
)  # fmt: skip


def run_nights(home: Path, folder: Path, parts: Any) -> str:
    """The nights one after the other, each step in this process; returns the digest."""
    (home / "empty").mkdir(parents=True)
    for n, part in enumerate(parts):
        night, key = f"2026-11-{18 + n}", []
        for sent in part:
            deliver(folder / night, *sent)
        words = ["--date", night, "--articles", str(home / "empty"), "--curation", str(folder / night)]
        for step in ("pull", "parse", "check", "freeze", "close"):
            done = CliRunner().invoke(
                app, ["run", "nightly_corpus", "--only", step, *words, *key, "--config", "demo", "--home", str(home)]
            )
            assert done.exit_code == 0, done.output
            key = ["--run", night]
    said = CliRunner().invoke(app, ["corpus", "digest", "--home", str(home), "--json"])
    return str(json.loads(said.stdout.splitlines()[-1])["digest"])


def test_nights_of_three_senders_end_alike_in_both_orders(tmp_path: Path) -> None:
    digests, served = [], []
    for n, parts in enumerate((PARTS, PARTS[::-1])):
        home = tmp_path / str(n)
        digests.append(run_nights(home, tmp_path / f"sent-{n}", parts))
        settings = home_settings(home)
        run_publish(settings, RUN)
        served.append([
            [tuple(r.values()) for r in ask(settings, f"select * exclude ({left_out}) from {table} order by all")]
            for table, left_out in (
                ("annotations", "delivery_id, night, annotation_id"), ("agreement", "n_words"),
                ("other_annotations", "delivery_id, night, annotation_id"), ("preannotations", "n_machine"),
                ("corrections", "n_figures"),
            )
        ])  # fmt: skip
    assert digests[0] == digests[1]
    assert served[0] == served[1]
    gold, agreement, other, *_ = served[0]
    assert len(gold) == 2
    assert {row[1:3] for row in agreement} & {("curator", "bob")}
    assert len(other) == 3  # ann's later statement, bob's, the machine's; ann's earlier one is superseded
