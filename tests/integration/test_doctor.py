"""`nightcap doctor`: what is ill is named with what to do, what is well stays as it was, and nothing is made."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from s3_server import ACCESS, free_port, serve_s3

from pipelines.cli import checks, checks_home, doctor
from pipelines.cli.checks import Check
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.state import Hold, open_state
from pipelines.settings import Settings, load

PARTS = ("landing", "staging", "quarantine", "predictions", "reports")


def settings_of(home: Path, **environ: str) -> Settings:
    return load({f"NIGHTCAP_{k}": v for k, v in environ.items()}, home, "demo")


def lines(step: Callable[[Settings], Iterator[Check]], settings: Settings) -> dict[str, Check]:
    return {c.name: c for c in step(settings)}


def test_a_machine_without_a_home_is_examined_and_nothing_is_made(nightcap: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [*nightcap, "doctor", "--json", "--home", str(home)], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout.splitlines()[-1])
    states = {c["name"]: c["state"] for c in report["checks"]}
    assert done.returncode == report["exit_code"] == (3 if report["fail"] else 0)
    assert states["python"] == states["git"] == states["dvc"] == "ok"
    assert states["home"] == states["source deposit"] == "warn"
    assert report["ok"] + report["warn"] + report["fail"] == len(report["checks"])
    assert all(c["advice"] for c in report["checks"] if c["state"] != "ok")
    assert not home.exists()


def test_pins_are_compared_by_normal_name() -> None:
    assert checks.read_pins("Great_Expectations==1.2\n# x==1\nlxml==6.1 ; python_version > '3'\nfree\n") == {
        "great-expectations": "1.2", "lxml": "6.1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("states", "code"),
    [([], 0), ([("warn", False)], 0), ([("fail", True)], 4), ([("fail", True), ("fail", False)], 3)],
)
def test_the_exit_code_says_whether_waiting_may_help(states: list[tuple[str, bool]], code: int) -> None:
    assert doctor.exit_code([Check("x", s, "", "", t) for s, t in states]) == code


def test_a_check_that_breaks_is_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text("no JSON")
    settings = settings_of(tmp_path.parent)
    broken = dataclasses.replace(settings, root=tmp_path)
    steps = {"home": checks_home.check_home, "state": checks_home.check_state}
    found = {c.name: c for c in doctor.examine(broken, say=lambda _: None, steps=steps)}
    assert found["home"].state == "fail"
    assert "JSONDecodeError" in found["home"].message
    assert found["state"].state == "ok"


def test_a_home_for_other_data_is_named(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"config":"nightly","data_kind":"real"}')
    check = lines(checks_home.check_home, settings_of(tmp_path))["home"]
    assert check.state == "fail"
    assert "--config nightly" in check.advice


def test_local_parts_are_probed_and_left_as_they_were(tmp_path: Path) -> None:
    for part in PARTS[:3]:
        (tmp_path / part).mkdir()
    (tmp_path / "reports").write_text("a file where a folder should be")
    found = lines(checks_home.check_parts, settings_of(tmp_path))
    assert [found[p].state for p in PARTS] == ["ok", "ok", "ok", "ok", "fail"]
    assert "not made yet" in found["predictions"].message
    assert not any(list((tmp_path / part).iterdir()) for part in PARTS[:3])
    assert not (tmp_path / "predictions").exists()


def test_parts_on_s3_are_probed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    with serve_s3(tmp_path / "s3", "nightcap") as endpoint:
        environ = {"S3__ENDPOINT_URL": endpoint, "STORAGE__LANDING": "s3://nightcap/landing",
                   "STORAGE__STAGING": "s3://absent/staging"}  # fmt: skip
        found = lines(checks_home.check_parts, settings_of(tmp_path / "home", **environ))
        assert found["landing"].state == "ok"
        assert found["staging"].state == "fail"
        assert not found["staging"].is_transient
        assert not [p for p in (tmp_path / "s3").rglob("*") if p.is_file()]
    found = lines(checks_home.check_parts, settings_of(tmp_path / "home", **environ))
    assert [found[p].is_transient for p in ("landing", "staging")] == [True, True]
    assert "not tried" in found["staging"].message, "one dead server is waited for once"


def freeze(settings: Settings) -> CorpusRepo:
    """A version with one file, as freeze leaves it."""
    repo = CorpusRepo(settings)
    repo.open()
    relpath = "documents/night=2026-11-18/part-0.parquet"
    repo.write_files({relpath: b"rows"})
    repo.add_files([relpath])
    repo.write_manifest({"seq": 1, "tag": "corpus/2026-11-18", "files": [{"path": relpath}]})
    repo.push_data([relpath])
    repo.commit("one")
    repo.tag("corpus/2026-11-18")
    repo.push("corpus/2026-11-18")
    return repo


def test_corpus_remotes_are_compared_with_the_clone(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert lines(checks_home.check_corpus, settings)["corpus"].state == "ok"
    repo = freeze(settings)
    assert {n: c.state for n, c in lines(checks_home.check_corpus, settings).items()} == {
        "corpus git": "ok", "corpus files": "ok",
    }  # fmt: skip
    (md5,) = repo.file_list().values()
    (Path(repo.dvc_remote) / "files/md5" / md5[:2] / md5[2:]).unlink()
    repo.tag("corpus/2026-11-19")
    found = lines(checks_home.check_corpus, settings)
    assert "lacks 1 of 1 files" in found["corpus files"].message
    assert "dvc push" in found["corpus files"].advice
    assert found["corpus git"].state == "warn"
    Path(repo.git_remote).rename(tmp_path / "gone")
    lost = lines(checks_home.check_corpus, settings)["corpus git"]
    assert (lost.state, lost.is_transient) == ("fail", True)


def test_the_state_database_and_its_holds_are_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert "not made yet" in lines(checks_home.check_state, settings)["state"].message
    assert not (tmp_path / "state.db").exists()
    open_state(settings).set_hold(Hold("corpus", "Ann", "a bad delivery", dt.date(2026, 12, 1), ""))
    found = lines(checks_home.check_state, settings)
    assert found["state"].state == "ok"
    assert "Ann until 2026-12-01: a bad delivery" in found["hold"].message
    wrong = settings_of(tmp_path, STORAGE__STATE="no address")
    assert lines(checks_home.check_state, wrong)["state"].state == "fail"


def test_an_mlflow_server_that_is_down_is_found_out_at_once(tmp_path: Path) -> None:
    uri = f"http://ann:secret@127.0.0.1:{free_port()}"
    check = lines(checks_home.check_mlflow, settings_of(tmp_path, STORAGE__MLFLOW=uri))["mlflow"]
    assert (check.state, check.is_transient) == ("fail", True)
    assert "secret" not in check.message


def test_sources_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "one"
    folder.mkdir(parents=True)
    (folder / "delivery.toml").write_text("")
    (folder / "a.zip").write_bytes(b"")
    environ = {"SOURCES__CURATION__LOCATION": str(tmp_path / "in"), "SOURCES__DEPOSIT__LOCATION": "/nowhere"}
    found = lines(checks_home.check_sources, settings_of(tmp_path / "home", **environ))
    assert found["source curation"].message.endswith("2 files in 1 folders, 1 archives, 1 with delivery.toml")
    assert (found["source deposit"].state, found["source deposit"].is_transient) == ("fail", True)
