"""Freeze: what a night adds, by rows in and rows out, over a real index."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from pathlib import Path

import pytest

from pipelines.core.gold import layer_id
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
from pipelines.corpus.benchmark import corrected_benchmark, next_benchmarks
from pipelines.corpus.freeze import Freezer, Frozen
from pipelines.corpus.index import Index
from pipelines.corpus.step import _id_warning
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
    key = index.current_key(layer_id("10.5555/a#cur-curation-fig-1", "me", "curator"))
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


def doi_in(split: str, start: int = 0) -> str:
    return next(d for d in (f"10.5555/{split}{i}" for i in range(start, 1000)) if split_of(d) == split)


def twin_statement(preprint: str, article: str) -> DocumentRecord:
    """The article, which says what its preprint was."""
    said = EventRecord(DocIds(doi=preprint), "identity", "preprint_of", None, "preprint")
    return DocumentRecord(DocIds(doi=article), title="T", events=(said,))


@pytest.mark.parametrize("stating_split", ["train", "test"])
@pytest.mark.parametrize("order", [("stating", "other"), ("other", "stating"), ("both",)])
def test_a_twin_in_test_keeps_the_other_out_of_training_in_any_order(
    index: Index, order: tuple[str, ...], stating_split: str
) -> None:
    train, test = doi_in("train"), doi_in("test")
    stating, other = (train, test) if stating_split == "train" else (test, train)
    rows = {
        "stating": published(twin_statement(other, stating)),
        "other": published(article(other, "Short words"), where=origin(raw="r2")),
    }
    rows["both"] = tables(rows["stating"], rows["other"])
    for n, name in enumerate(order):
        freeze(index, tables(rows[name]), NIGHT + dt.timedelta(days=n))
    assert index.is_excluded(train)
    assert not index.is_excluded(test)


@pytest.mark.parametrize("order", [("preprint", "article"), ("article", "preprint")])
def test_a_preprint_that_names_its_article_is_its_twin(index: Index, order: tuple[str, ...]) -> None:
    train, test = doi_in("train"), doi_in("test")
    said = EventRecord(DocIds(doi=train), "identity", "preprint_of", None, "published", notice=DocIds(doi=test))
    rows = {
        "preprint": published(DocumentRecord(DocIds(doi=train), title="T", events=(said,))),
        "article": published(article(test, "Short words"), where=origin(raw="r2")),
    }
    for n, name in enumerate(order):
        frozen = freeze(index, tables(rows[name]), NIGHT + dt.timedelta(days=n))
        for event in frozen.rows.get("document_events", ()):
            assert (event["doc_id"], event["notice_id"]) == (train, test)
    assert index.is_excluded(train)


def test_a_twin_that_goes_by_another_id_is_found(index: Index) -> None:
    train, test = doi_in("train"), doi_in("test")
    by_pmid = DocumentRecord(DocIds(doi=test, pmid="77"), title="T")
    freeze(index, tables(published(by_pmid)))
    said = EventRecord(DocIds(pmid="77"), "identity", "preprint_of", None, "preprint")
    stating = DocumentRecord(DocIds(doi=train), title="U", events=(said,))
    freeze(index, tables(published(stating, where=origin(raw="r2"))), NIGHT + dt.timedelta(days=1))
    assert index.is_excluded(train)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_equal_date_and_version_the_newer_parser_wins_whatever_the_hash(
    index: Index, order: tuple[int, ...]
) -> None:
    """Contents are tried until the older parser's has the greater hash: the hash alone would keep the old reading."""
    date = dt.date(2026, 1, 1)
    readings: dict[int, Tables] = {}
    for title in map(str, range(100)):
        readings = {
            v: tables(published(article("10.5555/p", "One", title=f"{v}{title}"), where=origin(raw="r", date=date)))
            for v in (1, 2)
        }
        for v, rows in readings.items():
            rows["documents"][0]["parser_version"] = v
        if str(readings[1]["documents"][0]["record_sha256"]) > str(readings[2]["documents"][0]["record_sha256"]):
            break
    for n, v in enumerate(order):
        freeze(index, readings[v], NIGHT + dt.timedelta(days=n))
    key = index.current_key("10.5555/p")
    assert key is not None
    assert (key.parser, key.sha) == (2, readings[2]["documents"][0]["record_sha256"])


def test_equal_content_from_a_newer_parser_is_unchanged(index: Index) -> None:
    for version in (1, 2):
        rows = tables(published(article("10.5555/p", LONG), where=origin(date=dt.date(2026, 1, 1))))
        for row in (*rows["documents"], *rows["figures"]):
            row["parser_version"] = version
        frozen = freeze(index, rows, NIGHT + dt.timedelta(days=version))
    assert frozen.rows == {}


def test_a_delivery_is_written_once(index: Index) -> None:
    freeze(index, tables(published(article("10.5555/p", LONG))))
    again = freeze(index, tables(published(article("10.5555/q", LONG), where=origin(raw="r2"))))
    assert "deliveries" not in again.rows


def test_a_bumped_benchmark_holds_todays_gold_of_the_same_documents(index: Index) -> None:
    test, later = doi_in("test"), doi_in("test", 500)
    night, other = "curation:2026-11-20:1", "curation:2026-11-21:1"
    freeze(index, tables(curation(curated(test, LONG, "eight"), where=origin(night))))
    first = {"benchmark": next_benchmarks(index, 1, 1)}
    index.apply(index.seq + 1, "md5-b", NIGHT, first)
    assert corrected_benchmark(index, "ner", "why")[0] == []
    day = NIGHT + dt.timedelta(days=1)
    fixed = curation(curated(test, LONG, "eight", "words"), where=origin(other, "r2"))
    freeze(index, tables(fixed, curation(curated(later, LONG + " too", "eight"), where=origin(other, "r3"))), day)
    rows, said = corrected_benchmark(index, "ner", "why")
    assert [(r["benchmark_version"], r["doc_id"], r["n_spans"], r["reason"]) for r in rows] == [(2, test, 2, "why")]
    assert (said["changed"], said["gone"]) == (1, 0)
    assert corrected_benchmark(index, "roles_gene", "why") == ([], {"why": "no benchmark yet"})
    index.apply(index.seq + 1, "md5-c", day, {"benchmark": rows})
    assert corrected_benchmark(index, "ner", "why")[0] == []


TRAIN = next(f"10.1101/{i}" for i in itertools.count() if split_of(f"10.1101/{i}") == "train")
TEST = next(f"10.5555/{i}" for i in itertools.count() if split_of(f"10.5555/{i}") == "test")
TWINS = {
    "preprint": published(article(TRAIN, "A legend of the preprint and of nothing else at all")),
    "article": published(article(TEST, "A legend that the journal had rewritten from the start")),
    "twins": rows_of(ParsedFile("record", events=(EventRecord(
        DocIds(local_id="PPR1"), "identity", "preprint_of", None, "Preprint in", DocIds(pmid="9", doi=TEST)),)),
        origin("europepmc:2026-11-20:1", "one")),
    "ids": rows_of(ParsedFile("record", aliases=(DocIds(doi=TRAIN, local_id="PPR1"),)),
                   origin("europepmc:2026-11-20:1", "two")),
}  # fmt: skip


@pytest.mark.parametrize("order", itertools.permutations(TWINS))
def test_a_preprint_is_not_trained_on_while_its_article_tests(index: Index, order: tuple[str, ...]) -> None:
    for i, part in enumerate(order):
        freeze(index, tables(TWINS[part]), NIGHT + dt.timedelta(i))
    assert index.is_excluded(TRAIN)
    assert not index.is_excluded(TEST)


def test_twins_that_come_in_one_night_are_seen(index: Index) -> None:
    frozen = freeze(index, tables(*TWINS.values()))
    reasons = {r["doc_id"]: r["reason"] for r in frozen.rows["splits"] if r["kind"] == "exclusion"}
    assert reasons == {TRAIN: f"preprint twin of {TEST} (test)"}


def test_other_content_with_the_same_date_is_told(index: Index) -> None:
    date = dt.date(2026, 1, 1)
    assert not freeze(index, tables(curation(curated("10.5555/a", LONG, "eight", date=date)))).ties
    tie = {"10.5555/a#cur-curation-fig-1"}
    later = NIGHT + dt.timedelta(1)
    assert freeze(index, tables(curation(curated("10.5555/a", LONG, "words", date=date))), later).ties == tie
    newer = curation(curated("10.5555/a", LONG, "eight", date=date, version=1))
    assert not freeze(index, tables(newer), later).ties
    undated = curation(curated("10.5555/b", LONG, "eight"), curated("10.5555/b", LONG, "words"))
    assert not freeze(index, tables(undated), later).ties


def test_an_id_that_two_papers_state_is_told(index: Index) -> None:
    documents = tuple(DocumentRecord(DocIds(doi=f"10.5555/r.{n}", pmid="31000002"), title="T") for n in (3, 2))
    frozen = Freezer(index, NIGHT).run(rows_of(ParsedFile("jats", documents), origin()))
    assert frozen.doubtful == {"pmid:31000002": ["10.5555/r.2", "10.5555/r.3"]}
    assert "pmid:31000002 names 10.5555/r.2 alone" in _id_warning(frozen)
    assert {r["doc_id"] for r in frozen.rows["documents"]} == {"10.5555/r.2", "10.5555/r.3"}
