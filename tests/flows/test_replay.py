"""Replays: what a rule rejected and accepts today enters the corpus once, whatever was killed meanwhile."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from killing import run_nightcap, run_steps

from pipelines.cli import replay as replays
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.corpus.compare.step import compute_digest
from pipelines.corpus.index import Index
from pipelines.corpus.step import bring_forward
from pipelines.errors import UsageError
from pipelines.feedback.replay import choose_issues
from pipelines.feedback.step import read_issues
from pipelines.flows.execute import execute
from pipelines.flows.replay import open_run, plan, read_withdrawn
from pipelines.settings import Settings, load

NIGHT, PLANTED = "2026-11-19", "feedfeedfeedfeed"


def settings_of(home: Path) -> Settings:
    return load({}, home, "demo")


def replay(home: Path, *identifiers: str, is_dry: bool = False) -> dict[str, Any]:
    """`nightcap quarantine replay ID…`, or --all without an id; the steps are children all the same."""
    return replays.replay(settings_of(home), identifiers, None, everything=not identifiers, is_dry=is_dry)


def digest(home: Path) -> str:
    return compute_digest(settings_of(home), CorpusRepo(settings_of(home)).files())


def reject_as_an_older_rule(home: Path) -> str:
    """Take one annotation out of what check passed on, and put it in quarantine, as a stricter rule had done it."""
    check = home / "staging" / NIGHT / "check"
    rows = pq.read_table(check / "annotations.parquet")
    bad = rows.filter(pc.equal(rows["is_floating"], False)).slice(3, 1)
    key = bad["annotation_id"][0].as_py()
    pq.write_table(rows.filter(pc.not_equal(rows["annotation_id"], key)), check / "annotations.parquet")
    row = bad.to_pylist()[0]
    issue = {
        "issue_id": PLANTED, "night": NIGHT, "source": "curation", "unit": "annotation",
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
    return {i.issue_id: i.status for i in read_issues(settings_of(home))}


@pytest.fixture(scope="module")
def undisturbed(
    before_second_freeze: Path, small_nights: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Digest of the two nights when nothing was rejected too strictly."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(before_second_freeze, home, symlinks=True)
    run_steps(home, small_nights[1], ["pull", "freeze"])
    return digest(home)


@pytest.fixture(scope="module")
def rejected(
    before_second_freeze: Path, small_nights: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    home = tmp_path_factory.mktemp("rejected") / "home"
    shutil.copytree(before_second_freeze, home, symlinks=True)
    reject_as_an_older_rule(home)
    run_steps(home, small_nights[1], ["pull", "freeze", "close"])
    return home


@pytest.fixture
def home(rejected: Path, tmp_path: Path) -> Path:
    shutil.copytree(rejected, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def test_a_replay_brings_in_what_is_valid_now_and_nothing_else(home: Path, undisturbed: str) -> None:
    before = states(home)
    assert (set(before.values()), digest(home) == undisturbed) == ({"open"}, False)
    assert replay(home, is_dry=True)["runs"][0]["run"] is None
    said = replay(home)
    assert (said["fixed"], said["runs"][0]["run"]) == ([PLANTED], f"{NIGHT}.1")
    assert digest(home) == undisturbed
    after = states(home)
    assert {k for k, v in after.items() if v == "fixed"} == {PLANTED}
    assert after.keys() == before.keys()
    again = replay(home)
    assert (again["fixed"], [r["is_done"] for r in again["runs"]], states(home)) == ([], [True], after)
    with pytest.raises(UsageError, match="it is fixed"):
        replay(home, PLANTED)
    brought_forward = Index(home / "index" / "index.db")
    rebuilt = Index(home / "rebuilt.db")
    bring_forward(CorpusRepo(settings_of(home)), rebuilt)
    assert (rebuilt.seq, rebuilt.fingerprint()) == (3, brought_forward.fingerprint())


def test_a_replay_that_was_killed_is_gone_on_with(home: Path, undisturbed: str) -> None:
    settings = settings_of(home)
    (found, _), *_ = plan([i for i in read_issues(settings) if i.issue_id == PLANTED], settings)
    key = open_run(settings, found)
    for step in ("pull", "parse", "check", "freeze"):  # and killed before close
        execute(settings, "nightly_corpus", step, key, {})
    assert states(home)[PLANTED] == "open"
    said = replay(home, PLANTED[:8])
    assert (said["fixed"], said["runs"][0]["run"], digest(home)) == ([PLANTED], key, undisturbed)


def test_what_was_withdrawn_is_not_brought_back(home: Path) -> None:
    delivery = next(i.delivery_id for i in read_issues(settings_of(home)) if i.issue_id == PLANTED)
    run_nightcap("corpus", "withdraw", delivery, "--why", "wrong file", "--home", str(home))
    with pytest.raises(UsageError, match="withdrawn"):
        replay(home, PLANTED)
    issues = read_issues(settings_of(home))
    chosen = choose_issues(issues, [], None, read_withdrawn(settings_of(home)), everything=True)
    assert chosen
    assert PLANTED not in {i.issue_id for i in chosen}
