"""Several senders curate one figure: all are kept, one is gold, whatever order they came in. Index and SQL agree."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_corpus import home_settings

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusFile
from pipelines.core.gold import STAGE_RANK, gold_group
from pipelines.core.records import AnnotationRecord, CuratedFigure, DocIds, PanelRecord, ParsedFile
from pipelines.core.splits import split_of
from pipelines.corpus.compare.step import compute_digest
from pipelines.corpus.freeze import Freezer, Frozen
from pipelines.corpus.index import Index
from pipelines.corpus.manifest import version_files
from pipelines.ingest.rows import Origin, rows_of

NIGHT = dt.date(2026, 11, 20)
DOC = next(d for i in range(100) if split_of(d := f"10.5555/{i}") == "test")
LEGEND = "(A) Loss of Atg5 in HeLa cells lowers the level of LC3 in the liver."


@dataclass(frozen=True)
class Sent:
    """One delivery of the same figure: who, at which stage, dated when, marking which words."""

    sender: str
    stage: str
    date: str | None
    words: tuple[str, ...]
    source: str = "curation"
    label: str | None = "Figure 1"
    key: str = "fig-1"

    def rows(self, night: dt.date) -> dict[str, list[dict[str, object]]]:
        delivery = f"{self.source}:{night}:{self.sender}-{self.stage}-{self.date}"
        stated = dt.date.fromisoformat(self.date) if self.date else None
        where = Origin(self.source, delivery, delivery, 1, stated, False, self.sender, self.stage)
        notes = tuple(
            AnnotationRecord(LEGEND.index(w), LEGEND.index(w) + len(w), w, "GENEPROD", "protein", panel_no=0)
            for w in self.words
        )
        panel = PanelRecord(0, 0, len(LEGEND), ("A",), (0,))
        figure = CuratedFigure(DocIds(doi=DOC), self.key, LEGEND, self.label, panels=(panel,), annotations=notes)
        rows = rows_of(ParsedFile("sourcedata", curated=(figure,)), where)
        rows["deliveries"] = [{
            "delivery_id": delivery, "source": self.source, "sender": self.sender, "format": "mixed",
            "review_stage": self.stage, "annotated_types": ["GENEPROD"], "has_roles": False, "is_synthetic": False,
            "stated_date": stated, "name": ".", "content_sha256": "x",
        }]  # fmt: skip
        return rows


class World:
    """Nights one after the other, each with its deliveries, as frozen files and as the index."""

    def __init__(self, folder: Path, nights: Sequence[Sequence[Sent]]) -> None:
        folder.mkdir(parents=True)
        self.settings = home_settings(folder / "home")
        self.index, self.files, self.frozen = Index(folder / "index.db"), list[CorpusFile](), list[Frozen]()
        for n, sent in enumerate(nights):
            night, rows = NIGHT + dt.timedelta(n), dict[str, list[dict[str, object]]]()
            for table, found in itertools.chain.from_iterable(s.rows(night).items() for s in sent):
                rows.setdefault(table, []).extend(found)
            frozen = Freezer(self.index, night).run(rows)
            self.frozen.append(frozen)
            self.index.apply(n + 1, f"md5-{n}", night, frozen.rows)
            for name, data in version_files(frozen.rows, night, 0).items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                self.files.append(CorpusFile(name.split("/")[0], str(night), 0, n + 1, name, "", path))

    def ask(self, query: str) -> list[tuple[object, ...]]:
        con = warehouse.connect(self.settings)
        warehouse.attach_corpus(con, self.files)
        rows: list[tuple[object, ...]] = con.sql(query).fetchall()
        con.close()
        return rows

    def gold(self) -> tuple[str, str]:
        """(sender, stage) of the one gold version, as SQL has it; the index must say the same."""
        [(figure_id, sha, sender, stage)] = self.ask(
            "SELECT figure_id, record_sha256, sender, review_stage FROM cur.gold_figures"
        )
        assert [g[:3] for g in self.index.gold_figures("ner", "test")] == [(DOC, figure_id, sha)]
        return str(sender), str(stage)

    def versions(self) -> set[tuple[object, ...]]:
        return set(self.ask("SELECT sender, review_stage FROM cur.curated_figures"))

    def digest(self) -> str:
        return compute_digest(self.settings, self.files)


ANN = Sent("ann", "curator", "2026-03-01", ("Atg5",))
BOB = Sent("bob", "curator", "2026-02-01", ("Atg5", "LC3"))
PAT = Sent("pat", "author", "2026-01-01", ("LC3",))
TAGGER = Sent("tagger", "machine", "2026-12-01", ("Atg5", "liver"))


def test_every_order_of_arrival_ends_in_one_digest_and_one_gold_version(tmp_path: Path) -> None:
    ends = set()
    for n, order in enumerate(itertools.islice(itertools.permutations((ANN, BOB, PAT, TAGGER)), 0, 24, 5)):
        nights = [order[:2], order[2:]] if n % 2 else [(s,) for s in order]
        world = World(tmp_path / str(n), nights)
        assert world.versions() == {(s.sender, s.stage) for s in order}
        ends.add((world.gold(), world.digest()))
    assert len(ends) == 1
    assert ends.pop()[0] == ("pat", "author")


def test_a_later_delivery_supersedes_only_its_senders_own_of_the_same_stage(tmp_path: Path) -> None:
    later = Sent("bob", "curator", "2026-04-01", ("liver",))
    reviewed = Sent("bob", "author", "2026-01-15", ("liver",))
    world = World(tmp_path / "a", [(ANN, BOB), (later,), (reviewed,)])
    assert world.versions() == {("ann", "curator"), ("bob", "curator"), ("bob", "author")}
    said = world.ask("SELECT text FROM cur.curated_annotations WHERE annotator = 'bob' AND review_stage = 'curator'")
    assert said == [("liver",)]
    assert world.gold() == ("bob", "author")


def test_of_one_stage_the_later_date_is_gold(tmp_path: Path) -> None:
    assert World(tmp_path / "a", [(ANN,), (BOB,)]).gold() == ("ann", "curator")
    undated = Sent("bob", "curator", None, ("LC3",))
    assert World(tmp_path / "b", [(ANN,), (undated,)]).gold() == ("bob", "curator")  # the night's date counts


def test_two_versions_of_one_date_are_told_apart_by_content_alone(tmp_path: Path) -> None:
    twin = Sent("bob", "curator", ANN.date, ("LC3",))
    ends = {World(tmp_path / str(n), nights).gold() for n, nights in enumerate(([(ANN,), (twin,)], [(twin,), (ANN,)]))}
    assert len(ends) == 1


def test_a_machine_is_never_gold_not_even_alone(tmp_path: Path) -> None:
    world = World(tmp_path / "a", [(TAGGER,)])
    assert world.versions() == {("tagger", "machine")}
    assert world.ask("FROM cur.gold_figures") == []
    assert world.index.gold_figures("ner", "test") == []
    assert World(tmp_path / "b", [(BOB,), (TAGGER,)]).gold() == ("bob", "curator")


def test_one_figure_of_two_sources_has_one_gold_version(tmp_path: Path) -> None:
    other = Sent("cay", "curator", "2026-05-01", ("liver",), source="an-api", label="Fig. 1")
    for n, nights in enumerate(([(ANN,), (other,)], [(other,), (ANN,)])):
        world = World(tmp_path / str(n), nights)
        assert world.gold() == ("cay", "curator")
        assert world.versions() == {("ann", "curator"), ("cay", "curator")}


@pytest.mark.parametrize("key", ["pos-1", "pos-12"])
def test_figures_without_a_label_are_not_one_across_sources(tmp_path: Path, key: str) -> None:
    sent = [Sent("ann", "curator", None, ("Atg5",), source=s, label=None, key=key) for s in ("curation", "an-api")]
    world = World(tmp_path / "a", [sent])
    assert len(world.ask("FROM cur.gold_figures")) == 2
    assert len(world.index.gold_figures("ner", "test")) == 2


def test_the_same_content_of_two_senders_is_no_duplicate(tmp_path: Path) -> None:
    same = Sent("bob", "curator", ANN.date, ANN.words)
    world = World(tmp_path / "a", [(ANN, same), (same,)])
    assert world.frozen[0].counts["figure"].valid == 2
    assert world.frozen[1].counts["figure"].unchanged == 1
    assert world.versions() == {("ann", "curator"), ("bob", "curator")}


def test_sql_and_python_name_the_same_groups(tmp_path: Path) -> None:
    world = World(tmp_path / "a", [(ANN, Sent("x", "curator", None, ("LC3",), "an-api", None, "pos-2"))])
    found = world.ask("SELECT figure_id, source, figure_group FROM cur.curated_figures")
    assert {group for _, _, group in found} == {"fig-1", "cur-an-api-pos-2"}
    assert all(gold_group(str(figure_id), str(source)) == group for figure_id, source, group in found)
    assert set(STAGE_RANK) == {"machine", "curator", "author"}
