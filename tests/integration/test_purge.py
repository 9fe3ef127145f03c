"""A document removed for good: nothing of it is left anywhere, every other row is what it was."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_corpus import SmallCorpus, freeze_version, home_settings, issue

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import open_part, raw_key
from pipelines.core.hashing import content_hash, sha256_text
from pipelines.corpus import open_version
from pipelines.corpus.clearing.step import collect_garbage
from pipelines.corpus.compare.step import show_benchmarks
from pipelines.corpus.index import Index
from pipelines.corpus.purging.step import purge
from pipelines.corpus.step import bring_forward
from pipelines.corpus.upkeep.step import compact, row_sums, verify_version
from pipelines.corpus.versions import rebuildable
from pipelines.errors import UsageError
from pipelines.feedback.step import read_issues
from pipelines.flows.execute import execute
from pipelines.settings import Settings

SECRET = "Liver sections of mice fed glucose show Akt1 in hepatocytes of the edge"
OTHER_LEGEND = "Kidney sections of rats fed fructose show Stat3 in podocytes of the rim"
DOC, OTHER = "10.5555/a#b", "10.5555/c"
NIGHTS = ("2026-10-05", "2026-10-06", "2026-11-03")


def nights() -> list[SmallCorpus]:
    first, second, third = (SmallCorpus(n) for n in NIGHTS)
    for doc_id, legend in ((DOC, SECRET), (OTHER, OTHER_LEGEND)):
        first.identity(doc_id, "deposit", split="test", aliases=["pmid:1" if doc_id == DOC else "pmid:2"])
        first.publication(doc_id, [("fig-1", "Figure 1", legend)])
        figure = first.curated(doc_id, "1", "Figure 1", legend, [{"text": legend.split()[0], "type": "TISSUE"}])
        row = next(r for r in first.rows["figures"] if r["figure_id"] == figure)
        first.add("benchmark", task="ner", benchmark_version=1, doc_id=doc_id, figure_id=figure,
                  record_sha256=row["record_sha256"], n_spans=1, reason="test is large enough")  # fmt: skip
    second.event(OTHER, "correction", "2026-10-06")
    third.publication(DOC, [("fig-1", "Figure 1", SECRET + " again")], title="Revised")
    for version in (first, second, third):
        version.delivery("curation")
        version.delivery("deposit")
    return [first, second, third]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = home_settings(tmp_path_factory.mktemp("world") / "home")
    for seq, version in enumerate(nights(), start=1):
        freeze_version(settings, version, seq)
    _derive(settings)
    return settings.root


def _parquet(**columns: list[object]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="none")
    return sink.getvalue()


def _derive(settings: Settings) -> None:
    """What a home derives from the document: raw bytes, rows between steps, predictions, a rejected unit, a receipt."""
    raw = content_hash(f"{DOC} {NIGHTS[0]}")
    open_part(settings, "landing").write(raw_key(raw), SECRET.encode())
    open_part(settings, "staging").write(f"{NIGHTS[0]}/parse/figures.parquet", _parquet(legend=[SECRET]))
    runs = settings.path("runs", "nightly_corpus", NIGHTS[0])
    runs.mkdir(parents=True)
    (runs / "close.json").write_text("{}")
    bundle = settings.path("runs", "retrain_tagger", NIGHTS[0], "bundles", "ner", "train.jsonl")
    bundle.parent.mkdir(parents=True)
    bundle.write_text(SECRET)
    undecided = settings.path("runs", "retrain_tagger", "2026-10-06", "bundles", "ner", "train.jsonl")
    inputs = settings.path("tmp", "predict", "key-ner", "inputs.jsonl")
    for path in (undecided, inputs):
        path.parent.mkdir(parents=True)
        path.write_text(SECRET)
    (bundle.parents[2] / "decision.json").write_text("{}")
    shas: list[object] = [sha256_text(SECRET), sha256_text(OTHER_LEGEND)]
    for name in ("part-0", "seen-0"):
        open_part(settings, "predictions").write(f"ner/abc/{name}.parquet", _parquet(legend_sha256=shas))
    issues = [issue("unknown_type", s[:1], NIGHTS[0]) | {"raw_sha256": s, "payload": json.dumps(p), "message": p}
              for s, p in ((raw, SECRET), ("x", "other"))]  # fmt: skip
    open_part(settings, "quarantine").write(
        f"{NIGHTS[0]}.jsonl", "".join(json.dumps(i) + "\n" for i in issues).encode()
    )
    open_part(settings, "outbox").write("me/receipt.json", json.dumps({"raw_sha256": raw, "said": SECRET}).encode())


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    return home_settings(tmp_path / "home")


def files_with(root: Path, text: str) -> list[str]:
    """Every file below the root that holds the text, as it is or in any Parquet column."""
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if data[:4] == b"PAR1":
            data = json.dumps(pq.ParquetFile(path).read().to_pylist(), default=str).encode()
        if text.encode() in data:
            found.append(path.relative_to(root).as_posix())
    return found


@pytest.mark.parametrize("is_compacted", [False, True])
def test_nothing_of_it_is_left_and_nothing_else_changed(settings: Settings, is_compacted: bool) -> None:
    assert len(files_with(settings.root, SECRET)) > 8
    if is_compacted:
        compact(settings)
    seq = 5 if is_compacted else 4
    repo = CorpusRepo(settings)
    before = row_sums(settings, repo.files(), [DOC, "pmid:1"])
    done = purge(settings, "PMID:1", "court order", "ada", act=True)
    assert (done["version"], done["is_new"]) == (f"corpus/purge-{seq}", True)
    assert done["rows"] == {
        "annotations": 1,
        "benchmark": 1,
        "documents": 3,
        "figures": 3,
        "id_aliases": 2,
        "splits": 1,
    }
    assert files_with(settings.root, SECRET) == []
    assert files_with(settings.root, sha256_text(SECRET)) == [f"corpus/manifests/{seq:06d}.json"]
    after = row_sums(settings, [f for f in repo.files() if f.table != "benchmark"])
    assert [r for r in after if r["tbl"] != "benchmark"] == [r for r in before if r["tbl"] != "benchmark"]
    assert verify_version(settings, done["version"])["is_valid"]
    assert sorted((i.reason, i.status) for i in read_issues(settings)) == [
        ("purged", "waived"),
        ("unknown_type", "open"),
    ]


def test_old_versions_that_held_it_are_named_and_no_more_verified(settings: Settings) -> None:
    done = purge(settings, DOC, "court order", "ada", act=True)
    assert done["lost_versions"] == [f"corpus/{n}" for n in NIGHTS]
    assert [m["tag"] for m in rebuildable(CorpusRepo(settings).manifests())] == ["corpus/purge-4"]
    with pytest.raises(Exception, match=r"dvc|missing"):
        verify_version(settings, f"corpus/{NIGHTS[0]}")
    with pytest.raises(UsageError, match=r"was purged; use corpus/purge-4"):
        open_version(NIGHTS[0], home=settings.root)


def test_the_benchmark_goes_on_without_it_and_the_index_forgets_it(settings: Settings) -> None:
    index = Index(settings.path("index", "index.db"))
    bring_forward(CorpusRepo(settings), index)
    assert index.split(DOC) == "test"
    index.close()
    purge(settings, DOC, "court order", "ada", act=True)
    newest = show_benchmarks(settings, "corpus/purge-4")[-1]
    assert (newest["benchmark_version"], newest["n_documents"], newest["reason"]) == (2, 1, "without a purged document")
    index = Index(settings.path("index", "index.db"))
    forward = index.fingerprint()
    assert (index.split(DOC), index.doc_ids([DOC])) == (None, {})
    assert index.split(OTHER) == "test"
    index.reset()
    bring_forward(CorpusRepo(settings), index)
    assert index.fingerprint() == forward
    index.close()


def test_without_yes_it_only_says(settings: Settings) -> None:
    CorpusRepo(settings).open()  # drops the work files of the last freeze
    before = files_with(settings.root, SECRET)
    said = purge(settings, DOC, "court order", "ada", act=False)
    assert said["rows"]["figures"] == 3
    assert files_with(settings.root, SECRET) == before


def test_a_second_call_finishes_what_a_kill_left(settings: Settings) -> None:
    first = purge(settings, DOC, "court order", "ada", act=True)
    raw = content_hash(f"{DOC} {NIGHTS[0]}")
    open_part(settings, "landing").write(raw_key(raw), SECRET.encode())
    again = purge(settings, DOC, "court order", "ada", act=True)
    assert (again["version"], again["is_new"], again["rows"]) == (first["version"], False, first["rows"])
    assert files_with(settings.root, SECRET) == []
    assert len(CorpusRepo(settings).manifests()) == 4


def test_raw_bytes_that_another_document_needs_stay_and_are_named(settings: Settings) -> None:
    shared = SmallCorpus("2026-11-04")
    shared.publication(DOC, [("fig-1", "Figure 1", SECRET)], raw_sha256="r" * 64)
    shared.publication(OTHER, [("fig-1", "Figure 1", OTHER_LEGEND)], raw_sha256="r" * 64)
    freeze_version(settings, shared, 4)
    open_part(settings, "landing").write(raw_key("r" * 64), b"both")
    done = purge(settings, DOC, "court order", "ada", act=True)
    assert done["raw_shared"] == ["r" * 64]
    assert open_part(settings, "landing").exists(raw_key("r" * 64))


def test_an_unknown_id_and_an_open_night_are_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="no document"):
        purge(settings, "10.9999/none", "why", "ada", act=True)
    (settings.path("runs", "nightly_corpus", "2026-11-05")).mkdir()
    settings.path("runs", "nightly_corpus", "2026-11-05", "pull.json").write_text("{}")
    with pytest.raises(UsageError, match="2026-11-05 is not closed"):
        purge(settings, DOC, "why", "ada", act=True)
    assert files_with(settings.root, SECRET)


def test_gc_takes_only_copies(settings: Settings) -> None:
    compact(settings)
    repo = CorpusRepo(settings)
    sums = row_sums(settings, repo.files())
    planned = collect_garbage(settings, act=False)
    done = collect_garbage(settings, act=True)
    assert planned["kinds"] == done["kinds"]
    assert set(done["kinds"]) == {"cached corpus files"}
    assert done["kinds"]["cached corpus files"]["n"] == len(repo.manifests()[-1]["dropped"])  # type: ignore[arg-type]
    assert row_sums(settings, repo.files()) == sums
    assert len(repo.files("corpus/2026-10-06")) > 0
    assert collect_garbage(settings, act=True)["kinds"].keys() <= {"cached corpus files"}


def test_gc_keeps_newest_nights_open_nights_and_the_newest_training(settings: Settings) -> None:
    staging = open_part(settings, "staging")
    runs = settings.path("runs", "nightly_corpus")
    for day in range(10, 21):
        staging.write(f"2026-10-{day}/parse/figures.parquet", b"12345678")
        (runs / f"2026-10-{day}").mkdir()
        if day != 11:
            (runs / f"2026-10-{day}" / "close.json").write_text("{}")
    later = settings.path("runs", "retrain_tagger", "2026-11-03")
    (later / "bundles").mkdir(parents=True)
    (later / "decision.json").write_text("{}")
    done = collect_garbage(settings, act=True)
    left = {i.key.split("/")[0] for i in staging.iter_objects()}
    assert left == {"2026-10-11", *(f"2026-10-{d}" for d in range(14, 21))}
    assert done["kinds"]["trainings that are decided"]["n"] == 1
    assert (later / "bundles").is_dir()


def test_it_does_not_come_in_again_by_any_of_its_ids(settings: Settings, tmp_path: Path) -> None:
    purge(settings, DOC, "court order", "ada", act=True)
    articles = tmp_path / "articles"
    articles.mkdir()
    for name, ids in (("a", '<article-id pub-id-type="pmid">1</article-id>'), ("c", "")):
        doi = "" if ids else f'<article-id pub-id-type="doi">{OTHER}</article-id>'
        (articles / f"{name}.xml").write_text(
            f"<article><front><article-meta>{ids}{doi}<title-group><article-title>T</article-title></title-group>"
            f"</article-meta></front><body><fig id='f1'><label>Figure 1</label><caption><p>{SECRET if ids else 'Other'}"
            "</p></caption></fig></body></article>"
        )
    night = {"date": "2026-11-05", "articles": str(articles)}
    execute(settings, "nightly_corpus", "pull", None, night)
    for step in ("parse", "check", "freeze", "close"):
        execute(settings, "nightly_corpus", step, night["date"], {})
    [row] = [json.loads(x) for x in open_part(settings, "quarantine").read("2026-11-05.jsonl").splitlines()]
    assert (row["unit"], row["reason"], row["payload"]) == ("document", "purged", "{}")
    assert row["message"].endswith("; with it 1 alias, 1 figure")
    assert files_with(settings.root, SECRET) == []
    landing = open_part(settings, "landing")
    manifest = landing.read("nights/2026-11-05/manifest-0.jsonl").decode().splitlines()
    landed = {f["name"]: landing.exists(raw_key(f["raw_sha256"])) for f in map(json.loads, manifest) if "etag" in f}
    assert landed == {"a.xml": False, "c.xml": True}
    documents = open_version(table="documents", home=settings.root)
    assert list(documents.doc_id) == [OTHER]
    assert [(i.reason, i.status) for i in read_issues(settings) if i.night == "2026-11-05"] == [("purged", "waived")]


def test_what_parsers_and_rules_say_of_it_is_not_kept(settings: Settings, tmp_path: Path) -> None:
    purge(settings, DOC, "court order", "ada", act=True)
    (tmp_path / "curation").mkdir()
    (tmp_path / "curation" / "a.xml").write_text(
        f"""<article doi="{DOC}"><fig id="9"><label>Figure 2</label><sd-panel panel_id="7">(A) {SECRET}
        <sd-tag id="sdTag1" category="entity" entity_type="planet" text="Akt1">Akt1</sd-tag></sd-panel></fig>
        <fig id="10"><label>Figure 3</label><sd-panel panel_id="8">{SECRET * 800}</sd-panel></fig></article>"""
    )
    night = {"date": "2026-11-05", "curation": str(tmp_path / "curation")}
    for step in ("pull", "parse", "check", "freeze", "close"):
        execute(settings, "nightly_corpus", step, None, night)
    rows = [json.loads(x) for x in open_part(settings, "quarantine").read("2026-11-05.jsonl").splitlines()]
    assert {r["reason"] for r in rows} == {"purged"}
    assert {r["unit"] for r in rows} == {"document", "annotation"}
    assert files_with(settings.root, SECRET[:30]) == []
    assert {i.status for i in read_issues(settings) if i.night == "2026-11-05"} == {"waived"}
    assert open_version(table="figures", home=settings.root).doc_id.unique().tolist() == [OTHER]
