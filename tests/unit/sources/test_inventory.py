"""Listings of article versions: what a comparison finds, and that nothing is lost where only a part is taken."""

from __future__ import annotations

import gzip
import random

import pytest

from pipelines.errors import TransientError
from pipelines.sources.inventory import (
    Listing,
    build_listing,
    compare,
    dump_listing,
    etag_hash,
    iter_inventory,
    load_listing,
    without,
)

Rows = dict[tuple[int, int], str]


def listing_of(rows: Rows) -> Listing:
    found = [(f"metadata/PMC{n}.{v}.json", etag) for (n, v), etag in rows.items()]
    random.Random(len(rows)).shuffle(found)
    return build_listing(found)


def as_dict(listing: Listing) -> dict[int, tuple[int, int]]:
    rows = zip(listing.articles.tolist(), listing.versions.tolist(), listing.etags.tolist(), strict=True)
    return {n: (v, e) for n, v, e in rows}


def test_the_highest_version_counts_and_other_keys_are_passed_over() -> None:
    rows = [("metadata/PMC7.2.json", "b"), ("metadata/PMC7.10.json", "c"), ("metadata/PMC7.1.json", "a"),
            ("metadata/PMC12.1.json", '"d"'), ("metadata/csv/list.csv", "x"), ("PMC7.1/PMC7.1.json", "x")]  # fmt: skip
    assert as_dict(build_listing(rows)) == {7: (10, etag_hash("c")), 12: (1, etag_hash("d"))}
    assert len(build_listing(())) == 0


def test_what_a_comparison_finds() -> None:
    before = listing_of({(1, 1): "a", (2, 1): "b", (3, 1): "c", (4, 1): "d"})
    now = listing_of({(1, 1): "a", (2, 1): "B", (3, 2): "c", (5, 1): "e"})
    found = compare(before, now, 10)
    assert list(as_dict(found.fresh)) == [5, 3, 2]
    assert found.vanished.tolist() == [4]
    assert as_dict(found.after) == as_dict(listing_of({(1, 1): "a", (2, 1): "B", (3, 2): "c", (5, 1): "e"}))


def test_articles_asked_for_in_vain_are_fresh_again_and_come_last() -> None:
    now = [(f"metadata/PMC{n}.2.json", "c") for n in (1, 3, 5, 7)]
    before = without(build_listing(now), [5, 7])
    assert before.articles.tolist() == [1, 3, 5, 7]
    found = compare(load_listing(dump_listing(before)), build_listing([*now, ("metadata/PMC4.1.json", "d")]), 2)
    assert (found.fresh.articles.tolist(), found.n_left) == ([4, 7], 1)
    again = compare(found.after, build_listing([*now, ("metadata/PMC4.1.json", "d")]), 2)
    assert (again.fresh.articles.tolist(), again.n_left) == ([5], 0)


def test_a_listing_survives_its_file() -> None:
    rows = {(n, n % 3): f"etag {n}" for n in range(1, 2000)}
    assert as_dict(load_listing(dump_listing(listing_of(rows)))) == as_dict(listing_of(rows))
    assert len(load_listing(None)) == 0
    assert len(load_listing(dump_listing(build_listing(())))) == 0


@pytest.mark.parametrize("seed", range(20))
def test_nights_that_take_a_part_each_take_everything_in_the_end(seed: int) -> None:
    """Random changes over random nights with a small cap: in the end what is known is what is there, and each change
    was taken while it was there."""
    rng = random.Random(seed)
    there: Rows = {}
    known = build_listing(())
    for _ in range(8):
        for _ in range(rng.randrange(6)):
            n = rng.randrange(1, 15)
            highest = max((v for m, v in there if m == n), default=0)
            if rng.random() < 0.2:
                there = {(m, v): e for (m, v), e in there.items() if m != n}
            else:
                there[n, highest + rng.randrange(2) or 1] = f"{rng.random()}"
        found = compare(known, listing_of(there), 3)
        assert len(found.fresh) <= 3
        was, is_now, after = as_dict(known), as_dict(listing_of(there)), as_dict(found.after)
        taken = as_dict(found.fresh)
        assert all(taken[n] == is_now[n] != was.get(n) for n in taken)
        assert set(found.vanished.tolist()) == was.keys() - is_now.keys()
        assert found.n_left == len([n for n in is_now if is_now[n] != was.get(n)]) - len(taken)
        assert after == {n: v for n, v in ({**was, **taken}).items() if n in is_now}
        known = load_listing(dump_listing(found.after))
    while len((found := compare(known, listing_of(there), 3)).fresh):
        known = found.after
    assert as_dict(known) == as_dict(listing_of(there))


def test_columns_are_found_by_the_schema_and_old_rows_left_out() -> None:
    data = gzip.compress(
        b'"metadata/PMC1.1.json","2026-01-02T00:00:00Z","b","e1"\n"x%20y","2026-01-01T23:59:59Z","b","e2"\n'
    )
    assert list(iter_inventory(data, "Key, LastModifiedDate, Bucket, ETag")) == [
        ("metadata/PMC1.1.json", "e1"), ("x y", "e2"),
    ]  # fmt: skip
    assert [e for _, e in iter_inventory(data, "Key, LastModifiedDate, Bucket, ETag", "2026-01-02")] == ["e1"]


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip", gzip.compress(b"a,b,c,d\n" * 1000)[:-9], gzip.compress(b"a,b\n")],
    ids=["empty", "no gzip", "cut short", "too few columns"],
)
def test_a_damaged_file_is_an_error(data: bytes) -> None:
    with pytest.raises(TransientError, match="damaged or cut short"):
        list(iter_inventory(data, ""))


def test_a_schema_without_the_columns_is_an_error() -> None:
    with pytest.raises(TransientError, match="ETag are needed"):
        list(iter_inventory(gzip.compress(b"a,b\n"), "Bucket, Key"))
