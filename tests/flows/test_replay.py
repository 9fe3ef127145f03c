"""Replays: what a rule rejected and accepts today enters the corpus once, whatever was killed meanwhile."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from killing import run_nightcap, run_steps

from pipelines.corpus.index import Index
from pipelines.feedback.step import read_issues
from pipelines.settings import load

NIGHT = "2026-11-19"


def replay(home: Path, *args: str, code: int = 0) -> dict[str, Any]:
    command = [sys.executable, "-m", "pipelines", "quarantine", "replay", *args, "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return dict(json.loads(done.stdout)) if code == 0 else {"error": done.stderr}


def digest(home: Path) -> str:
    done = run_nightcap("corpus", "digest", "--json", "--home", str(home))
    return str(json.loads(done.stdout.splitlines()[-1])["digest"])


def reject_as_an_older_rule(home: Path) -> str:
    """Take one annotation out of what check passed on, and put it in quarantine, as a stricter rule had done it."""
    check = home / "staging" / NIGHT / "check"
    rows = pq.read_table(check / "annotations.parquet")
    bad = rows.filter(pc.equal(rows["is_floating"], False)).slice(3, 1)
    key = bad["annotation_id"][0].as_py()
    pq.write_table(rows.filter(pc.not_equal(rows["annotation_id"], key)), check / "annotations.parquet")
    row = bad.to_pylist()[0]
    issue = {
        "issue_id": "feedfeedfeedfeed", "night": NIGHT, "source": "curation", "unit": "annotation",
        "reason": "rule_failed", "message": "too strict", "name": _name(home, row["raw_sha256"]), "locator": key,
        "delivery_id": row["delivery_id"], "raw_sha256": row["raw_sha256"], "rule": "annotations.gone",
        "rule_version": "1", "payload": json.dumps(row, default=str),
    }  # fmt: skip
    with (home / "quarantine" / f"{NIGHT}.jsonl").open("a") as file:
        file.write(json.dumps(issue) + "\n")
    return str(row["figure_id"])


def _name(home: Path, sha: str) -> str:
    files: pa.Table = pq.read_table(home / "staging" / NIGHT / "parse" / "files.parquet")
    return next(str(f["name"]) for f in files.to_pylist() if f["raw_sha256"] == sha)


def states(home: Path) -> dict[str, str]:
    return {i.issue_id: i.status for i in read_issues(load({}, home, "demo"))}


@pytest.fixture(scope="module")
def undisturbed(
    before_second_freeze: Path, small_nights: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Digest of the two nights when nothing was rejected too strictly."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(before_second_freeze, home, symlinks=True)
    run_steps(home, small_nights[1], ["pull", "freeze", "close"])
    return digest(home)


@pytest.fixture
def home(before_second_freeze: Path, small_nights: list[dict[str, str]], tmp_path: Path) -> Path:
    home = tmp_path / "home"
    shutil.copytree(before_second_freeze, home, symlinks=True)
    reject_as_an_older_rule(home)
    run_steps(home, small_nights[1], ["pull", "freeze", "close"])
    return home


def test_a_replay_brings_in_what_is_valid_now_and_nothing_else(home: Path, undisturbed: str) -> None:
    before = states(home)
    assert (set(before.values()), digest(home) == undisturbed) == ({"open"}, False)
    assert replay(home, "--all", "--dry-run")["runs"][0]["run"] is None
    said = replay(home, "--all")
    assert (said["fixed"], said["runs"][0]["run"]) == (["feedfeedfeedfeed"], f"{NIGHT}.1")
    assert digest(home) == undisturbed
    after = states(home)
    assert {k for k, v in after.items() if v == "fixed"} == {"feedfeedfeedfeed"}
    assert after.keys() == before.keys()
    again = replay(home, "--all")
    assert (again["fixed"], [r["is_done"] for r in again["runs"]]) == ([], [True])
    assert states(home) == after
    index = Index(home / "index" / "index.db")
    kept, seq = index.fingerprint(), index.seq
    index.close()
    assert seq == 3
    (home / "index" / "index.db").unlink()
    replay(home, "feed", code=2)  # fixed: nothing to replay
    run_nightcap("run", "nightly_corpus", "--only", "freeze", "--run", f"{NIGHT}.1", "--force", "--home", str(home))
    rebuilt = Index(home / "index" / "index.db")
    assert rebuilt.fingerprint() == kept


def test_a_replay_that_was_killed_is_gone_on_with(home: Path, undisturbed: str) -> None:
    from pipelines.flows.replay import open_run, plan

    settings = load({}, home, "demo")
    (found, _), *_ = plan([i for i in read_issues(settings) if i.issue_id.startswith("feed")], settings)
    key = open_run(settings, found)
    for step in ("pull", "parse", "check", "freeze"):  # and killed before close
        run_nightcap("run", "nightly_corpus", "--only", step, "--run", key, "--home", str(home))
    assert states(home)["feedfeedfeedfeed"] == "open"
    said = replay(home, "feedfeed")
    assert (said["fixed"], said["runs"][0]["run"], digest(home)) == (["feedfeedfeedfeed"], key, undisturbed)


def test_what_was_withdrawn_is_not_brought_back(home: Path) -> None:
    delivery = next(i.delivery_id for i in read_issues(load({}, home, "demo")) if i.issue_id.startswith("feed"))
    run_nightcap("corpus", "withdraw", delivery, "--why", "wrong file", "--home", str(home))
    assert "withdrawn" in replay(home, "feedfeed", code=2)["error"]
    assert "feedfeedfeedfeed" not in replay(home, "--all")["fixed"]
