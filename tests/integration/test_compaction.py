"""Closed months merged: every row stays what it was for withdrawal, diff, index and checkouts of old versions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_corpus import SmallCorpus, freeze_version, home_settings

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.corpus.compare.step import compute_digest, diff_versions
from pipelines.corpus.index import Index
from pipelines.corpus.rewrite import Part, merge, mergeable
from pipelines.corpus.step import bring_forward
from pipelines.corpus.upkeep.step import compact, prove_equal, restore_drill, row_sums, stage_files, verify_version
from pipelines.corpus.withdrawal.step import withdraw
from pipelines.errors import PermanentError
from pipelines.settings import Settings

LEGEND = "Liver sections of mice fed glucose show Akt1 in hepatocytes of the edge"
DOC, OTHER = "10.5555/a", "10.5555/b"
NIGHTS = ("2026-10-05", "2026-10-06", "2026-11-03")


def nights() -> list[SmallCorpus]:
    """Two nights in October, the second revises a curated figure and retracts another paper; one in November."""
    first, second, third = (SmallCorpus(n) for n in NIGHTS)
    for doc_id in (DOC, OTHER):
        first.identity(doc_id, "deposit", split="test")
        first.publication(doc_id, [("fig-1", "Figure 1", f"{LEGEND} of {doc_id}")])
    first.curated(DOC, "1", "Figure 1", LEGEND, [{"text": "Akt1", "type": "GENEPROD"}])
    second.curated(DOC, "1", "Figure 1", LEGEND, [{"text": "Liver", "type": "TISSUE"}])
    second.event(OTHER, "retraction", "2026-10-06")
    third.publication(DOC, [("fig-1", "Figure 1", "A new legend")], title="Revised")
    for version in (first, second, third):
        version.delivery("curation")
        version.delivery("deposit")
    return [first, second, third]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = home_settings(tmp_path_factory.mktemp("world") / "home")
    for seq, version in enumerate(nights(), start=1):
        freeze_version(settings, version, seq)
    return settings.root


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    return home_settings(tmp_path / "home")


def index_print(settings: Settings) -> tuple[str, str]:
    """The index as brought forward, and as rebuilt from nothing."""
    found = []
    for _ in range(2):
        index = Index(settings.path("index", "index.db"))
        bring_forward(CorpusRepo(settings), index)
        found.append(index.fingerprint())
        index.close()
        shutil.rmtree(settings.path("index"))
    return found[0], found[1]


def test_a_closed_month_becomes_one_file_a_table_and_no_row_changes(settings: Settings) -> None:
    repo = CorpusRepo(settings)
    before = repo.files()
    done = compact(settings)
    after = repo.files()
    assert (done["version"], done["is_new"]) == ("corpus/compact-4", True)
    merged = {f.table for f in after if f.is_rewritten}
    assert {"documents", "figures", "annotations", "deliveries"} <= merged
    assert {f.relpath for f in after if f.is_rewritten} == {f"{t}/month=2026-10/part-4.parquet" for t in merged}
    november = {f.relpath for f in before if f.night == "2026-11-03"}
    assert november <= {f.relpath for f in after}
    assert len(after) == len(before) - done["merged"] + done["written"]
    assert row_sums(settings, before) == row_sums(settings, after)
    assert compute_digest(settings, before) == compute_digest(settings, after)
    manifest = repo.manifests()[-1]
    assert set(manifest["dropped"]) == {f.relpath for f in before} - {f.relpath for f in after}  # type: ignore[call-overload]
    assert diff_versions(settings, before, after)["is_equal"]


def test_a_second_time_there_is_nothing_to_do(settings: Settings) -> None:
    compact(settings)
    assert compact(settings)["is_new"] is False
    assert len(CorpusRepo(settings).manifests()) == 4


def test_old_versions_and_the_new_one_are_rebuilt_from_the_remote(settings: Settings, tmp_path: Path) -> None:
    digests = {n: compute_digest(settings, CorpusRepo(settings).files(f"corpus/{n}")) for n in NIGHTS}
    compact(settings)
    for tag in (f"corpus/{NIGHTS[1]}", "corpus/compact-4"):
        assert verify_version(settings, tag)["is_valid"]
    drill = restore_drill(settings, "corpus/compact-4", tmp_path)
    assert drill["digest"] == digests[NIGHTS[2]]
    assert not (tmp_path / "restore-drill").exists()
    shutil.rmtree(settings.path("corpus", ".dvc", "cache"))
    for night, digest in digests.items():
        assert compute_digest(settings, CorpusRepo(settings).files(f"corpus/{night}")) == digest


def test_a_drill_says_when_the_remote_lost_a_file(settings: Settings, tmp_path: Path) -> None:
    repo = CorpusRepo(settings)
    md5 = repo.files()[0].md5
    Path(repo.dvc_remote, "files", "md5", md5[:2], md5[2:]).unlink()
    with pytest.raises(Exception, match=r"dvc pull|missing"):
        restore_drill(settings, "corpus/2026-11-03", tmp_path)


@pytest.mark.parametrize("target", ["2026-10-06", "curation:2026-10-06:1", "2026-11-03"])
def test_a_withdrawal_means_the_same_before_and_after(
    settings: Settings, template: Path, tmp_path: Path, target: str
) -> None:
    shutil.copytree(template, tmp_path / "plain", symlinks=True)
    plain = home_settings(tmp_path / "plain")
    compact(settings)
    done, expected = (withdraw(s, target, "wrong", "ada") for s in (settings, plain))
    assert done["hidden"] == expected["hidden"]
    assert done["diff"] == expected["diff"]
    assert compute_digest(settings, CorpusRepo(settings).files()) == compute_digest(plain, CorpusRepo(plain).files())
    forward, rebuilt = index_print(settings)
    assert forward == rebuilt


def test_the_index_is_the_same_brought_forward_and_rebuilt(settings: Settings) -> None:
    index = Index(settings.path("index", "index.db"))
    bring_forward(CorpusRepo(settings), index)
    known = index.current_key(f"{DOC}#cur-curation-1"), index.retracted(), index.first_seq(OTHER)
    index.close()
    compact(settings)
    forward, rebuilt = index_print(settings)
    assert forward == rebuilt
    index = Index(settings.path("index", "index.db"))
    bring_forward(CorpusRepo(settings), index)
    assert (index.current_key(f"{DOC}#cur-curation-1"), index.retracted(), index.first_seq(OTHER)) == known
    index.close()


def test_a_late_night_of_a_merged_month_is_merged_in(settings: Settings) -> None:
    compact(settings)
    late = SmallCorpus("2026-10-20")
    late.publication(OTHER, [("fig-1", "Figure 1", "Late words")], title="Late")
    freeze_version(settings, late, 5)
    before = CorpusRepo(settings).files()
    assert compact(settings)["version"] == "corpus/compact-6"
    after = CorpusRepo(settings).files()
    assert row_sums(settings, before) == row_sums(settings, after)
    documents = next(f for f in after if f.relpath == "documents/month=2026-10/part-6.parquet")
    seqs = pq.read_table(documents.path, columns=["seq"])["seq"].to_pylist()
    assert sorted(set(seqs)) == [1, 2, 5]
    assert seqs == sorted(seqs)


def test_only_closed_months_with_several_files() -> None:
    found = [("2026-10-05", "a"), ("2026-10-06", "b"), ("2026-11-03", "d"), ("2026-11-04", "e"), ("2026-09", "f")]
    files = [("splits", "2026-10-05", "c"), *(("documents", night, path) for night, path in found)]
    assert mergeable(files, "2026-11-04") == {("documents", "2026-10"): ["a", "b"]}


def test_the_proof_sees_one_lost_row(settings: Settings) -> None:
    files, path = CorpusRepo(settings).files(), "annotations/month=2026-10/part-4.parquet"
    file = next(f for f in files if f.relpath == "annotations/night=2026-10-06/part-0.parquet")
    others, table = [f for f in files if f is not file], pq.read_table(file.path)
    for rows in (table, table.slice(1)):
        merged = merge([Part("annotations", file.relpath, "2026-10", (file.night, file.seq, 0), rows)])
        after = others + stage_files(settings, {path: merged}, 4)
        if rows is table:
            prove_equal(settings, files, after)
        else:
            with pytest.raises(PermanentError, match="would change annotations"):
                prove_equal(settings, files, after)


def test_a_file_list_written_by_another_dvc_is_refused(settings: Settings) -> None:
    repo = CorpusRepo(settings)
    repo.open()
    md5 = repo.head_md5()
    path = repo.cache / md5[:2] / md5[2:]
    entries = json.loads(path.read_bytes())
    path.chmod(0o644)
    path.write_text(json.dumps([{**e, "mode": 1} for e in entries]))
    with pytest.raises(PermanentError, match="another way"):
        repo.add_files([], [entries[0]["relpath"]])
