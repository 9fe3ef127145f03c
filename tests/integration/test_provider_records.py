"""What providers' records say of an article, night after night and in any order of arrival: the last record of each
source holds, for the retraction and for the licence where the article itself states none."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_corpus import home_settings

from pipelines.clients.corpus_repo import CorpusFile
from pipelines.clients.warehouse import attach_corpus, connect, read_sql
from pipelines.core.hashing import sha256_bytes, short_hash
from pipelines.core.records import DocIds, DocumentRecord, EventRecord, FigureRecord, ParsedFile
from pipelines.corpus.compare.step import compute_digest
from pipelines.corpus.freeze import Freezer
from pipelines.corpus.index import Index
from pipelines.corpus.manifest import version_files
from pipelines.ingest import europepmc, pmc_metadata
from pipelines.ingest.rows import Origin, rows_of

DOI = "10.5555/a"
Row = tuple[object, ...]


@dataclass(frozen=True)
class Arrival:
    """What a source brought of the article for a night."""

    night: str
    source: str
    parsed: ParsedFile
    raw: str


def pmc(night: str, *, retracted: bool = False, licence: str | None = "CC BY", title: str = "") -> Arrival:
    record = {"pmcid": "PMC7", "doi": DOI, "is_retracted": retracted, "license_code": licence, "title": title}
    data = json.dumps(record).encode()
    return Arrival(night, "pmc", pmc_metadata.parse_record(data), sha256_bytes(data))


def epmc(night: str, *, retracted: bool = False, licence: str = "cc by-nc") -> Arrival:
    kind = ["Retracted Publication"] if retracted else ["Journal Article"]
    record = {
        "id": "1",
        "source": "MED",
        "doi": DOI,
        "pmcid": "PMC7",
        "license": licence,
        "pubTypeList": {"pubType": kind},
    }
    data = json.dumps(record).encode()
    return Arrival(night, "europepmc", europepmc.parse_record(data), sha256_bytes(data))


def listed(night: str) -> Arrival:
    event = EventRecord(DocIds(doi=DOI), "integrity", "retraction", detail="in a list of retracted papers")
    return Arrival(night, "retractions", ParsedFile("id_list", events=(event,)), f"list {night}")


def article(night: str, licence: str = "unknown", stated: dt.date | None = None, source: str = "pmc") -> Arrival:
    ids = DocIds(doi=DOI, pmcid="PMC7")
    evidence = None if licence == "unknown" else f"it is {licence}"
    document = DocumentRecord(ids, title="A", licence=licence, licence_evidence=evidence, stated_date=stated)
    return Arrival(night, source, ParsedFile("jats", (document,)), f"jats {night} {licence}")


class World:
    """A corpus that took these arrivals one version each, in this order."""

    def __init__(self, folder: Path, arrivals: tuple[Arrival, ...]) -> None:
        self.index, files = Index(folder / "index.db"), list[CorpusFile]()
        for seq, a in enumerate(arrivals, start=1):
            night = dt.date.fromisoformat(a.night)
            origin = Origin(a.source, f"{a.source}:{a.night}:1", a.raw, 1, None, True, "me", "machine")
            frozen = Freezer(self.index, night).run(rows_of(a.parsed, origin))
            for relpath, data in version_files(frozen.rows, night, seq).items():
                path = folder / relpath
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                files.append(
                    CorpusFile(relpath.split("/")[0], a.night, seq, seq, relpath, short_hash(data.hex()), path)
                )
            self.index.apply(seq, f"md5 {seq}", night, frozen.rows)
        self.files, self.home = files, home_settings(folder / "home")
        self.con = connect(self.home)
        attach_corpus(self.con, files)

    def ask(self, query: str) -> list[Row]:
        return self.con.execute(query).fetchall()

    def status(self) -> str:
        found = dict(self.ask("SELECT doc_id, status FROM cur.status"))
        assert (self.index.retracted() == {DOI}) == (found.get(DOI) == "retracted")
        return found.get(DOI, "current")

    def digest(self) -> str:
        return compute_digest(self.home, self.files)

    def licence(self) -> Row:
        (found,) = self.ask("SELECT licence, licence_evidence FROM cur.licensed_revisions WHERE rank = 1")
        return found

    def changes(self) -> list[Row]:
        return self.ask("SELECT night::VARCHAR, detail, event_id FROM cur.licence_changes ORDER BY night")


def worlds(folder: Path, *arrivals: Arrival) -> list[World]:
    """The same arrivals in every order."""
    orders = enumerate(itertools.permutations(arrivals))
    return [World(folder / str(n), order) for n, order in orders]


@pytest.mark.parametrize(
    ("arrivals", "status"),
    [
        ((pmc("2026-11-18", retracted=True),), "retracted"),
        ((pmc("2026-11-18", retracted=True), pmc("2026-11-19")), "current"),
        ((pmc("2026-11-18", retracted=True), pmc("2026-11-19"), pmc("2026-11-20", retracted=True)), "retracted"),
        ((pmc("2026-11-18"), pmc("2026-11-19", retracted=True), pmc("2026-11-20")), "current"),
        ((pmc("2026-11-18", retracted=True), pmc("2026-11-19", retracted=True, licence="CC0")), "retracted"),
        ((pmc("2026-11-18", retracted=True), pmc("2026-11-19", retracted=True, title="B")), "retracted"),
        ((pmc("2026-11-18", retracted=True, licence=None), pmc("2026-11-19", licence=None)), "current"),
        ((pmc("2026-11-18", retracted=True), epmc("2026-11-19")), "retracted"),
        ((pmc("2026-11-18", retracted=True), epmc("2026-11-18", retracted=True), pmc("2026-11-19")), "retracted"),
        ((epmc("2026-11-18", retracted=True), epmc("2026-11-19"), pmc("2026-11-17")), "current"),
        ((pmc("2026-11-18", retracted=True), listed("2026-11-17"), pmc("2026-11-19")), "retracted"),
    ],
)  # fmt: skip
def test_the_last_record_of_a_source_holds(tmp_path: Path, arrivals: tuple[Arrival, ...], status: str) -> None:
    found = worlds(tmp_path, *arrivals)
    assert {w.status() for w in found} == {status}
    assert len({w.digest() for w in found}) == 1


def test_what_was_taken_back_is_told(tmp_path: Path) -> None:
    arrivals = pmc("2026-11-18", retracted=True), pmc("2026-11-19"), pmc("2026-11-20", title="B")
    told = [w.ask("SELECT night::VARCHAR, event, detail, source FROM cur.withdrawn_statements") for w in
            worlds(tmp_path, *arrivals)]  # fmt: skip
    assert told == [[("2026-11-19", "retraction", "is_retracted in PMC's metadata", "pmc")]] * 6


@pytest.mark.parametrize(
    ("arrivals", "licence", "changes"),
    [
        ((article("2026-11-18"), pmc("2026-11-18")), ("open", "CC BY, stated by pmc"), []),
        ((article("2026-11-18", stated=dt.date(2026, 1, 1)), pmc("2026-11-18")), ("open", "CC BY, stated by pmc"), []),
        ((article("2026-11-18", "noncommercial"), pmc("2026-11-18")), ("noncommercial", "it is noncommercial"), []),
        ((article("2026-11-18"), pmc("2026-11-20")), ("open", "CC BY, stated by pmc"),
         [("2026-11-20", "from unknown to open: CC BY, stated by pmc")]),
        ((article("2026-11-18"), pmc("2026-11-18"), pmc("2026-11-19", licence="TDM")),
         ("tdm_only", "TDM, stated by pmc"),
         [("2026-11-19", "from open to tdm_only: TDM, stated by pmc")]),
        ((article("2026-11-18"), pmc("2026-11-18"), pmc("2026-11-19", licence=None)), ("unknown", None),
         [("2026-11-19", "from open to unknown")]),
        ((article("2026-11-18"), pmc("2026-11-18"), epmc("2026-11-19")),
         ("noncommercial", "cc by-nc, stated by europepmc"),
         [("2026-11-19", "from open to noncommercial: cc by-nc, stated by europepmc")]),
        ((article("2026-11-18"), pmc("2026-11-18", licence="TDM"), article("2026-11-21", "open")),
         ("open", "it is open"),
         [("2026-11-21", "from tdm_only to open: it is open")]),
        ((article("2026-11-18"), pmc("2026-11-18"), pmc("2026-11-19", licence="TDM"), pmc("2026-11-20")),
         ("open", "CC BY, stated by pmc"),
         [("2026-11-19", "from open to tdm_only: TDM, stated by pmc"),
          ("2026-11-20", "from tdm_only to open: CC BY, stated by pmc")]),
    ],
)  # fmt: skip
def test_a_providers_code_counts_where_the_article_states_no_licence(
    tmp_path: Path, arrivals: tuple[Arrival, ...], licence: Row, changes: list[Row]
) -> None:
    found = worlds(tmp_path, *arrivals)
    assert {w.licence() for w in found} == {licence}
    assert len({w.digest() for w in found}) == 1
    told = {tuple(w.changes()) for w in found}
    assert len(told) == 1
    assert [row[:2] for row in told.pop()] == changes


THREE = "Sections of three mice fed glucose show Akt1 in hepatocytes"


def deposit(night: str, doi: str, pmid: str, legend: str) -> Arrival:
    figure = FigureRecord("fig-1", 0, "Figure 1", "f1", legend=legend)
    document = DocumentRecord(DocIds(doi=doi, pmid=pmid), title=doi, figures=(figure,))
    return Arrival(night, "deposit", ParsedFile("jats", (document,)), f"{doi} {pmid} {night}")


def test_a_deposit_with_another_papers_pmid_leaves_two_papers_in_any_order(tmp_path: Path) -> None:
    right = deposit("2026-11-18", "10.5555/r.2", "31000002", "Two"), deposit("2026-11-18", "10.5555/r.3", "3", THREE)
    wrong = deposit("2026-11-19", "10.5555/r.3", "31000002", f"{THREE}, revised")
    found = worlds(tmp_path, *right, wrong)
    query = """
    SELECT d.doc_id, f.figure_id, f.legend FROM cur.document_revisions AS d
    JOIN corpus.figures AS f USING (record_sha256) WHERE d.rank = 1 ORDER BY ALL
    """
    assert {tuple(w.ask(query)) for w in found} == {
        (
            ("10.5555/r.2", "10.5555/r.2#fig-1", "Two"),
            ("10.5555/r.3", "10.5555/r.3#fig-1", f"{THREE}, revised"),
        )
    }
    assert {dict(w.ask("SELECT alias, doc_id FROM cur.aliases"))["pmid:31000002"] for w in found} == {"10.5555/r.2"}
    assert len({w.digest() for w in found}) == 1
    for world in found:  # what a purge of one takes holds no name of the other
        names = read_sql("corpus/sql", "document_names")
        assert [n for (n,) in world.con.execute(names, {"alias": "10.5555/r.3"}).fetchall()] == [
            "10.5555/r.3",
            "pmid:3",
        ]
