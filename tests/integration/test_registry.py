"""The gate step on a real MLflow registry (SQLite, and once a server): register, decide, move, stay put."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gate_world import MD5, make_run, write_candidate, write_scores

from pipelines.clients import mlflow_client, model_registry
from pipelines.clients.state import Hold, open_state
from pipelines.core.tables import load_tables
from pipelines.errors import PermanentError, TransientError
from pipelines.registry.alias import write_fingerprints
from pipelines.registry.step import run
from pipelines.settings import Settings, load

pytestmark = pytest.mark.filterwarnings("ignore")
TASK = "ner"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without a model, made once: the migrations take seconds."""
    settings = load({}, tmp_path_factory.mktemp("mlflow"), "demo")
    mlflow_client.open_client(settings).search_registered_models()
    return settings.path("mlflow", "mlflow.db")


@pytest.fixture
def home(tmp_path: Path, empty_database: Path) -> Settings:
    settings = load({}, tmp_path / "home", "demo")
    settings.path("mlflow").mkdir(parents=True)
    shutil.copy(empty_database, settings.path("mlflow", "mlflow.db"))
    return settings


def first_night(home: Settings, key: str = "2026-01-01") -> str:
    """A first run with a crf and an encoder; returns the fingerprint of its champion."""
    write_candidate(home, key, TASK, "crf", fingerprint="a" * 64, dev_f1=0.81)
    write_candidate(home, key, TASK, "encoder", fingerprint="b" * 64, dev_f1=0.78)
    write_scores(
        home, key, TASK,
        {"crf": ("crf", "a" * 64, 0.80), "encoder": ("encoder", "b" * 64, 0.77), "dictionary": ("dictionary", "", 0.5)},
    )  # fmt: skip
    assert run(home, make_run(key)).extra["promoted"] == [TASK]
    return "a" * 64


def next_night(home: Settings, key: str, *, fingerprint: str, quality: float, champion: tuple[str, float]) -> None:
    write_candidate(home, key, TASK, "crf", fingerprint=fingerprint, dev_f1=0.8)
    write_scores(
        home, key, TASK,
        {"crf": ("crf", fingerprint, quality), "champion": ("crf", *champion), "dictionary": ("dictionary", "", 0.5)},
    )  # fmt: skip


def test_the_first_run_registers_all_candidates_and_promotes_the_better_on_dev(home: Settings) -> None:
    first_night(home)
    rows = {str(r["tagger"]): r for r in model_registry.list_versions(home)}
    columns = {c.name for c in load_tables("out")["model_versions"].columns}
    assert all(set(r) == columns for r in rows.values())
    assert rows["crf"]["alias"] == "champion"
    assert rows["crf"]["model_name"] == "synthetic-ner"
    assert rows["encoder"]["alias"] is None
    assert str(rows["crf"]["decision"]).startswith("promoted: first champion")
    assert "better on dev" in str(rows["encoder"]["decision"])
    assert rows["crf"]["f1"] == pytest.approx(0.80, abs=0.02)
    decision = json.loads(home.path("runs", "retrain_tagger", "2026-01-01", "decision.json").read_text())
    assert decision["tasks"][TASK]["promote"] is True
    assert decision["tasks"][TASK]["f1"]["dictionary"]["f1"] == pytest.approx(0.5, abs=0.05)


def test_scores_hold_models_baselines_and_dev_in_the_columns_of_the_table(home: Settings) -> None:
    first_night(home)
    rows = model_registry.list_scores(home)
    columns = {c.name: c for c in load_tables("out")["model_scores"].columns}
    for row in rows:
        assert set(row) == set(columns)
        assert all(row[name] is not None for name, c in columns.items() if not c.is_nullable)
    micro = {(r["tagger"], r["split"]): r for r in rows if r["label"] == "micro"}
    assert set(micro) == {
        ("crf", "benchmark"), ("encoder", "benchmark"), ("dictionary", "benchmark"), ("crf", "dev"), ("encoder", "dev"),
    }  # fmt: skip
    assert micro["dictionary", "benchmark"]["model_version"] == "dictionary"
    crf = micro["crf", "benchmark"]
    assert crf["model_version"] == model_registry.champion(home, TASK).version  # type: ignore[union-attr]
    assert crf["f1_low"] < crf["f1"] < crf["f1_high"]  # type: ignore[operator]
    assert {r["label"] for r in rows if r["tagger"] == "crf" and r["split"] == "benchmark"} == {
        "micro",
        "GENEPROD",
        "TISSUE",
    }


def test_a_rerun_registers_nothing_and_says_the_same(home: Settings) -> None:
    first_night(home)
    before, scores = model_registry.list_versions(home), model_registry.list_scores(home)
    again = run(home, make_run("2026-01-01"))
    assert again.extra["promoted"] == [TASK]
    assert again.skipped is None
    assert model_registry.list_versions(home) == before
    assert model_registry.list_scores(home) == scores
    client = mlflow_client.open_client(home)
    runs = client.search_runs([mlflow_client.experiment_id(home, client)])
    assert len(runs) == 3


def test_killed_after_the_alias_moved_and_run_again_it_still_says_promoted(home: Settings) -> None:
    old = first_night(home)
    next_night(home, "2026-01-02", fingerprint="c" * 64, quality=0.9, champion=(old, 0.80))
    run(home, make_run("2026-01-02"))
    home.path("runs", "retrain_tagger", "2026-01-02", "decision.json").unlink()
    again = run(home, make_run("2026-01-02"))
    assert again.extra["promoted"] == [TASK]
    champion = model_registry.champion(home, TASK)
    assert champion is not None
    assert champion.fingerprint == "c" * 64


def test_an_equal_or_worse_challenger_leaves_the_champion(home: Settings) -> None:
    old = first_night(home)
    for key, quality in (("2026-01-02", 0.801), ("2026-01-03", 0.6)):
        next_night(home, key, fingerprint=key[-1] * 64, quality=quality, champion=(old, 0.80))
        result = run(home, make_run(key))
        assert result.skipped is not None
        assert result.skipped.startswith("not promoted: ner")
        assert result.extra["promoted"] == []
    champion = model_registry.champion(home, TASK)
    assert champion is not None
    assert champion.fingerprint == old
    challenger = model_registry.find_alias(home, TASK, "challenger")
    assert challenger is not None
    assert challenger.fingerprint == "3" * 64


def test_the_same_model_again_is_neither_registered_nor_promoted(home: Settings) -> None:
    old = first_night(home)
    next_night(home, "2026-01-02", fingerprint=old, quality=0.80, champion=(old, 0.80))
    result = run(home, make_run("2026-01-02"))
    assert result.skipped
    assert len(model_registry.list_versions(home)) == 2


def test_without_a_benchmark_nothing_is_promoted(home: Settings) -> None:
    write_candidate(home, "k", TASK, "crf", fingerprint="a" * 64, dev_f1=0.9)
    result = run(home, make_run("k"))
    assert "no benchmark yet" in str(result.skipped)
    assert [r["alias"] for r in model_registry.list_versions(home)] == ["challenger"]
    assert {r["split"] for r in model_registry.list_scores(home)} == {"dev"}


def test_without_candidates_the_step_is_skipped_and_no_database_is_made(tmp_path: Path) -> None:
    home = load({}, tmp_path, "demo")
    assert run(home, make_run("k")).skipped == "no candidates: nothing was trained"
    assert model_registry.list_versions(home) == []
    assert not home.path("mlflow").exists()


def test_a_rule_that_wins_leaves_no_champion(home: Settings) -> None:
    write_candidate(home, "k", "panelization", "crf", fingerprint="a" * 64, dev_f1=0.9)
    write_scores(home, "k", "panelization", {"crf": ("crf", "a" * 64, 0.7), "rule": ("rule", "", 0.95)})
    assert "the rule serves" in str(run(home, make_run("k")).skipped)
    assert model_registry.champion(home, "panelization") is None


def test_what_came_after_the_champion_is_scored_and_decides_nothing(home: Settings) -> None:
    first_night(home)
    champion = model_registry.champion(home, TASK)
    assert champion is not None
    write_candidate(home, "2026-01-02", TASK, "crf", fingerprint="e" * 64, dev_f1=0.8)
    stated = {"crf": ("crf", "e" * 64, 0.8), "champion": ("crf", champion.fingerprint, 0.8)}
    write_scores(home, "2026-01-02", TASK, {**stated, "dictionary": ("dictionary", "", 0.5)}, fresh=0.3)
    run(home, make_run("2026-01-02"))
    rows = [r for r in model_registry.list_scores(home) if r["split"] == "fresh"]
    assert {(r["model_version"], r["corpus_version"], r["benchmark_version"]) for r in rows} == {
        (champion.version, "corpus/2026-01-02", 0)
    }
    assert next(r["f1"] for r in rows if r["label"] == "micro") == pytest.approx(0.3, abs=0.03)
    after = model_registry.champion(home, TASK)
    assert after is not None
    assert (after.version, after.tags["benchmark_version"]) == (champion.version, "1")
    assert float(after.tags["benchmark_f1"]) == pytest.approx(0.8, abs=0.03)


def test_a_hold_keeps_the_champion_until_its_day(home: Settings) -> None:
    old = first_night(home)
    state = open_state(home)
    state.set_hold(Hold("model:ner", "Ann", "odd tissue tags", dt.date(2999, 1, 1), ""))
    next_night(home, "2026-01-02", fingerprint="c" * 64, quality=0.9, champion=(old, 0.80))
    held = run(home, make_run("2026-01-02"))
    assert "held by Ann until 2999-01-01" in str(held.skipped)
    state.set_hold(Hold("model:ner", "Ann", "odd tissue tags", dt.date(2026, 1, 1), ""))
    assert run(home, make_run("2026-01-02")).extra["promoted"] == [TASK]


def test_a_rolled_back_model_is_not_promoted_again(home: Settings) -> None:
    old = first_night(home)
    next_night(home, "2026-01-02", fingerprint="c" * 64, quality=0.9, champion=(old, 0.80))
    state = open_state(home)
    state.set_hold(Hold("model:ner", "Ann", "bad", dt.date(2026, 1, 1), write_fingerprints(["c" * 64])))
    assert "rolled back before" in str(run(home, make_run("2026-01-02")).skipped)
    state.release_hold("model:ner")
    version = model_registry.find_by_fingerprint(home, TASK, "c" * 64)
    assert version is not None
    model_registry.tag_version(home, TASK, version.version, {"rolled_back": "by Ann"})
    assert "rolled back before" in str(run(home, make_run("2026-01-02")).skipped)


def test_a_champion_that_changed_since_scoring_is_not_replaced(home: Settings) -> None:
    first_night(home)
    next_night(home, "2026-01-02", fingerprint="c" * 64, quality=0.9, champion=("b" * 64, 0.77))
    assert "changed after it was scored" in str(run(home, make_run("2026-01-02")).skipped)


def test_a_barred_champion_yields_to_an_equal_one(home: Settings) -> None:
    old = first_night(home)
    write_candidate(home, "2026-01-02", TASK, "crf", fingerprint="c" * 64, dev_f1=0.8)
    taggers = {"crf": ("crf", "c" * 64, 0.80), "champion": ("crf", old, 0.80), "dictionary": ("dictionary", "", 0.5)}
    write_scores(home, "2026-01-02", TASK, taggers, barred="trained on 10.1/003, now retracted")
    assert run(home, make_run("2026-01-02")).extra["promoted"] == [TASK]


@pytest.mark.parametrize("stated", ["synthetic", "unknown"])
def test_a_real_home_refuses_a_candidate_of_other_data(tmp_path: Path, stated: str) -> None:
    real = load({}, tmp_path, "nightly")
    write_candidate(real, "k", TASK, "crf", fingerprint="a" * 64, dev_f1=0.9, data_kind=stated)
    with pytest.raises(PermanentError, match=f"trained on {stated} data"):
        run(real, make_run("k"))
    assert model_registry.list_versions(real) == []


def test_a_model_that_was_not_scored_is_an_error_not_a_champion(home: Settings) -> None:
    write_candidate(home, "k", TASK, "crf", fingerprint="a" * 64, dev_f1=0.9)
    write_scores(home, "k", TASK, {"crf": ("crf", "f" * 64, 0.9)})
    with pytest.raises(PermanentError, match="was not scored"):
        run(home, make_run("k"))
    assert model_registry.champion(home, TASK) is None


def test_the_download_is_what_was_registered_or_nothing(home: Settings) -> None:
    first_night(home)
    version = model_registry.champion(home, TASK)
    assert version is not None
    source = home.path("runs", "retrain_tagger", "2026-01-01", "candidates", TASK, "crf")
    folder = model_registry.download(home, TASK, version.version)
    assert model_registry.weights_hash(folder) == model_registry.weights_hash(source) == version.weights_sha256
    (folder / "model.crfsuite").write_bytes(b"changed in the cache")
    assert model_registry.weights_hash(model_registry.download(home, TASK, version.version)) == version.weights_sha256
    (folder / "model.crfsuite").write_bytes(b"changed in the cache")
    stored = next(home.path("mlflow", "artifacts").rglob("tagger.json"))
    for weights in home.path("mlflow", "artifacts").rglob("model.crfsuite"):
        weights.write_bytes(b"changed in the store")
    assert stored.is_file()
    with pytest.raises(PermanentError, match="not those that were registered"):
        model_registry.download(home, TASK, version.version)


def test_the_corpus_is_the_input_of_the_training_run(home: Settings) -> None:
    first_night(home)
    version = model_registry.champion(home, TASK)
    assert version is not None
    found = mlflow_client.open_client(home).get_run(version.run_id)
    dataset = found.inputs.dataset_inputs[0].dataset
    assert (dataset.name, dataset.digest) == ("corpus/2026-01-01", MD5)
    assert found.data.metrics["dev_micro_f1"] == pytest.approx(0.81)
    assert found.data.params["input.seed"] == "42"
    description = mlflow_client.open_client(home).get_model_version(version.name, version.version).description
    assert "corpus/2026-01-01" in description


def test_a_run_that_was_logged_but_not_registered_is_taken_up(home: Settings) -> None:
    first_night(home)
    client = mlflow_client.open_client(home)
    version = model_registry.find_by_fingerprint(home, TASK, "b" * 64)
    assert version is not None
    client.delete_model_version(version.name, version.version)
    run(home, make_run("2026-01-01"))
    again = model_registry.find_by_fingerprint(home, TASK, "b" * 64)
    assert again is not None
    assert again.run_id == version.run_id


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}",
        "--artifacts-destination", str(tmp_path / "store"),
    ]  # fmt: skip
    env = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path,
                               start_new_session=True)  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).read()
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def test_the_same_against_a_server(tmp_path: Path, server: str) -> None:
    home = load({"NIGHTCAP_STORAGE__MLFLOW": server}, tmp_path / "home", "demo")
    first_night(home)
    version = model_registry.champion(home, TASK)
    assert version is not None
    assert version.fingerprint == "a" * 64
    assert model_registry.weights_hash(model_registry.download(home, TASK, version.version)) == version.weights_sha256
    assert len(model_registry.list_scores(home)) == 13
    assert not home.path("mlflow", "artifacts").exists()


def test_a_server_that_does_not_answer_is_transient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    home = load({"NIGHTCAP_STORAGE__MLFLOW": "http://127.0.0.1:9"}, tmp_path, "demo")
    with pytest.raises(TransientError, match="model registry at http://127"):
        model_registry.versions(home, TASK)
