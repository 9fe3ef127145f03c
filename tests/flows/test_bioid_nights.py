"""Bio-ID as eight nightly deliveries with corrections, a deletion, a stale copy and a withdrawal: every annotation is
accounted for, every span holds, and the order of arrival says nothing about what is known in the end."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from bioid_nights import (
    STEPS,
    Delivery,
    corpus_md5,
    digest,
    eighths,
    home_of,
    n_annotations,
    query,
    read_bioid,
    run_night,
    with_changed_id,
    without_first,
)
from killing import kill_before

from pipelines.corpus.withdrawal.step import withdraw
from pipelines.ingest.bioc import parse_bioc
from pipelines.settings import Settings

pytestmark = [pytest.mark.shared, pytest.mark.timeout(3000)]
ALL = 96_829
NIGHTS = [f"2026-11-{d:02d}" for d in range(10, 18)]
MISTAKE = "curation:2026-11-16:2"


def plain_files(files: dict[str, bytes]) -> list[str]:
    """Files of which no panel is repeated and that hold a UniProt id: each annotation is a row of its own account."""
    return [n for n, d in files.items() if b"Uniprot:" in d and not parse_bioc(d).counts["annotation"].duplicate]


def planned(files: dict[str, bytes]) -> list[list[Delivery]]:
    """Deliveries of the eight nights. Batches state no date; what corrects an earlier one is a delivery of its own."""
    batches = eighths(files)
    nights = [[Delivery("a-batch", b)] for b in batches]
    a, b, c, d = plain_files(batches[0])[:4]
    fixed = {n: with_changed_id(files[n], "P04637") for n in (a, b)}
    nights[2].append(Delivery("corrections", fixed))
    nights[3].append(Delivery("deletion", {c: without_first(files[c])}))
    nights[4].append(Delivery("stale", {d: with_changed_id(files[d], "P00001")}, stated="2019-01-01"))
    nights[6].append(Delivery("mistake", {d: with_changed_id(files[d], "P00002")}))
    return nights


def accounts(settings: Settings) -> list[dict[str, object]]:
    paths = sorted((settings.root / "reports" / "nights").glob("*/accounting.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def total(rows: Sequence[dict[str, object]], stage: str, column: str) -> int:
    return sum(int(str(r[column])) for r in rows if r["stage"] == stage and r["unit"] == "annotation")


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.full), 4])
def test_eight_nights(every: int, shared_data: Path, tmp_path: Path) -> None:
    files = dict(list(read_bioid(shared_data).items())[::every])
    nights, settings = planned(files), home_of(tmp_path / "home")
    for night, deliveries in zip(NIGHTS, nights, strict=True):
        run_night(settings, night, deliveries)

    rows = accounts(settings)
    for r in rows:
        outcomes = ("valid", "quarantined", "duplicate", "unchanged", "ignored")
        assert r["n_in"] == sum(int(str(r[o])) for o in outcomes), r
    again = sum(n_annotations(d.files) for night in nights for d in night[1:])
    delivered = n_annotations(files)
    assert delivered == ALL or every > 1
    assert total(rows, "parse", "n_in") == delivered + again
    assert total(rows, "check", "n_in") == total(rows, "parse", "valid")
    assert total(rows, "freeze", "n_in") == total(rows, "check", "valid")

    withdraw(settings, MISTAKE, "a test", "tests")
    gold = query(
        settings,
        "SELECT a.text, a.start_offset, a.end_offset, f.legend, a.n_source_rows, a.ext_ids "
        "FROM cur.curated_annotations AS a JOIN cur.curated_figures AS f USING (figure_id, record_sha256, sender)",
    )
    assert [g for g in gold if str(g[3])[int(str(g[1])) : int(str(g[2]))] != g[0]] == []
    n_gold = sum(int(str(g[4])) for g in gold)
    doubled = sum(parse_bioc(data).counts["annotation"].duplicate for data in files.values())
    refused = total(rows, "parse", "quarantined") + total(rows, "check", "quarantined")
    assert n_gold + doubled + refused == delivered - 1  # one was deleted by a later delivery
    assert n_gold >= 0.95 * delivered
    assert refused == len([1 for p in (settings.root / "quarantine").glob("*.jsonl") for _ in p.open()])

    found = {i for g in gold for i in g[5]}  # type: ignore[attr-defined]
    assert "P04637" in found
    assert not found & {"P00001", "P00002"}, "a stale copy or a withdrawn delivery is current"


def dated(files: dict[str, bytes]) -> list[Delivery]:
    """Eight batches, two corrections of one file, a deletion and a stale copy: each states its date."""
    out = [Delivery(f"batch-{i}", batch, stated=f"2026-09-{i + 1:02d}") for i, batch in enumerate(eighths(files))]
    a, b, c = plain_files(files)[:3]
    out += [
        Delivery("first", {a: with_changed_id(files[a], "P04637")}, stated="2026-10-01"),
        Delivery("second", {a: with_changed_id(files[a], "P38398")}, stated="2026-10-02"),
        Delivery("deletion", {b: without_first(files[b])}, stated="2026-10-01"),
        Delivery("stale", {c: with_changed_id(files[c], "P00001")}, stated="2019-01-01"),
    ]
    return out


def digest_in_order(files: dict[str, bytes], seed: int, n_nights: int, home: Path) -> str:
    """The deliveries dealt to nights by chance, the nights run in an order by chance; seed 0: as they are dated."""
    dice, deliveries, nights = random.Random(seed), dated(files), NIGHTS[:n_nights]
    if seed:
        dice.shuffle(deliveries)
    dealt = [
        deliveries[i * len(deliveries) // n_nights : (i + 1) * len(deliveries) // n_nights] for i in range(n_nights)
    ]
    order = list(zip(nights, dealt, strict=True))
    if seed:
        dice.shuffle(order)
        order.sort(key=lambda night: night[0] == nights[0])  # the oldest night is backfilled last
    settings = home_of(home)
    for night, some in order:
        run_night(settings, night, some)
    found = {str(i) for (ids,) in query(settings, "SELECT ext_ids FROM cur.curated_annotations") for i in ids}  # type: ignore[attr-defined]
    assert "P38398" in found
    assert "P00001" not in found
    return digest(settings)


@pytest.fixture(scope="module")
def sixty(shared_data: Path) -> dict[str, bytes]:
    return dict(list(read_bioid(shared_data).items())[:60])


def test_dated_deliveries_in_any_order_of_nights(sixty: dict[str, bytes], tmp_path: Path) -> None:
    found = {seed: digest_in_order(sixty, seed, 2, tmp_path / f"home-{seed}") for seed in range(2)}
    assert len(set(found.values())) == 1, found


@pytest.mark.full
def test_all_dated_deliveries_in_any_order_of_nights(shared_data: Path, tmp_path: Path) -> None:
    files = read_bioid(shared_data)
    assert len({digest_in_order(files, seed, 8, tmp_path / f"home-{seed}") for seed in range(3)}) == 1


def test_one_night_written_in_another_order_and_killed(sixty: dict[str, bytes], tmp_path: Path) -> None:
    """The same deliveries of a night: written file by file backwards, stopped after parse, killed in freeze."""
    straight = home_of(tmp_path / "straight")
    run_night(straight, NIGHTS[0], dated(sixty))
    other = home_of(tmp_path / "other")
    backwards = [Delivery(d.name, dict(reversed(d.files.items())), d.stated) for d in reversed(dated(sixty))]
    run_night(other, NIGHTS[0], backwards, steps=STEPS[:2])
    run_night(other, NIGHTS[0], backwards, steps=STEPS[:3])
    freeze = ["run", "nightly_corpus", "--only", "freeze", "--run", NIGHTS[0], "--config", "nightly"]
    kill_before(other.root, freeze, 12)
    run_night(other, NIGHTS[0], backwards)
    assert corpus_md5(other) == corpus_md5(straight) != ""
    assert digest(other) == digest(straight)
