"""What a document's status is: by all statements about it, in any order of arrival, in the views and in the index."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from small_corpus import SmallCorpus, corpus_files, home_settings

from pipelines.clients.corpus_repo import CorpusFile
from pipelines.clients.warehouse import attach_corpus, connect
from pipelines.core.hashing import short_hash
from pipelines.core.records import DocIds, EventRecord, ParsedFile
from pipelines.corpus.freeze import Freezer
from pipelines.corpus.index import Index
from pipelines.corpus.manifest import version_files
from pipelines.ingest.rows import Origin, rows_of

NIGHT = dt.date(2026, 11, 20)
DOC = "10.5555/a"
DATES = (None, "2020-01-01", "2021-01-01", "2022-01-01")
Statement = tuple[str, str | None]


def records(statements: list[Statement], source: str) -> ParsedFile:
    """The statements as a list names them: the paper by one of its ids or another."""
    targets = {"one": DocIds(doi=DOC), "two": DocIds(pmid="9")}
    events = tuple(
        EventRecord(targets[source], "integrity", event, dt.date.fromisoformat(date) if date else None)
        for event, date in statements
    )
    return ParsedFile("list", events=events, aliases=(DocIds(doi=DOC, pmid="9"),))


def status_of(folder: Path, nights: list[ParsedFile]) -> str:
    """Each file frozen on a night of its own; the index must say what the view says."""
    index, files = Index(folder / "index.db"), list[CorpusFile]()
    for n, parsed in enumerate(nights):
        origin = Origin("retractions", f"retractions:{n}:1", f"raw {n}", 1, None, True, "me", "machine")
        frozen = Freezer(index, NIGHT + dt.timedelta(n)).run(rows_of(parsed, origin))
        for relpath, data in version_files(frozen.rows, NIGHT + dt.timedelta(n), 0).items():
            path = folder / relpath
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            night = (NIGHT + dt.timedelta(n)).isoformat()
            files.append(CorpusFile(relpath.split("/")[0], night, 0, n + 1, relpath, short_hash(data.hex()), path))
        index.apply(n + 1, f"md5 {n}", NIGHT + dt.timedelta(n), frozen.rows)
    con = connect(home_settings(folder / "home"))
    attach_corpus(con, files)
    found = con.execute("SELECT doc_id, status FROM cur.status").fetchall()
    con.close()
    assert [row[0] for row in found] == [DOC]
    assert (index.retracted() == {DOC}) == (found[0][1] == "retracted")
    return str(found[0][1])


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ([("retraction", "2020-01-01")], "retracted"),
        ([("retraction", None)], "retracted"),
        ([("retraction", "2020-01-01"), ("reinstatement", "2021-01-01")], "current"),
        ([("retraction", "2021-01-01"), ("reinstatement", "2020-01-01")], "retracted"),
        ([("retraction", "2021-01-01"), ("reinstatement", "2021-01-01")], "retracted"),
        ([("retraction", None), ("reinstatement", "2021-01-01")], "current"),
        ([("retraction", None), ("reinstatement", None)], "retracted"),
        ([("retraction", "2020-01-01"), ("reinstatement", None)], "retracted"),
        ([("retraction", "2020-01-01"), ("reinstatement", "2021-01-01"), ("retraction", "2022-01-01")], "retracted"),
        ([("retraction", "2020-01-01"), ("reinstatement", "2021-01-01"), ("correction", None)], "corrected"),
        ([("expression_of_concern", "2022-01-01"), ("reinstatement", "2021-01-01")], "concern"),
        ([("expression_of_concern", "2020-01-01"), ("reinstatement", "2021-01-01")], "current"),
        ([("expression_of_concern", "2020-01-01"), ("correction", "2021-01-01")], "concern"),
        ([("retraction", "2020-01-01"), ("expression_of_concern", "2022-01-01")], "retracted"),
        ([("correction", None)], "corrected"),
        ([("addendum", None)], "current"),
    ],
)  # fmt: skip
def test_the_rule(tmp_path: Path, statements: list[Statement], status: str) -> None:
    assert status_of(tmp_path, [records(statements, "one")]) == status


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["retraction", "reinstatement", "expression_of_concern", "correction"]),
            st.sampled_from(DATES),
            st.sampled_from(["one", "two"]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_of_arrival_gives_the_same_status(
    tmp_path_factory: pytest.TempPathFactory, statements: list[tuple[str, str | None, str]], rng: random.Random
) -> None:
    nights = [records([(event, date)], source) for event, date, source in statements]
    found = set()
    for _ in range(3):
        found.add(status_of(tmp_path_factory.mktemp("order"), nights))
        rng.shuffle(nights)
    assert len(found) == 1


def test_a_change_of_licence_is_an_event_in_any_order(tmp_path: Path) -> None:
    def revision(night: str, stated: str, licence: str) -> SmallCorpus:
        version = SmallCorpus(night)
        version.publication(DOC, [], licence=licence, stated_date=dt.date.fromisoformat(stated), title=licence,
                            licence_evidence=f"it is {licence}")  # fmt: skip
        return version

    stated = [("2026-01-01", "tdm_only"), ("2026-02-01", "tdm_only"), ("2026-03-01", "open")]
    found = []
    for number, order in enumerate((stated, stated[::-1])):
        versions = [revision(f"2026-11-{18 + n}", *words) for n, words in enumerate(order)]
        con = connect(home_settings(tmp_path / "home"))
        attach_corpus(con, corpus_files(tmp_path / str(number), *versions))
        found.append(con.execute("SELECT event_id, event, event_date, detail FROM cur.licence_changes").fetchall())
        con.close()
    assert found[0] == found[1]
    assert [row[1:] for row in found[0]] == [
        ("licence_change", dt.date(2026, 3, 1), "from tdm_only to open: it is open")
    ]
