"""Publish over a real corpus repository: what is served, what is refused, and what a kill leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from publish_world import ALONE, LEGEND, NER, ROLES, SECOND, STARTS, make_home, second_world, write_predictions
from small_corpus import SmallCorpus, close_night, corpus_files, freeze_version, home_settings, issue

from pipelines.analytics.generations import Generations
from pipelines.analytics.step import build_generation, gather_inputs, run_publish, run_report
from pipelines.clients import warehouse
from pipelines.clients.published import select_rows
from pipelines.clients.state import Hold, open_state
from pipelines.core.hashing import sha256_text
from pipelines.core.ids import mention_id
from pipelines.core.runs import Run, StageResult
from pipelines.core.tables import load_tables
from pipelines.errors import PermanentError
from pipelines.settings import Settings

RUN = Run("reload_predictions", "tests")
VERSION = "corpus/2026-11-18"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = home_settings(tmp_path_factory.mktemp("world") / "home")
    assert make_home(settings) == VERSION
    return settings.root


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    """A home of its own with the world frozen and its night closed; the git remote is the template's."""
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    return home_settings(tmp_path / "home")


def publish(settings: Settings, run: Run = RUN) -> StageResult:
    return run_publish(settings, run)


def ask(settings: Settings, query: str) -> list[dict[str, Any]]:
    return select_rows(settings.path("analytics", "analytics.duckdb"), settings, query, {})


def one(settings: Settings, query: str) -> Any:
    return next(iter(ask(settings, query)[0].values()))


# what is served


def test_a_corpus_without_models_is_served(settings: Settings) -> None:
    result = publish(settings)
    assert result.skipped is None
    assert result.extra["generation"] == "analytics-2026-11-18-1"
    counts = {
        t: one(settings, f"select count(*) from {t}") for t in ("documents", "figures", "annotations", "mentions")
    }
    assert counts == {"documents": 4, "figures": 7, "annotations": 11, "mentions": 0}
    assert one(settings, "select panels_note from meta").endswith("because no panelization model is registered.")
    assert {r["panel_source"] for r in ask(settings, "from panels")} == {"curator", "rule"}


def test_every_table_and_column_has_its_comment_and_a_view(settings: Settings) -> None:
    publish(settings)
    comments = ask(settings, "select table_name, column_name, comment from duckdb_columns() where schema_name = 'out'")
    expected = {(t.name, c.name, c.comment) for t in load_tables("out").values() for c in t.columns}
    assert {tuple(r.values()) for r in comments} == expected
    for table in load_tables("out"):
        assert one(settings, f"select count(*) from main.{table}") == one(settings, f"select count(*) from out.{table}")


def test_annotations_stand_in_the_publishers_legend(settings: Settings) -> None:
    publish(settings)
    rows = {r["text"]: r for r in ask(settings, "from annotations where figure_id = '10.5555/atg#fig-1'")}
    assert rows["LC3–II"]["alignment"] == "aligned"
    assert LEGEND[rows["LC3–II"]["start_offset"] : rows["LC3–II"]["end_offset"]] == "LC3–II"
    assert (rows["Rapamycin"]["panel_id"], rows["Atg5"]["panel_id"]) == ("10.5555/atg#fig-1/2", "10.5555/atg#fig-1/1")
    assert rows["Western blot"]["panel_id"] == "10.5555/atg#fig-1/2"
    assert rows["Western blot"]["start_offset"] is None
    assert rows["Atg5"]["curated_figure_id"] == "10.5555/atg#cur-curation-fig-1"


def test_a_curated_figure_without_an_article_is_a_figure_of_its_own(settings: Settings) -> None:
    publish(settings)
    figure = ask(settings, "from figures join documents using (doc_id) where kind = 'curation'")[0]
    assert (figure["figure_id"], figure["legend"]) == ("10.5555/cur#cur-curation-fig-1", ALONE)
    assert figure["figure_kind"] == "curation"
    assert one(settings, "select kind from documents where doc_id = '10.5555/cur'") == "curation"


def test_every_curated_figure_says_how_it_stands_on_the_publishers(settings: Settings) -> None:
    publish(settings)
    rows = {r["doc_id"]: r for r in ask(settings, "from curated_figures")}
    assert {d: (r["figure_id"], r["alignment"], r["why_own"]) for d, r in rows.items()} == {
        "10.5555/atg": ("10.5555/atg#fig-1", "aligned", None), "10.5555/cur": (None, "own", "no_publication"),
        "10.5555/ret": ("10.5555/ret#fig-1", "exact", None), "10.5555/moved": ("10.5555/moved#fig-1", "aligned", None),
    }  # fmt: skip
    sure = [rows[f"10.5555/{d}"]["confidence"] for d in ("ret", "atg", "cur")]
    assert sure == [1.0, 1.0, None]
    assert 0.9 < rows["10.5555/moved"]["confidence"] < 1.0


def test_an_annotation_that_the_legend_lost_is_kept_and_said(settings: Settings) -> None:
    publish(settings)
    lost = ask(settings, "from annotations where text = 'Tor1'")[0]
    assert (lost["figure_id"], lost["alignment"]) == ("10.5555/moved#cur-curation-fig-1", "own")
    said = ask(settings, "from quarantine where reason = 'legend_changed'")
    assert len(said) == 1
    assert "Tor1" in said[0]["message"]
    account = ask(settings, "from accounting where stage = 'publish'")[0]
    assert (account["n_in"], account["valid"], account["quarantined"]) == (11, 10, 1)


def test_mentions_have_stable_ids_roles_and_panels(settings: Settings) -> None:
    write_predictions(settings, VERSION, {"ner": NER, "roles_gene": ROLES, "panelization": STARTS}, "m1")
    publish(settings)
    mention = ask(settings, "from mentions where text = 'p62'")[0]
    start = SECOND.index("p62")
    expected = mention_id("10.5555/atg#fig-2", sha256_text(SECOND), start, start + 3, "GENEPROD")
    assert mention["mention_id"] == expected
    assert (mention["role"], mention["role_source"], mention["role_model_version"]) == (
        "measured",
        "model",
        "roles_gene/m1",
    )
    assert (mention["panel_id"], mention["model_version"]) == ("10.5555/atg#fig-2/1", "ner/m1")
    assert (mention["run_id"], mention["corpus_version"]) == ("predicted-m1", VERSION)
    curated = ask(settings, "from mentions where text = 'Atg5' and role_source = 'curator'")[0]
    assert (curated["role"], curated["ext_id"], curated["link_source"]) == ("controlled", "11793", "curator")
    assert curated["role_model_version"] is None
    known = ask(settings, "from mentions where figure_id = '10.5555/atg#fig-2' and text = 'Atg5'")[0]
    assert (known["ext_id"], known["link_source"]) == ("11793", "curators")
    boring = ask(settings, "from mentions where text = 'Sch9'")[0]
    assert (boring["role"], boring["role_source"]) == ("boring", "model")
    assert one(settings, "select count(*) from mentions where role is not null and entity_type = 'TISSUE'") == 0


def test_retracted_documents_are_told_but_in_no_mart(settings: Settings) -> None:
    write_predictions(settings, VERSION, {"ner": NER, "roles_gene": ROLES}, "m1")
    publish(settings)
    assert one(settings, "select status from documents where doc_id = '10.5555/ret'") == "retracted"
    assert one(settings, "select count(*) from annotations where text like 'Fake%'") == 2
    assert one(settings, "select count(*) from mentions where doc_id = '10.5555/ret'") == 0
    assert one(settings, "select count(*) from hypotheses where controlled_name = 'Fake1'") == 0
    assert one(settings, "select count(*) from entities where name like 'Fake%'") == 0
    assert one(settings, "select is_known_document from document_events where event = 'correction'") is False


def test_hypotheses_are_pairs_inside_one_panel(settings: Settings) -> None:
    panel = [(SECOND, "Atg5", "CONTROLLED_VAR"), (SECOND, "mice", "MEASURED_VAR")]
    ner = [(SECOND, "Atg5", "GENEPROD"), (SECOND, "mice", "GENEPROD"), (SECOND, "p62", "GENEPROD")]
    write_predictions(settings, VERSION, {"ner": ner, "roles_gene": panel, "panelization": STARTS}, "m1")
    publish(settings)
    pairs = {
        (r["controlled_name"], r["measured_name"], r["role_source"], r["n_papers"])
        for r in ask(settings, "from hypotheses")
    }
    assert pairs == {("Atg5", "LC3–II", "curator", 1), ("Pten", "Akt", "curator", 1), ("Atg5", "mice", "model", 1)}


def test_the_macros_answer(settings: Settings) -> None:
    write_predictions(settings, VERSION, {"ner": NER, "roles_gene": ROLES, "panelization": STARTS}, "m1")
    publish(settings)
    for name in ("10.5555/atg", "https://doi.org/10.5555/ATG", "doi:10.5555/atg", "PMC77", "pmc:77", "pmid:123"):
        assert [r["doc_id"] for r in ask(settings, f"from document('{name}')")] == ["10.5555/atg"], name
    assert len(ask(settings, "from figures_of('PMC77')")) == 3
    assert ask(settings, "from whats_new('atg5')")[0]["seen_by"] == ["curator", "model"]
    assert ask(settings, "from whats_new('Atg5', since := date '2030-01-01')") == []
    assert ask(settings, "from top_entities(kind := 'geneprod', n := 1)")[0]["name"] == "Atg5"
    assert {r["panel_id"] for r in ask(settings, "from where_tested('11793')")} == {
        "10.5555/atg#fig-1/1",
        "10.5555/atg#fig-2/2",
    }
    assert [r["measured_name"] for r in ask(settings, "from hypotheses_for('Atg5')")] == ["LC3–II"]
    assert sum(r["n_documents"] for r in ask(settings, "from coverage_by_month()")) == 4
    assert {"what this is", "how fresh", "tables", "ask"} <= {r["section"] for r in ask(settings, "from start_here")}
    for row in ask(settings, "select value from start_here where section = 'ask'"):
        ask(settings, row["value"])


def test_rejected_units_are_one_issue_over_the_nights(settings: Settings) -> None:
    close_night(settings, "2026-11-19", VERSION, [issue("not_xml", "broken.xml", "2026-11-19")], status="rejected_only")
    publish(settings)
    rows = ask(settings, "from quarantine where reason = 'not_xml'")
    assert [(str(r["night"]), str(r["last_night"]), r["status"]) for r in rows] == [
        ("2026-11-18", "2026-11-19", "open")
    ]
    assert one(settings, "select generation from meta") == "analytics-2026-11-19-1"
    assert {r["nights_without_news"] for r in ask(settings, "from freshness")} == {1}


# what is published again, and what is not


def test_the_same_inputs_are_published_once(settings: Settings) -> None:
    publish(settings)
    again = publish(settings)
    assert again.skipped == "analytics-2026-11-18-1 already published from the same inputs"
    forced = publish(settings, Run("reload_predictions", "forced", is_forced=True))
    assert forced.extra["generation"] == "analytics-2026-11-18-2"


def test_no_night_no_generation(tmp_path: Path) -> None:
    settings = home_settings(tmp_path / "home")
    assert publish(settings).skipped == "no night is closed yet"
    assert run_report(settings, RUN).skipped == "nothing is published yet"


def test_a_night_that_only_rejected_reaches_analysts(tmp_path: Path) -> None:
    settings = home_settings(tmp_path / "home")
    close_night(settings, "2026-11-18", None, [issue("not_xml", "broken.xml", "2026-11-18")], status="rejected_only")
    assert publish(settings).skipped is None
    assert one(settings, "select count(*) from quarantine") == 1
    assert one(settings, "select count(*) from documents") == 0


def test_mentions_and_figures_are_of_the_version_that_the_serving_set_covers(settings: Settings) -> None:
    write_predictions(settings, VERSION, {"ner": NER}, "m1")
    version = freeze_version(settings, second_world(), 2)
    close_night(settings, "2026-11-19", version)
    publish(settings)
    assert one(settings, "select corpus_version from meta") == VERSION
    assert one(settings, "select count(*) from documents where doc_id = '10.5555/new'") == 0
    write_predictions(settings, version, {"ner": NER}, "m1")
    publish(settings)
    assert one(settings, "select corpus_version from meta") == version
    figures = {r["figure_id"]: r["label"] for r in ask(settings, "from figures where doc_id = '10.5555/atg'")}
    assert figures == {
        "10.5555/atg#fig-1": "Figure 1",
        "10.5555/atg#fig-4": "Figure 2",
        "10.5555/atg#fig-2": "Figure 3",
    }
    assert one(settings, "select n_revisions from documents where doc_id = '10.5555/atg'") == 2


def test_a_hold_stops_publishing(settings: Settings) -> None:
    open_state(settings).set_hold(Hold("analytics", "ada", "wrong panels", None, ""))
    assert "held by ada: wrong panels" in str(publish(settings).skipped)
    open_state(settings).release_hold("analytics")
    assert publish(settings).skipped is None


def test_old_generations_go_and_the_current_stays(settings: Settings) -> None:
    for n in range(5):
        publish(settings, Run("reload_predictions", str(n), is_forced=True))
    generations = Generations(settings.path("analytics"))
    assert [g.number for g in generations.listed()] == [3, 4, 5]
    assert not list(settings.path("analytics").glob("*.wal"))


def test_a_generation_that_breaks_a_rule_is_refused(settings: Settings) -> None:
    publish(settings)
    beyond = [(LEGEND, LEGEND[-6:], "TISSUE")]
    write_predictions(settings, VERSION, {"ner": beyond}, "bad")
    part = settings.path("predictions", "ner", "ner-bad", "part-1.parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(part)
    ends = pa.array([e + 50 for e in table["end_offset"].to_pylist()], pa.int32())
    pq.write_table(table.set_column(2, "end_offset", ends), part)
    with pytest.raises(PermanentError, match="offsets_mentions: 1"):
        publish(settings)
    assert one(settings, "select generation from meta") == "analytics-2026-11-18-1"
    assert publish_names(settings) == ["analytics-2026-11-18-1"]


def publish_names(settings: Settings) -> list[str]:
    return [g.name for g in Generations(settings.path("analytics")).listed()]


def test_the_second_publish_aligns_nothing_again(settings: Settings) -> None:
    publish(settings)
    parts = {p: p.stat().st_mtime_ns for p in settings.path("staging").rglob("*.parquet")}
    assert {p.relative_to(settings.path("staging")).parts[0] for p in parts} == {"alignments", "segments"}
    publish(settings, Run("reload_predictions", "again", is_forced=True))
    assert {p: p.stat().st_mtime_ns for p in settings.path("staging").rglob("*.parquet")} == parts


# current records


def current(tmp_path: Path, settings: Settings, *versions: SmallCorpus) -> dict[str, Any]:
    con = warehouse.connect(settings)
    warehouse.attach_corpus(con, corpus_files(tmp_path, *versions))
    titles = con.sql(
        "select doc_id, title from cur.document_revisions where rank = 1 and kind = 'publication'"
    ).fetchall()
    status = con.sql("select doc_id, status from cur.status").fetchall()
    con.close()
    return {"titles": dict(titles), "status": dict(status)}


def revision(night: str, title: str, **values: object) -> SmallCorpus:
    world = SmallCorpus(night)
    world.publication("10.5555/a", [("fig-1", "Figure 1", f"Legend of {title}.")], title=title, **values)
    return world


def test_a_later_stated_date_is_current_whatever_came_last(tmp_path: Path) -> None:
    import datetime as dt

    settings = home_settings(tmp_path / "home")
    old = revision("2026-11-20", "old", stated_date=dt.date(2026, 1, 1))
    new = revision("2026-11-19", "new", stated_date=dt.date(2026, 6, 1))
    for order in ((old, new), (new, old)):
        folder = tmp_path / order[0].night
        assert current(folder, settings, *order)["titles"] == {"10.5555/a": "new"}


def test_ids_that_only_others_state_are_shown_where_there_is_one(tmp_path: Path) -> None:
    world = SmallCorpus()
    world.identity("10.5555/a", "deposit", aliases=["pmid:5", "pmc:1", "pmc:2"])
    world.publication("10.5555/a", [])
    world.identity("10.5555/b", "deposit", aliases=["pmid:6", "pmc:3"])
    world.publication("10.5555/b", [], pmid="7")
    world.delivery("deposit")
    settings = home_settings(tmp_path / "home")
    close_night(settings, world.night, freeze_version(settings, world))
    publish(settings)
    found = ask(settings, "select doc_id, pmcid, pmid from documents order by doc_id")
    assert [tuple(r.values()) for r in found] == [("10.5555/a", None, "5"), ("10.5555/b", "PMC3", "7")]


def test_without_a_stated_date_the_night_decides(tmp_path: Path) -> None:
    settings = home_settings(tmp_path / "home")
    got = current(tmp_path / "c", settings, revision("2026-11-20", "later"), revision("2026-11-19", "backfilled"))
    assert got["titles"] == {"10.5555/a": "later"}


def test_a_text_that_comes_back_was_first_seen_when_it_first_came(tmp_path: Path) -> None:
    settings, version = home_settings(tmp_path / "home"), ""
    for seq, title in enumerate(("kept", "changed", "kept"), start=1):
        night = f"2026-11-{17 + seq}"
        world = revision(night, title)
        if seq == 1:
            world.identity("10.5555/a", "deposit", "train")
        version = freeze_version(settings, world, seq)
        close_night(settings, night, version)
    publish(settings)
    assert one(settings, "select corpus_version from meta") == version
    (document,) = ask(settings, "select title, first_night::varchar as first, n_revisions as n from documents")
    assert document == {"title": "kept", "first": "2026-11-18", "n": 2}


def test_a_reinstatement_ends_a_retraction_and_a_tombstone_hides(tmp_path: Path) -> None:
    settings = home_settings(tmp_path / "home")
    first = revision("2026-11-18", "kept")
    first.event("10.5555/a", "retraction", "2026-11-01")
    second = SmallCorpus("2026-11-19")
    second.event("10.5555/a", "reinstatement", "2026-11-10")
    third = revision("2026-11-20", "withdrawn")
    fourth = SmallCorpus("2026-11-21")
    fourth.add(
        "tombstones",
        target_kind="delivery",
        target="deposit:2026-11-20:1",
        through_seq=3,
        reason="wrong",
        withdrawn_by="ada",
    )
    assert current(tmp_path / "a", settings, first)["status"] == {"10.5555/a": "retracted"}
    assert current(tmp_path / "b", settings, first, second)["status"] == {"10.5555/a": "current"}
    assert current(tmp_path / "c", settings, first, second, third)["titles"] == {"10.5555/a": "withdrawn"}
    assert current(tmp_path / "d", settings, first, second, third, fourth)["titles"] == {"10.5555/a": "kept"}


def record(world: SmallCorpus, code: str, *, is_retracted: bool) -> None:
    """What PMC's metadata say of the paper, as of the night of `world`."""
    said = [("licence", "licence_stated", code)]
    said += [("integrity", "retraction", "is_retracted in PMC's metadata")] * is_retracted
    for kind, event, detail in said:
        world.add("document_events", event_id=f"{event} {code}", doc_id="10.5555/a", kind=kind, event=event,
                  detail=detail, source="pmc", delivery_id=f"pmc:{world.night}:1", raw_sha256=f"of {world.night}",
                  parser_version=2, stated_version=0, record_sha256=f"{event} {code}", is_synthetic=True)  # fmt: skip


def test_what_a_provider_says_of_licence_and_retraction_reaches_analysts(tmp_path: Path) -> None:
    settings, version = home_settings(tmp_path / "home"), ""
    for seq, (code, is_retracted) in enumerate([("CC BY (open)", True), ("TDM (tdm_only)", False)], start=1):
        world = SmallCorpus(f"2026-11-{17 + seq}")
        if seq == 1:
            world = revision(world.night, "kept", licence="unknown")
            world.identity("10.5555/a", "deposit", "train")
        record(world, code, is_retracted=is_retracted)
        version = freeze_version(settings, world, seq)
        close_night(settings, world.night, version)
        publish(settings)
        assert one(settings, "select corpus_version from meta") == version
        (found,) = ask(
            settings, "select status, licence, licence_evidence, may_redistribute, is_commercial_ok from documents"
        )
        figures = ask(settings, "select licence, may_redistribute, is_commercial_ok from figures")
        assert figures == [{k: found[k] for k in ("licence", "may_redistribute", "is_commercial_ok")}]
        assert tuple(found.values()) == (
            ("retracted", "open", "CC BY, stated by pmc", True, True) if seq == 1
            else ("current", "tdm_only", "TDM, stated by pmc", False, False)
        )  # fmt: skip
    told = ask(
        settings, "select event, detail from document_events where event not in ('licence_stated', 'retraction')"
    )
    assert sorted((str(e["event"]), str(e["detail"])) for e in told) == [
        ("licence_change", "from open to tdm_only: TDM, stated by pmc"),
        ("statement_withdrawn",
         "retraction (is_retracted in PMC's metadata): the last record of pmc does not say it any more"),
    ]  # fmt: skip


# the night's page


def test_the_report_is_written_once_a_generation(settings: Settings) -> None:
    publish(settings)
    result = run_report(settings, RUN)
    page = settings.path("reports", "night-2026-11-18.html").read_text()
    assert result.skipped is None
    assert "10.5555/ret" in page
    assert "broken.xml cannot be read" in page
    assert run_report(settings, RUN).skipped == "night-2026-11-18.html is there already"


# kills


def contents(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of every served table, the time of publishing left out."""
    out = {}
    for table in load_tables("out"):
        left_out = " exclude (published_at)" if table == "meta" else ""
        out[table] = [
            tuple(map(repr, r.values())) for r in ask(settings, f"select *{left_out} from {table} order by all")
        ]
    return out


def run_killed(root: Path, kill_at: int, script: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(script.parents[2])}
    return subprocess.run(
        [sys.executable, str(script), str(root), str(kill_at)], env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("most", [8, pytest.param(10_000, marks=pytest.mark.full)])
def test_a_kill_between_any_two_side_effects_does_no_harm(
    most: int, settings: Settings, root: Path, tmp_path: Path
) -> None:
    """The pointer names a whole generation at every instant, and the rerun ends as an undisturbed run does."""
    publish(settings)
    before = contents(settings)
    write_predictions(settings, VERSION, {"ner": NER, "roles_gene": ROLES, "panelization": STARTS}, "m1")
    script = root / "tests" / "support" / "kill_publish.py"
    calm = tmp_path / "calm"
    shutil.copytree(settings.root, calm, symlinks=True)
    undisturbed = run_killed(calm, 0, script)
    assert undisturbed.returncode == 0, undisturbed.stderr
    n_effects = int(undisturbed.stdout.split()[-1])
    assert n_effects >= 10
    expected = contents(home_settings(calm))
    for kill_at in range(1, n_effects + 1, -(-n_effects // most)):
        hurt = home_settings(tmp_path / "hurt")
        shutil.copytree(settings.root, hurt.root, symlinks=True)
        assert run_killed(hurt.root, kill_at, script).returncode == -signal.SIGKILL, kill_at
        assert contents(hurt) in (before, expected), kill_at
        publish(hurt)
        assert contents(hurt) == expected, kill_at
        assert publish_names(hurt) == ["analytics-2026-11-18-1", "analytics-2026-11-18-2"], kill_at
        assert not hurt.path("analytics", ".building").exists(), kill_at
        shutil.rmtree(hurt.root)


def test_a_writer_that_lost_its_lease_changes_nothing(settings: Settings) -> None:
    """A build that another publish overtook is not taken in use: its folder is gone when it wants to settle."""
    inputs = gather_inputs(settings)
    assert inputs is not None
    generations = Generations(settings.path("analytics"))
    mine = generations.next("2026-11-18", {})
    import datetime as dt

    build_generation(settings, inputs, mine, generations.building_path(mine), dt.datetime(2026, 11, 18))
    publish(settings)
    with pytest.raises(OSError):
        generations.settle(mine)
    assert publish_names(settings) == ["analytics-2026-11-18-1"]


def test_status_of_inputs_is_readable_json(settings: Settings) -> None:
    write_predictions(settings, VERSION, {"ner": NER}, "m1")
    publish(settings)
    assert json.loads(one(settings, "select serving_set from meta"))["covers_corpus_version"] == VERSION
