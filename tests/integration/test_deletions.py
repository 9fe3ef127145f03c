"""A sender takes a figure back: in whatever order the nights run, the same is current."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.core.runs import Run
from pipelines.corpus.compare.step import compute_digest
from pipelines.feedback.step import read_issues
from pipelines.feedback.step import run as run_receipts
from pipelines.flows.execute import execute, step_names
from pipelines.settings import Settings, load

ARTICLE = """<article doi="10.1234/demo.1"><fig id="9"><label>Figure 2</label><sd-panel panel_id="7">(A) Western blot of
<sd-tag id="sdTag1" category="entity" entity_type="protein" role="assayed" text="{word}">{word}</sd-tag>
in cells that were starved for two hours.</sd-panel></fig></article>"""
FIRST, TAKEN_BACK, AGAIN = "2026-11-02", "2026-11-05", "2026-11-09"


def deliver(folder: Path, stated: str) -> Path:
    """What the sender says on a day: a figure, that it is no more, another version of it."""
    folder.mkdir(parents=True)
    taken = '\ndeleted = ["10.1234/demo.1#Fig. 2"]' if stated == TAKEN_BACK else ""
    (folder / "delivery.toml").write_text(f'sender = "Ann"\ndate = {stated}{taken}\n')
    if not taken:
        (folder / "demo.xml").write_text(ARTICLE.format(word="LC3" if stated == FIRST else "p62"))
    return folder.parent


def run_night(settings: Settings, night: str, curation: Path) -> None:
    for step in step_names("nightly_corpus"):
        execute(settings, "nightly_corpus", step, None, {"date": night, "curation": str(curation)})


def current(settings: Settings) -> list[tuple[str, str]]:
    con = warehouse.connect(settings)
    warehouse.attach_corpus(con, CorpusRepo(settings).files())
    rows = con.execute("SELECT text, role FROM cur.curated_annotations ORDER BY 1").fetchall()
    con.close()
    return rows


def run_nights(tmp_path: Path, stated: Sequence[str]) -> tuple[Settings, str]:
    settings = load({}, tmp_path / "home", "demo")
    for n, date in enumerate(stated):
        run_night(settings, f"2026-11-{20 + n}", deliver(tmp_path / f"night{n}" / "ann", date))
    return settings, compute_digest(settings, CorpusRepo(settings).files())


def test_what_is_taken_back_is_gone_until_it_comes_again(tmp_path: Path) -> None:
    settings, _ = run_nights(tmp_path, [FIRST])
    assert current(settings) == [("LC3", "measured")]
    run_night(settings, "2026-11-25", deliver(tmp_path / "gone" / "ann", TAKEN_BACK))
    assert current(settings) == []
    again = deliver(tmp_path / "again" / "ann", AGAIN)
    run_night(settings, "2026-11-26", again)
    assert current(settings) == [("p62", "measured")]
    before = CorpusRepo(settings).manifests()
    run_night(settings, "2026-11-27", again)
    assert len(CorpusRepo(settings).manifests()) == len(before)


def test_any_order_of_nights_ends_in_the_same_corpus(tmp_path: Path) -> None:
    """The deletion may come before what it takes back, and an older night last."""
    _, expected = run_nights(tmp_path / "a", [FIRST, TAKEN_BACK, AGAIN])
    settings, digest = run_nights(tmp_path / "b", [AGAIN, TAKEN_BACK, FIRST])
    assert digest == expected
    assert current(settings) == [("p62", "measured")]


def test_a_deletion_of_nothing_is_said_and_waits(tmp_path: Path) -> None:
    settings, _ = run_nights(tmp_path, [TAKEN_BACK])
    [issue] = read_issues(settings)
    assert (issue.unit, issue.reason, issue.status, issue.name) == (
        "deletion", "deletes_nothing", "open", "ann/delivery.toml"
    )  # fmt: skip
    run_receipts(settings, Run("reload_predictions", "r", None))
    receipt = json.loads((settings.path("outbox") / "Ann" / "curation:2026-11-20:1.json").read_text())
    assert (receipt["rejected_by_reason"], receipt["accepted"]) == ({"deletes_nothing": 1}, {"deletion": 1})
    run_night(settings, "2026-11-21", deliver(tmp_path / "older" / "ann", FIRST))
    assert current(settings) == []
    assert [i.status for i in read_issues(settings)] == ["fixed"]
    _, expected = run_nights(tmp_path / "other", [FIRST, TAKEN_BACK])
    assert compute_digest(settings, CorpusRepo(settings).files()) == expected
    assert read_issues(load({}, tmp_path / "other" / "home", "demo")) == []


def test_another_sender_keeps_his_own_and_a_bad_deletion_takes_nothing(tmp_path: Path) -> None:
    settings, _ = run_nights(tmp_path, [FIRST])
    theirs = deliver(tmp_path / "other" / "bob", TAKEN_BACK)
    (theirs / "bob" / "delivery.toml").write_text('sender = "Bob"\ndeleted = ["10.1234/demo.1#cur-curation-fig-2"]\n')
    run_night(settings, "2026-11-25", theirs)
    bad = deliver(tmp_path / "bad" / "ann", TAKEN_BACK)
    (bad / "ann" / "delivery.toml").write_text('deleted = ["Figure 2"]\n')
    run_night(settings, "2026-11-26", bad)
    assert current(settings) == [("LC3", "measured")]
    lines = (settings.path("quarantine") / "2026-11-26.jsonl").read_text()
    assert "bad_delivery" in lines
    assert "DOI#Figure 2" in lines


def test_a_file_corrected_under_its_old_date_is_newer_by_its_delivery(tmp_path: Path) -> None:
    """The date inside the file is later than the first delivery's, and earlier than the second's. By the hash alone
    the other one would be current."""

    def night(folder: Path, stated: str, word: str) -> Path:
        (deliver(folder / "ann", stated) / "ann" / "demo.xml").write_text(
            ARTICLE.format(word=word).replace("<article ", '<article date="2026-11-04" ', 1)
        )
        return folder

    found = set()
    for order in ([(FIRST, "p62"), (AGAIN, "LC3")], [(AGAIN, "LC3"), (FIRST, "p62")]):
        root = tmp_path / order[0][1]
        settings = load({}, root / "home", "demo")
        for n, (stated, word) in enumerate(order):
            run_night(settings, f"2026-11-{20 + n}", night(root / f"night{n}", stated, word))
        found.add((compute_digest(settings, CorpusRepo(settings).files()), *current(settings)))
    assert {row[1:] for row in found} == {(("LC3", "measured"),)}
    assert len(found) == 1
