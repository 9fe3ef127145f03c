"""The corpus on a real S3-compatible server: what is pushed is looked for, merged, removed and got back there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import ACCESS, serve_s3
from small_corpus import SmallCorpus, freeze_version, home_settings

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.corpus.clearing.step import collect_garbage
from pipelines.corpus.purging.step import purge
from pipelines.corpus.upkeep.step import compact, restore_drill
from pipelines.errors import TransientError
from pipelines.settings import Settings

NIGHTS = ("2026-10-05", "2026-10-06", "2026-11-03")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    with serve_s3(tmp_path / "s3", "corpus", "elsewhere") as endpoint:
        settings = home_settings(tmp_path / "home", storage__corpus_remote="s3://corpus/dvc", s3__endpoint_url=endpoint)
        for seq, night in enumerate(NIGHTS, start=1):
            version = SmallCorpus(night)
            version.identity(f"10.5555/{seq}", "deposit")
            version.publication(f"10.5555/{seq}", [("fig-1", "Figure 1", f"Legend {seq}")])
            freeze_version(settings, version, seq)
        yield settings


def test_merged_purged_and_restored_from_the_bucket_alone(settings: Settings, tmp_path: Path) -> None:
    repo = CorpusRepo(settings)
    gone = next(f.md5 for f in repo.files() if f.relpath == "figures/night=2026-10-06/part-0.parquet")
    compact(settings)
    assert collect_garbage(settings, act=True)["kinds"]["cached corpus files"]["n"] > 0
    assert not (repo.cache / gone[:2] / gone[2:]).exists()
    done = purge(settings, "10.5555/2", "court order", "ada", act=True)
    assert done["objects"] > len(done["rows"])
    assert not (tmp_path / "s3" / "corpus" / "dvc" / repo.remote_key(gone)).exists()
    shutil.rmtree(repo.root)
    repo.open()
    report = restore_drill(settings, done["version"], tmp_path / "drill")
    assert report["is_valid"]
    assert report["files"] == len(repo.files())


def test_a_push_that_went_elsewhere_is_seen_before_the_commit(settings: Settings) -> None:
    repo = CorpusRepo(settings)
    repo.open()
    config = repo.root / ".dvc" / "config.local"
    config.write_text(config.read_text().replace("s3://corpus/dvc", "s3://elsewhere/dvc"))
    path = "figures/night=2026-11-04/part-0.parquet"
    repo.write_files({path: b"rows"})
    repo.add_files([path])
    with pytest.raises(TransientError, match=rf"lacks the file list, {path} after the push"):
        repo.push_data([path])
    repo.open()
    repo.write_files({path: b"rows"})
    md5 = repo.add_files([path])
    repo.push_data([path])
    assert repo.remote.exists(repo.remote_key(md5))
