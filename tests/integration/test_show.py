"""What `nightcap status`, `sql` and `trace` say, over a published home and an empty one."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from publish_world import NER, make_home, write_predictions
from rich.console import Console
from small_corpus import close_night, home_settings

from pipelines.analytics.step import run_publish
from pipelines.cli.show import collect_status, render_status, run_sql
from pipelines.cli.trace import collect_trace, render_trace
from pipelines.clients.published import select_rows
from pipelines.clients.state import Hold, open_state
from pipelines.core.runs import Run
from pipelines.errors import UsageError
from pipelines.settings import Settings

VERSION = "corpus/2026-11-18"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = home_settings(tmp_path_factory.mktemp("world") / "home")
    make_home(settings)
    write_predictions(settings, VERSION, {"ner": NER}, "m1")
    run_publish(settings, Run("reload_predictions", "tests"))
    return settings.root


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    return home_settings(tmp_path / "home")


def shown(data: dict[str, object]) -> str:
    console = Console(record=True, width=200, file=io.StringIO())
    render_status(data, console)
    return console.export_text()


def test_status_of_a_home_that_is_not_there(tmp_path: Path) -> None:
    data = collect_status(home_settings(tmp_path / "nothing"))
    assert data["nights"] == []
    assert "does not exist yet" in shown(data)
    assert not (tmp_path / "nothing").exists()


def test_status_has_the_keys_of_the_contract(settings: Settings) -> None:
    data = collect_status(settings)
    keys = {"nights", "freshness", "corpus_version", "champions", "serving", "holds", "quarantine", "notes"}
    assert keys <= data.keys()
    assert json.loads(json.dumps(data)) == data
    assert data["corpus_version"] == VERSION
    assert data["quarantine"] == {"legend_changed": 1, "not_xml": 1}
    assert data["serving"]["tasks"]["panelization"] == "rule"
    assert data["freshness"]["published_night"] == "2026-11-18"
    assert any("No benchmark yet" in note for note in data["notes"])
    assert any("synthetic" in note for note in data["notes"])


def test_status_says_what_analysts_do_not_see_yet(settings: Settings) -> None:
    close_night(settings, "2026-11-19", VERSION, sources_missing=["curation"])
    notes = " ".join(collect_status(settings)["notes"])
    assert "Analysts see night 2026-11-18; night 2026-11-19 is not published yet." in notes
    assert "could not read curation" in notes


def test_a_source_missing_for_several_nights_is_said_first(settings: Settings) -> None:
    for day in (19, 20):
        close_night(settings, f"2026-11-{day}", VERSION, sources_missing=["pmc"])
    assert collect_status(settings)["alerts"] == []
    close_night(settings, "2026-11-21", VERSION, sources_missing=["curation", "pmc"])
    text = shown(collect_status(settings))
    assert "ALERT pmc could not be read for 3 nights: `nightcap doctor`" in text
    assert text.index("ALERT") < text.index("last closed night")
    close_night(settings, "2026-11-22", VERSION)
    assert collect_status(settings)["alerts"] == []


def test_holds_come_first(settings: Settings) -> None:
    open_state(settings).set_hold(Hold("analytics", "ada", "wrong panels", None, ""))
    lines = shown(collect_status(settings)).splitlines()
    assert "HOLD analytics by ada: wrong panels" in lines[1]


def test_csv_prints_its_header_even_without_rows(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    run_sql(settings, "select doc_id, title from documents where false", "csv")
    assert capsys.readouterr().out == "doc_id,title\n"


def test_csv_and_json_hold_the_same_rows(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    query = "select doc_id, n_figures, is_synthetic, first_night, title from documents order by doc_id"
    run_sql(settings, query, "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    run_sql(settings, query, "json")
    objects = json.loads(capsys.readouterr().out)
    assert [r["doc_id"] for r in rows] == [o["doc_id"] for o in objects]
    assert (rows[0]["first_night"], rows[0]["is_synthetic"]) == ("2026-11-18", "true")
    assert (objects[0]["first_night"], objects[0]["is_synthetic"]) == ("2026-11-18", True)


def test_a_table_is_not_cut_in_a_pipe(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    run_sql(settings, "select repeat('x', 300) as long, 'end' as last")
    assert "x" * 300 in capsys.readouterr().out


def test_a_long_table_says_that_it_is_cut(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    run_sql(settings, "from range(501)")
    assert "the first 500 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("selec 1", "syntax error"),
        ("select nothing from documents", "nothing"),
        ("create table x (a int)", "read-only"),
        ("select * from read_text('/etc/hostname')", "disabled by configuration"),
        ("copy documents to '/tmp/nightcap-leak.csv'", "disabled by configuration"),
        ("set threads = 4", "locked"),
        ("select error('late') from range(3)", "late"),
        ("", "empty"),
    ],
)
def test_a_wrong_query_is_answered_in_words(settings: Settings, query: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run_sql(settings, query, "csv")


def test_an_unknown_format_and_an_unpublished_home(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="table, csv or json"):
        run_sql(settings, "select 1", "xml")
    with pytest.raises(UsageError, match="nothing is published yet"):
        run_sql(home_settings(tmp_path / "empty"), "select 1")


def first(settings: Settings, query: str) -> str:
    rows = select_rows(settings.path("analytics", "analytics.duckdb"), settings, query, {})
    return str(next(iter(rows[0].values())))


def land(settings: Settings, sha: str, name: str) -> None:
    raw = settings.path("landing", "sha256", sha[:2], sha[2:4], sha)
    raw.parent.mkdir(parents=True)
    raw.write_text("raw")
    manifest = settings.path("landing", "nights", "2026-11-18", "manifest-0.jsonl")
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"row": "file", "raw_sha256": sha, "name": name}) + "\n")


def test_a_mention_traces_back_to_bytes_model_and_run(settings: Settings) -> None:
    sha = first(settings, "select raw_sha256 from figures where figure_id = '10.5555/atg#fig-2'")
    land(settings, sha, "batch.tar.gz!atg.xml")
    data = collect_trace(settings, first(settings, "select mention_id from mentions where text = 'p62'"))
    assert (data["raw_sha256"], data["source"], data["delivery_id"]) == (sha, "deposit", "deposit:2026-11-18:1")
    assert (data["corpus_version"], data["model_version"], data["run_id"]) == (VERSION, "ner/m1", "predicted-m1")
    assert (data["is_raw_there"], data["file_names"]) == (True, ["batch.tar.gz!atg.xml"])
    assert [(s["step"], s["id"]) for s in data["chain"][1:]] == [
        ("figure", "10.5555/atg#fig-2"), ("document", "10.5555/atg"), ("raw object", sha),
        ("delivery", "deposit:2026-11-18:1"),
    ]  # fmt: skip
    console = Console(record=True, width=200, file=io.StringIO())
    render_trace(data, console)
    assert sha in (text := console.export_text())
    assert "← delivery" in text


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("select annotation_id from annotations where text = 'Atg5'", "annotation"),
        ("select '10.5555/atg#fig-1'", "figure"),
        ("select 'https://doi.org/10.5555/atg'", "document"),
        ("select 'PMC77'", "document"),
        ("select panel_id from panels where figure_id = '10.5555/atg#fig-1'", "panel"),
        (
            "select replace(panel_id, '10.5555/atg', 'pmc:77') from panels where figure_id = '10.5555/atg#fig-1'",
            "panel",
        ),
        ("select 'pmc:77#fig-1'", "figure"),
        ("select '10.5555/atg#cur-curation-fig-1'", "figure"),
        ("select 'curation:2026-11-18:1'", "delivery"),
        ("select issue_id from quarantine where reason = 'not_xml'", "quarantine"),
    ],
)
def test_every_kind_of_id_is_traced(settings: Settings, query: str, kind: str) -> None:
    data = collect_trace(settings, first(settings, query))
    assert data["kind"] == kind
    assert {"raw_sha256", "source", "delivery_id", "corpus_version", "model_version", "run_id"} <= data.keys()
    assert data["file_names"] == []


def test_an_unknown_id_is_a_usage_error(settings: Settings) -> None:
    with pytest.raises(UsageError, match="nothing has the id 'nope'"):
        collect_trace(settings, "nope")
