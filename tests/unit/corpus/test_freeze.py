"""Freeze: what a night adds, by rows in and rows out, over a real index."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from pathlib import Path

import pytest

from pipelines.core.records import (
    AnnotationRecord,
    CuratedFigure,
    DocIds,
    DocumentRecord,
    EventRecord,
    FigureRecord,
    PanelRecord,
    ParsedFile,
)
from pipelines.core.splits import split_of
from pipelines.core.tables import sort_rows
from pipelines.corpus.benchmark import next_benchmarks
from pipelines.corpus.freeze import Freezer, Frozen
from pipelines.corpus.index import Index
from pipelines.ingest.rows import Origin, Tables, rows_of

NIGHT = dt.date(2026, 11, 20)
LONG = "A legend of more than eight words stands in this very figure here"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index.db")


def origin(delivery: str = "deposit:2026-11-20:1", raw: str = "r1", date: dt.date | None = None) -> Origin:
    return Origin(delivery.partition(":")[0], delivery, raw, 1, date, False, "me", "curator")


def article(doi: str, *legends: str, title: str = "T", labels: tuple[str, ...] = ()) -> DocumentRecord:
    names = labels or tuple(f"Figure {i + 1}" for i in range(len(legends)))
    figures = tuple(
        FigureRecord(f"fig-{n.split()[-1]}", i, n, f"f{i}", legend=legend)
        for i, (n, legend) in enumerate(zip(names, legends, strict=True))
    )
    return DocumentRecord(DocIds(doi=doi), title=title, figures=figures)


def curated(doi: str, legend: str, *words: str, version: int = 0, date: dt.date | None = None) -> CuratedFigure:
    notes = tuple(
        AnnotationRecord(legend.index(w), legend.index(w) + len(w), w, "GENEPROD", "protein", panel_no=0) for w in words
    )
    panel = PanelRecord(0, 0, len(legend), ("A",), (0,))
    return CuratedFigure(
        DocIds(doi=doi),
        "fig-1",
        legend,
        "Figure 1",
        panels=(panel,),
        annotations=notes,
        stated_version=version,
        stated_date=date,
    )


def tables(*parts: Tables) -> Tables:
    out: Tables = {}
    for part in parts:
        for table, rows in part.items():
            out.setdefault(table, []).extend(rows)
    ids = {r["delivery_id"] for t in ("documents", "figures") for r in out.get(t, [])}
    out["deliveries"] = [
        {
            "delivery_id": d,
            "source": "s",
            "sender": "me",
            "format": "mixed",
            "review_stage": "curator",
            "annotated_types": [],
            "has_roles": False,
            "is_synthetic": False,
            "stated_date": None,
            "name": ".",
            "content_sha256": "x",
        }
        for d in sorted(map(str, ids))
    ]
    return out


def published(*documents: DocumentRecord, where: Origin | None = None) -> Tables:
    return rows_of(ParsedFile("jats", documents=documents), where or origin())


def curation(*figures: CuratedFigure, where: Origin | None = None) -> Tables:
    return rows_of(ParsedFile("sourcedata", curated=figures), where or origin("curation:2026-11-20:1"))


PAPER = DocumentRecord(DocIds(pmcid="PMC7"), title="T", figures=(FigureRecord("fig-1", 0, "Figure 1", legend=LONG),))
STATEMENT = ParsedFile("list", events=(EventRecord(DocIds(pmid="9"), "integrity", "retraction"),))
LINK = ParsedFile("record", aliases=(DocIds(pmcid="PMC7", pmid="9"),))


def statements(parsed: ParsedFile, raw: str = "list") -> Tables:
    return rows_of(parsed, origin("retractions:2026-11-20:1", raw))


def freeze(index: Index, rows: Tables, night: dt.date = NIGHT) -> Frozen:
    frozen = Freezer(index, night).run(rows)
    for unit, counts in frozen.counts.items():
        assert counts.balances, unit
    index.apply(index.seq + 1, f"md5-{index.seq + 1}", night, frozen.rows)
    return frozen


def ids_by_label(frozen: Frozen) -> dict[object, object]:
    return {r["label"]: r["figure_id"] for r in frozen.rows["figures"]}


def test_the_same_night_again_adds_nothing(index: Index) -> None:
    first = freeze(index, tables(published(article("10.5555/a", LONG))))
    again = freeze(index, tables(published(article("10.5555/a", LONG))), NIGHT + dt.timedelta(1))
    assert first.has_news
    assert not again.has_news
    assert again.counts["document"].unchanged == 1
    assert again.counts["figure"].unchanged == 1


def test_the_same_content_twice_in_a_run_is_a_duplicate(index: Index) -> None:
    rows = tables(published(article("10.5555/a", LONG)), published(article("10.5555/a", LONG), where=origin(raw="r2")))
    frozen = freeze(index, rows)
    assert frozen.counts["document"].duplicate == 1
    assert len(frozen.rows["documents"]) == 1


def test_a_correction_that_inserts_a_figure_keeps_all_other_ids(index: Index) -> None:
    one, two = "First legend with words of its own here", "Second legend that speaks of something else entirely"
    freeze(index, tables(published(article("10.5555/a", one, two))))
    later = freeze(
        index, tables(published(article("10.5555/a", one, "An inserted legend", two))), NIGHT + dt.timedelta(1)
    )
    assert ids_by_label(later) == {
        "Figure 1": "10.5555/a#fig-1",
        "Figure 2": "10.5555/a#fig-2-b",
        "Figure 3": "10.5555/a#fig-2",
    }


def test_any_order_gives_the_same_rows(tmp_path: Path) -> None:
    parts = [
        published(article("10.5555/a", LONG)),
        published(article("10.5555/b", LONG, "x")),
        curation(curated("10.5555/a", LONG, "eight")),
    ]
    results = []
    for seed in range(6):
        index = Index(tmp_path / f"{seed}.db")
        shuffled = parts[:]
        random.Random(seed).shuffle(shuffled)
        rows = tables(*shuffled)
        for table in rows:
            random.Random(seed).shuffle(rows[table])
        frozen = Freezer(index, NIGHT).run(rows)
        results.append({t: sort_rows(t, r) for t, r in frozen.rows.items()})
    assert all(r == results[0] for r in results)


def test_train_document_that_shares_a_legend_with_test_is_excluded(index: Index) -> None:
    dois = [f"10.5555/{i}" for i in range(400)]
    train = next(d for d in dois if split_of(d) == "train")
    test = next(d for d in dois if split_of(d) == "test")
    freeze(index, tables(published(article(train, LONG))))
    later = freeze(index, tables(published(article(test, LONG.replace(" ", " ", 1)))), NIGHT + dt.timedelta(1))
    exclusions = [r for r in later.rows["splits"] if r["kind"] == "exclusion"]
    assert [(r["doc_id"], r["reason"]) for r in exclusions] == [(train, f"shares a legend with {test} (test)")]


def test_a_revised_annotation_supersedes_only_when_its_key_is_greater(index: Index) -> None:
    old, new = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    freeze(index, tables(curation(curated("10.5555/a", LONG, "eight", date=new))))
    freeze(index, tables(curation(curated("10.5555/a", LONG, "words", date=old))), NIGHT + dt.timedelta(1))
    key = index.current_key("10.5555/a#cur-curation-fig-1")
    assert key is not None
    assert key.stamp == "2026-02-01"


def test_benchmark_is_written_once_and_again_after_a_retraction(index: Index) -> None:
    dois = [d for i in range(400) if split_of(d := f"10.5555/{i}") == "test"][:4]
    figures = [curated(d, f"{LONG} {d}", "eight", "words") for d in dois]
    frozen = Freezer(index, NIGHT).run(tables(curation(*figures)))
    with index.preview(1, NIGHT, frozen.rows):
        rows = next_benchmarks(index, 4, 8)
    assert {(r["task"], r["benchmark_version"]) for r in rows} == {("ner", 1)}
    frozen.rows["benchmark"] = rows
    index.apply(1, "m", NIGHT, frozen.rows)
    assert next_benchmarks(index, 4, 8) == []
    event = {"event_id": "e", "doc_id": dois[0], "kind": "integrity", "event": "retraction", "event_date": None}
    with index.preview(2, NIGHT, {"document_events": [event]}):
        after = next_benchmarks(index, 4, 8)
    assert {r["benchmark_version"] for r in after} == {2}
    assert {str(r["doc_id"]) for r in after} == set(dois[1:])


def test_a_rebuilt_index_equals_one_brought_forward(tmp_path: Path) -> None:
    forward, rebuilt = Index(tmp_path / "a.db"), Index(tmp_path / "b.db")
    nights = [tables(published(article("10.5555/a", LONG))), tables(curation(curated("10.5555/a", LONG, "eight")))]
    frozen = [freeze(forward, rows, NIGHT + dt.timedelta(i)) for i, rows in enumerate(nights)]
    for i, part in enumerate(frozen):
        rebuilt.apply(i + 1, f"md5-{i + 1}", NIGHT + dt.timedelta(i), part.rows)
    assert forward.fingerprint() == rebuilt.fingerprint()


@pytest.mark.parametrize("order", list(itertools.permutations(["paper", "list", "link"])))
def test_a_statement_finds_its_paper_in_any_order_of_arrival(index: Index, order: tuple[str, ...]) -> None:
    parts = {"paper": published(PAPER), "list": statements(STATEMENT), "link": statements(LINK)}
    for i, name in enumerate(order):
        frozen = freeze(index, tables(parts[name]), NIGHT + dt.timedelta(i))
        if name != "paper":
            assert "documents" not in frozen.rows
            assert "splits" not in frozen.rows
    assert index.retracted() == {"pmc:7"}
    assert index.split("pmc:7") == split_of("pmc:7")


def test_a_list_delivered_again_adds_nothing(index: Index) -> None:
    both = ParsedFile("list", events=STATEMENT.events, aliases=LINK.aliases)
    assert freeze(index, tables(statements(both))).has_news
    again = freeze(index, tables(statements(both, raw="another day's list")), NIGHT + dt.timedelta(1))
    assert not again.has_news
    assert again.counts["event"].unchanged == 1


def test_one_id_alone_links_nothing() -> None:
    assert "id_aliases" not in statements(ParsedFile("record", aliases=(DocIds(pmid="9"),)))
