"""The night on real input: every readable article and every Bio-ID file, the same night again, the next one."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from killing import run_nightcap, run_steps

pytestmark = [pytest.mark.shared, pytest.mark.timeout(5400)]
STEPS = ["pull", "parse", "check", "freeze", "close"]
REJECTED = {
    "empty_file": 1, "not_well_formed": 1, "unknown_format": 1, "undeclared_prefix": 3, "no_identity": 1,
}  # fmt: skip


def real(shared_data: Path, date: str = "2026-11-20") -> dict[str, str]:
    return {
        "date": date, "articles": str(shared_data / "articles"), "curation": str(shared_data / "corpora" / "bioid"),
    }  # fmt: skip


def words(options: dict[str, str]) -> list[str]:
    return [w for k, v in options.items() for w in (f"--{k}", v)]


def rows(home: Path, name: str) -> list[dict[str, Any]]:
    found = sorted(home.glob(name))
    return [json.loads(line) for path in found for line in path.read_text().splitlines()]


def ask(home: Path, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run_nightcap("sql", query, "--format", "json", "--home", str(home)).stdout)
    return found


@pytest.fixture(scope="module")
def home(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one real night, published without models."""
    home = tmp_path_factory.mktemp("real") / "home"
    run_steps(home, real(shared_data), STEPS, config="nightly")
    run_nightcap("run", "reload_predictions", "--home", str(home))
    return home


def test_every_readable_article_and_every_annotation_is_there(home: Path) -> None:
    publication = "from figures join documents using (doc_id) where kind = 'publication'"
    # 2,395 in the 303 articles; 48 in the readable files of special/, less 4 of an addendum that is there twice,
    # 2 of a copy that differs by its DOCTYPE, and 2 of an older revision that is not current
    assert ask(home, f"select count(*) as n, count(legend) as with_legend {publication}") == [
        {"n": 2395 + 48 - 8, "with_legend": 2385 + 48 - 8}
    ]
    assert ask(home, "select count(*) as n from documents where kind = 'publication'") == [{"n": 303 + 54 - 3}]
    accounts = {(r["stage"], r["unit"]): r for r in rows(home, "reports/nights/*/accounting.jsonl")}
    annotations = accounts["parse", "annotation"]
    assert annotations["n_in"] == 96_829
    assert annotations["valid"] >= 0.95 * 96_829
    assert accounts["freeze", "annotation"]["valid"] == annotations["valid"]
    for r in accounts.values():
        assert r["n_in"] == r["valid"] + r["quarantined"] + r["duplicate"] + r["unchanged"] + r["ignored"], r


def test_unreadable_files_are_in_quarantine_with_a_reason(home: Path) -> None:
    found = ask(home, "select reason, count(*) as n from quarantine group by 1")
    assert {r["reason"]: r["n"] for r in found} == REJECTED
    assert all(r["message"] for r in rows(home, "quarantine/2*.jsonl"))


def test_offsets_hold(home: Path) -> None:
    check = "select count(*) as n from annotations a join figures f using (figure_id) where not a.is_floating and "
    assert ask(home, check + "substring(f.legend, a.start_offset + 1, a.end_offset - a.start_offset) <> a.text") == [
        {"n": 0}
    ]


def test_again_and_the_next_date(home: Path, shared_data: Path, tmp_path: Path) -> None:
    before = (home / "corpus" / "data.dvc").read_text()
    again = run_nightcap("run", "nightly_corpus", *words(real(shared_data)), "--home", str(home), "--json")
    steps = json.loads(again.stdout.splitlines()[-1])["steps"]
    assert all(s.get("skipped") for s in steps)
    assert (home / "corpus" / "data.dvc").read_text() == before

    changed = tmp_path / "articles"
    changed.mkdir()
    for path in sorted((shared_data / "articles" / "plain").glob("*.xml"))[:10]:
        text = path.read_text()
        (changed / path.name).write_text(text.replace("</article-title>", " (changed)</article-title>", 1))
    options = {"date": "2026-11-21", "articles": str(changed)}
    done = run_nightcap("run", "nightly_corpus", *words(options), "--home", str(home), "--json")
    outcome = json.loads(done.stdout.splitlines()[-1])
    frozen = next(s for s in outcome["steps"] if s["step"] == "freeze")
    assert frozen["counts"]["documents"] == 10
    assert "annotations" not in frozen["counts"]
    run_nightcap("corpus", "verify", "--home", str(home))


def test_one_epoch_on_forty_articles(shared_data: Path, tmp_path: Path) -> None:
    """The training path on real text, small: select, train, score and gate, and a champion that serves."""
    curation = tmp_path / "bioid"
    curation.mkdir()
    with tarfile.open(shared_data / "corpora" / "bioid" / "caption_bioc.tar.gz") as archive:
        members = sorted((m for m in archive if m.name.endswith(".xml")), key=lambda m: m.name)[:40]
        for member in members:
            stream = archive.extractfile(member)
            assert stream is not None
            (curation / Path(member.name).name).write_bytes(stream.read())
    environ = {
        "NIGHTCAP_BENCHMARK__MIN_DOCUMENTS": "3", "NIGHTCAP_BENCHMARK__MIN_SPANS": "50",
        "NIGHTCAP_TRAIN__PROFILE": "demo", "NIGHTCAP_TRAIN__TASKS": '["ner"]', "NIGHTCAP_TRAIN__ENCODER": "compact",
        "NIGHTCAP_TRAIN__MAX_MINUTES_PER_MODEL": "0.2",
    }  # fmt: skip
    home = tmp_path / "home"
    options = {"date": "2026-11-20", "curation": str(curation)}
    done = run_nightcap("night", *words(options), "--config", "nightly", "--home", str(home), "--json", environ=environ)
    steps = {s["step"]: s for s in json.loads(done.stdout.splitlines()[-1])["steps"]}
    assert "ner crf dev F1" in steps["train"]["message"]
    assert "ner encoder dev F1" in steps["train"]["message"]
    scores = ask(
        home, "select tagger, f1, f1_low, f1_high from model_scores where split = 'benchmark' and label = 'micro'"
    )
    assert {s["tagger"] for s in scores} == {"encoder", "crf", "dictionary"}
    assert all(0 <= s["f1_low"] <= s["f1"] <= s["f1_high"] <= 1 for s in scores)
    assert max(s["f1"] for s in scores if s["tagger"] == "crf") > 0.3
    assert ask(home, "select count(*) as n from mentions")[0]["n"] > 100


@pytest.mark.full
def test_the_whole_night_meets_its_bars(shared_data: Path, tmp_path: Path) -> None:
    """Everything, with models at full size: under an hour, under 6 GiB, and the scores that were promised."""
    home = tmp_path / "home"
    done = run_nightcap(
        "night", *words(real(shared_data)), "--config", "nightly", "--home", str(home), "--json", timeout_s=5000
    )
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["exit_code"] == 0
    scores = ask(
        home,
        "select task, tagger, f1 from model_scores "
        "where split = 'benchmark' and label = 'micro' and benchmark_version = 1",
    )
    best = {(s["task"], s["tagger"]): s["f1"] for s in scores}
    assert best["ner", "encoder"] >= 0.70
    assert max(best["ner", "crf"], best["ner", "encoder"]) >= 0.78
    [mention] = ask(home, "select mention_id from mentions limit 1")
    trace = json.loads(run_nightcap("trace", mention["mention_id"], "--json", "--home", str(home)).stdout)
    assert {"raw_sha256", "source", "delivery_id", "corpus_version", "model_version", "run_id"} <= set(trace)
    shutil.rmtree(home)
