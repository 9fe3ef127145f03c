"""A corpus version as a frame: what is current, offsets that hold, and the words of the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_corpus import SmallCorpus, corpus_files, freeze_version, home_settings

from pipelines.analytics.build import stage_current
from pipelines.clients import warehouse
from pipelines.corpus import open_dataset, open_version
from pipelines.corpus.frames import TABLES
from pipelines.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
LEGEND = "Liver sections of mice show Akt1 in hepatocytes"
DOC = "10.5555/a"


def nights() -> list[SmallCorpus]:
    first, second = SmallCorpus("2026-11-19"), SmallCorpus("2026-11-20")
    first.identity(DOC, "deposit", split="train")
    first.publication(DOC, [("fig-1", "Figure 1", "An old legend")], title="Old")
    first.curated(DOC, "1", "Figure 1", LEGEND, [{"text": "Liver", "type": "TISSUE"}])
    second.publication(DOC, [("fig-1", "Figure 1", LEGEND)], title="New")
    second.curated(DOC, "1", "Figure 1", LEGEND, [{"text": "Akt1", "type": "GENEPROD"}])
    second.event(DOC, "retraction", "2026-11-20")
    for version in (first, second):
        version.delivery("deposit")
        version.delivery("curation")
    return [first, second]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = home_settings(tmp_path_factory.mktemp("world") / "home")
    for seq, version in enumerate(nights(), start=1):
        freeze_version(settings, version, seq)
    return settings.root


def test_a_frame_holds_what_is_current(home: Path) -> None:
    annotations = open_version(home=home)
    assert annotations[["text", "entity_type", "doc_id", "split", "status"]].to_dict("records") == [
        {"text": "Akt1", "entity_type": "GENEPROD", "doc_id": DOC, "split": "train", "status": "retracted"}
    ]
    row = annotations.iloc[0]
    assert row.legend[row.start_offset : row.end_offset] == row.text
    [document] = open_version("2026-11-20", table="documents", home=home).to_dict("records")
    assert (document["title"], document["kind"], document["status"]) == ("New", "publication", "retracted")


def test_an_older_version_says_what_was_current_then(home: Path) -> None:
    assert list(open_version("corpus/2026-11-19", home=home).text) == ["Liver"]
    assert list(open_version("corpus/2026-11-19", table="documents", home=home).status) == ["current"]
    assert open_version("corpus/2026-11-19", table="document_events", home=home).empty
    sizes = {t: len(open_version("corpus/2026-11-20", table=t, home=home)) for t in TABLES}
    assert sizes == {"documents": 1, "figures": 2, "panels": 0, "annotations": 1, "document_events": 1}


def test_every_table_opens_as_a_dataset_of_the_library_too(home: Path) -> None:
    [row] = open_dataset("corpus/2026-11-20", home=home)
    assert row["legend"][row["start_offset"] : row["end_offset"]] == row["text"] == "Akt1"
    for table in TABLES:
        frame = open_version(table=table, home=home)
        dataset = open_dataset(table=table, home=home)
        assert (len(dataset), dataset.column_names) == (len(frame), list(frame.columns))


def test_unknown_versions_and_tables_are_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="no corpus version corpus/2026-01-01"):
        open_version("corpus/2026-01-01", home=home)
    with pytest.raises(UsageError, match="no table 'rows'"):
        open_version(table="rows", home=home)


def test_the_words_of_the_readme_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    monkeypatch.setenv("NIGHTCAP_HOME", str(home))
    names: dict[str, object] = {}
    exec(code, names)
    assert names["genes"].to_dict() == {"Akt1": 1}  # type: ignore[attr-defined]


def test_preprints_and_articles_are_one_cluster_in_any_direction(tmp_path: Path) -> None:
    version = SmallCorpus("2026-11-19")
    for name in "abcde":
        doc_id = f"10.5555/{name}"
        version.identity(doc_id, "deposit", aliases=[f"pmid:{name}"])
        version.publication(doc_id, [], title=name)
    for target, notice in (("c", "pmid:b"), ("d", "10.5555/c"), ("e", "10.5555/unknown")):
        version.event(f"10.5555/{target}", "preprint_of", "2026-11-19", kind="identity")
        version.rows["document_events"][-1]["notice_id"] = notice if ":" not in notice else f"pmid:{notice[-1]}"
    settings = home_settings(tmp_path / "home")
    con = warehouse.connect(settings)
    warehouse.attach_corpus(con, corpus_files(tmp_path, version))
    stage_current(con)
    clusters = dict(con.sql("SELECT doc_id, cluster_id FROM work.clusters").fetchall())
    assert clusters == {f"10.5555/{n}": "10.5555/b" for n in "bcd"}
    con.close()
