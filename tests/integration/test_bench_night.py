"""`nightcap bench night-cost` and `bench freeze`: a night writes and reads what it brings, not what the corpus holds.

Bytes alone are compared, never time.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from killing import run_nightcap

from pipelines.cli.bench_corpus import build_corpus
from pipelines.cli.bench_night import NIGHT, Base, freeze_once, home_settings, write_checked
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.corpus.index import Index
from pipelines.corpus.step import bring_forward
from pipelines.corpus.upkeep.step import verify_version


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A made corpus of 24,000 annotations in five nights."""
    folder = tmp_path_factory.mktemp("bench")
    base = Base(folder, build_corpus(home_settings(folder / "home"), 24_000, 5))
    base.home.rename(folder / "base")
    return base


def test_the_made_corpus_is_one(base: Base) -> None:
    settings = home_settings(base.copy())
    repo = CorpusRepo(settings)
    assert (base.holds["annotations"], base.holds["nights"]) == (24_000, 5)
    assert verify_version(settings, repo.tags()[-1])["files"] == base.holds["files"]
    kept = Index(settings.path("index", "index.db"))
    rebuilt = Index(settings.path("index", "rebuilt.db"))
    rebuilt_md5 = [str(m["corpus_md5"]) for m in repo.manifests()][-1]
    bring_forward(repo, rebuilt)
    assert kept.corpus_md5 == rebuilt_md5
    assert kept.fingerprint() == rebuilt.fingerprint()
    assert kept.benchmark_size("ner")[0] >= 1
    assert kept.gold_size("ner", "test")[0] >= 15


def test_freeze_reads_no_history(base: Base) -> None:
    """With an empty cache, and a remote whose old files are all empty, a night is frozen as well as ever."""
    home = base.copy()
    old = [f.md5 for f in CorpusRepo(home_settings(home)).files()]
    remote = home / "remotes" / "dvc" / "files" / "md5"
    for md5 in old:
        (home / "corpus" / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]).unlink()
        path = remote / md5[:2] / md5[2:]
        path.unlink()
        path.touch()
    write_checked(home_settings(home), 10_000, 8)
    found = freeze_once(str(home))
    assert found["rows"]["annotations"] == 240
    parts = found["parts"]["bytes_written"]
    assert set(parts) == {"open", "rows", "files", "dvc add", "push", "commit", "index"}
    assert 0 < sum(parts.values()) <= found["bytes_written"]
    assert CorpusRepo(home_settings(home)).tags()[-1] == f"corpus/{NIGHT}"
    shutil.rmtree(home)


def test_bench_freeze_says_what_it_cost(tmp_path: Path) -> None:
    args = ["--rows", "240", "--annotations", "1000", "--nights", "2", "--runs", "1", "--json"]
    report = json.loads(run_nightcap("bench", "freeze", *args).stdout.splitlines()[-1])
    assert report["compared"]["delta"]["annotations"] == 240
    assert report["seconds"]["median"] > 0
    assert report["bytes_written"]["median"] >= sum(p["median"] for p in report["parts"]["bytes_written"].values())
    assert 50 < report["peak_mib"]["max"] < 1000


def test_a_night_on_ten_times_the_corpus_writes_and_reads_no_more() -> None:
    args = ["--annotations", "10000", "--nights", "10", "--runs", "1", "--json"]
    report: dict[str, Any] = json.loads(run_nightcap("bench", "night-cost", *args).stdout.splitlines()[-1])
    small, large = report["compared"]["corpora"]
    assert large["annotations"] > 9 * small["annotations"]
    assert report["runs"][0][0]["rows"] == report["runs"][1][0]["rows"]
    assert report["bytes_ratio"]["median"] <= 1.2
    assert report["bytes_read_ratio"]["median"] <= 1.1
    assert set(report["ratio_10x"]) == {"median", "min", "max"}
