"""Freeze, killed with SIGKILL before each of its side effects and run again, ends as if nothing had happened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from killing import iter_killed, spread, trace_run

from pipelines import settings
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.corpus.index import Index

pytestmark = pytest.mark.timeout(3000)


def end_state(home: Path) -> object:
    """Everything that freeze leaves: versions, manifests, files, remote objects, index. Run ids and times apart."""
    repo = CorpusRepo(settings.load({}, home))
    tags = {t: repo.head_md5(t) for t in repo.tags()}
    remote = sorted(p.name for p in Path(repo.dvc_remote).rglob("*") if p.is_file())
    index = Index(home / "index" / "index.db")
    state = {
        "tags": tags, "manifests": repo.manifests(), "files": {f.relpath: f.md5 for f in repo.files()},
        "remote": remote, "index": index.fingerprint(), "branch": repo.git("ls-remote", repo.git_remote, "HEAD") != "",
    }  # fmt: skip
    index.close()
    return json.loads(json.dumps(state))


ARGS = {"first": "2026-11-18", "second": "2026-11-19"}


def check_kills(template: Path, work: Path, night: str, most: int) -> None:
    args = ["run", "nightly_corpus", "--only", "freeze", "--run", night, "--json"]
    undisturbed = work / "undisturbed"
    shutil.copytree(template, undisturbed, symlinks=True)
    events = trace_run(undisturbed, args)
    for word in (" dvc ", "git commit", "git tag", "git push", "part-0.parquet", "index.db"):
        assert any(word in e for e in events), f"the trace shows no {word!r}: it cannot be killed there"
    expected = end_state(undisturbed)
    numbers = spread(events, most)
    for number, state in iter_killed(template, work, args, numbers, end_state):
        assert state == expected, f"killed before side effect {number} ({events[number - 1]})"


def test_second_night(before_second_freeze: Path, tmp_path: Path) -> None:
    check_kills(before_second_freeze, tmp_path, ARGS["second"], most=10)


@pytest.mark.full
def test_second_night_everywhere(before_second_freeze: Path, tmp_path: Path) -> None:
    check_kills(before_second_freeze, tmp_path, ARGS["second"], most=10_000)


@pytest.mark.full
def test_first_night_everywhere(before_first_freeze: Path, tmp_path: Path) -> None:
    check_kills(before_first_freeze, tmp_path, ARGS["first"], most=10_000)
