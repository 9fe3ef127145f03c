"""The sample's three nights, from nothing: the corpus that data.dvc names, and what each night must show."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from killing import run_nightcap, run_steps

from pipelines import settings
from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusRepo

ROOT = Path(__file__).resolve().parents[2]
STEPS = ["pull", "parse", "check", "freeze", "close"]
NIGHTS = ("2026-11-18", "2026-11-19", "2026-11-20")
pytestmark = pytest.mark.timeout(900)


def options(sample: Path, night: str) -> dict[str, str]:
    return {"date": night, "articles": str(sample / night / "articles"), "curation": str(sample / night / "curation")}


@pytest.fixture(scope="module")
def home(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after the three nights."""
    home = tmp_path_factory.mktemp("homes") / "home"
    for night in NIGHTS:
        run_steps(home, options(sample_folder, night), STEPS)
    return home


def query(home: Path, sql: str) -> list[tuple[object, ...]]:
    loaded = settings.load({}, home)
    con = warehouse.connect(loaded)
    warehouse.attach_corpus(con, CorpusRepo(loaded).files())
    return con.sql(sql).fetchall()


def digest(home: Path) -> str:
    return run_nightcap("corpus", "digest", "--home", str(home)).stdout.strip()


def test_data_dvc_is_the_pointer_of_this_corpus(home: Path) -> None:
    assert (home / "corpus" / "data.dvc").read_text() == (ROOT / "data.dvc").read_text(), (
        "the sample or the corpus format changed: copy corpus/data.dvc of the demo's home and note it in the CHANGELOG"
    )


def test_the_digest_says_what_to_compare_with_another_machine(home: Path) -> None:
    said = json.loads(run_nightcap("corpus", "digest", "--json", "--home", str(home)).stdout)
    assert f"md5: {said['corpus_md5']}\n" in (home / "corpus" / "data.dvc").read_text()
    assert said["digest"] == digest(home)
    assert {"cpu", "python", "pyarrow", "dvc"} <= set(said["machine"])


def test_every_broken_file_is_in_quarantine_with_the_reason_stated_for_it(home: Path, sample_folder: Path) -> None:
    stated = json.loads((sample_folder / "sample.json").read_text())
    expected = sorted((n["date"], b["reason"]) for n in stated["nights"] for b in n["broken"])
    found = sorted(
        (row["night"], row["reason"])
        for path in sorted((home / "quarantine").glob("*.jsonl"))
        for row in map(json.loads, path.read_text().splitlines())
    )
    assert found == expected
    assert len(expected) >= 7


def test_every_account_balances(home: Path) -> None:
    rows = [
        json.loads(line)
        for path in (home / "reports" / "nights").glob("*/accounting.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert {r["stage"] for r in rows} == {"pull", "parse", "check", "freeze"}
    assert {r["unit"] for r in rows} == {
            "file", "delivery", "document", "alias", "figure", "panel", "annotation", "event", "pretag",
        }  # fmt: skip
    for r in rows:
        assert r["n_in"] == r["valid"] + r["quarantined"] + r["duplicate"] + r["unchanged"] + r["ignored"], r


def test_a_retraction_arrives_and_history_still_shows_the_paper(home: Path) -> None:
    [(doc_id,)] = query(home, "SELECT doc_id FROM cur.status WHERE status = 'retracted'")
    assert query(home, f"SELECT count(*) FROM cur.curated_annotations WHERE doc_id = '{doc_id}'") != [(0,)]
    assert query(home, f"SELECT DISTINCT event FROM cur.events WHERE doc_id = '{doc_id}'") == [("retraction",)]


def test_a_correction_inserted_a_figure_and_the_others_kept_their_ids(home: Path) -> None:
    [(doc_id,)] = query(home, "SELECT doc_id FROM cur.status WHERE status = 'corrected'")
    figures = dict(query(home, f"SELECT label, figure_id FROM cur.publication_figures WHERE doc_id = '{doc_id}'"))  # type: ignore[arg-type]
    first = f"FROM corpus.figures WHERE kind = 'publication' AND doc_id = '{doc_id}' AND seq = 1"
    before = dict(query(home, f"SELECT legend_sha256, figure_id {first}"))  # type: ignore[arg-type]
    after = dict(query(home, f"SELECT legend_sha256, figure_id FROM cur.publication_figures WHERE doc_id = '{doc_id}'"))  # type: ignore[arg-type]
    assert len(after) == len(before) + 1
    assert all(after[legend] == figure_id for legend, figure_id in before.items())
    assert any(str(f).endswith("-b") for f in figures.values())


def test_the_benchmark_was_written_on_the_first_night(home: Path) -> None:
    rows = query(
        home, "SELECT task, min(seq), count(DISTINCT doc_id), sum(n_spans) FROM corpus.benchmark GROUP BY task"
    )
    assert {"ner", "panelization", "roles_gene"} <= {r[0] for r in rows}
    assert all(r[1] == 1 for r in rows)
    splits = query(home, "SELECT DISTINCT split FROM corpus.benchmark JOIN cur.splits USING (doc_id)")
    assert splits == [("test",)]


def test_the_same_night_again_makes_no_version(home: Path, sample_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home, copy, symlinks=True)
    before = (copy / "corpus" / "data.dvc").read_text()
    done = run_nightcap(
        "run",
        "nightly_corpus",
        "--home",
        str(copy),
        "--json",
        *[w for k, v in options(sample_folder, NIGHTS[2]).items() for w in (f"--{k}", v)],
    )
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert [bool(s.get("skipped")) for s in outcome["steps"]] == [True] * 5
    assert (copy / "corpus" / "data.dvc").read_text() == before


def test_renamed_files_and_a_night_in_two_parts_give_the_same_knowledge(
    sample_folder: Path, home: Path, tmp_path: Path
) -> None:
    """Curation first, publications a night later, under other file names: the digest is the same."""
    moved = tmp_path / "moved"
    for night in NIGHTS:
        shutil.copytree(sample_folder / night, moved / night)
    for path in sorted((moved / NIGHTS[0] / "articles").glob("*.xml")):
        path.rename(path.with_name(f"x-{path.name}"))
    other = tmp_path / "home"
    first = options(moved, NIGHTS[0])
    run_steps(other, {"date": NIGHTS[0], "curation": first["curation"]}, STEPS)
    late = {"date": NIGHTS[0], "articles": first["articles"]}
    words = [w for k, v in late.items() for w in (f"--{k}", v)]
    run_nightcap("run", "nightly_corpus", "--home", str(other), "--config", "demo", *words)
    for night in NIGHTS[1:]:
        run_steps(other, options(moved, night), STEPS)
    tags = [m["tag"] for m in CorpusRepo(settings.load({}, other)).manifests()]
    assert tags == ["corpus/2026-11-18", "corpus/2026-11-18.1", "corpus/2026-11-19", "corpus/2026-11-20"]
    assert digest(other) == digest(home)


def test_maintenance_rebuilds_an_old_version_from_the_remotes_alone(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home, copy, symlinks=True)
    shutil.rmtree(copy / "corpus" / ".dvc" / "cache")
    verified = []
    for _ in NIGHTS:
        done = run_nightcap("run", "maintenance", "--home", str(copy), "--json")
        verified.append(json.loads(done.stdout.splitlines()[-1])["steps"][0]["uri"])
    assert verified == [f"corpus/{night}" for night in NIGHTS]


def test_a_corrupt_object_on_the_remote_is_noticed(home: Path, tmp_path: Path, nightcap: list[str]) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home, copy, symlinks=True)
    listing = CorpusRepo(settings.load({}, copy)).file_list()
    md5 = listing["figures/night=2026-11-18/part-0.parquet"]
    victim = copy / "remotes" / "dvc" / "files" / "md5" / md5[:2] / md5[2:]
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes() + b"x")
    done = subprocess.run(
        [*nightcap, "corpus", "verify", "--home", str(copy)], capture_output=True, text=True, check=False
    )
    assert done.returncode in (3, 4), done.stdout
    assert "is valid" not in done.stdout
