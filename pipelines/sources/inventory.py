"""What a bucket of article versions holds, as its daily inventory lists it, and what has changed since the last night.

Eight million articles fit: a listing is three arrays, sorted by article, of 16 bytes an article, and a comparison works
on whole arrays. Only the highest version of an article counts. Pure.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import TransientError

METADATA_KEY = re.compile(r"metadata/PMC(\d{1,9})\.(\d{1,5})\.json")
_VERSION_BITS = 17
#: In the place of an etag, which it is not.
_ASKED_IN_VAIN = np.uint64(0)
_COLUMNS = ("bucket", "key", "lastmodifieddate", "etag")

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Listing:
    """One row an article, sorted: its number in PMC, the version (highest), and a hash of the metadata's etag."""

    articles: U32
    versions: U32
    etags: U64

    def __len__(self) -> int:
        return len(self.articles)

    def at(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Listing:
        return Listing(self.articles[rows], self.versions[rows], self.etags[rows])


@dataclass(frozen=True)
class Difference:
    """`fresh`: rows of the new listing that are new or changed, the newest article first; `vanished`: articles that are
    gone; `after`: what is known once the fresh rows have been taken."""

    fresh: Listing
    n_left: int
    vanished: U32
    after: Listing


def etag_hash(etag: str) -> int:
    return int.from_bytes(hashlib.blake2b(etag.strip('"').encode(), digest_size=8).digest(), "big")


def build_listing(rows: Iterable[tuple[str, str]]) -> Listing:
    """The highest version of each article, from (key, etag) of the metadata files in any order; other keys are passed
    over."""
    codes, etags = array("Q"), array("Q")
    for key, etag in rows:
        if match := METADATA_KEY.fullmatch(key):
            codes.append((int(match[1]) << _VERSION_BITS) | int(match[2]))
            etags.append(etag_hash(etag))
    code, etag_of = np.frombuffer(codes, np.uint64), np.frombuffer(etags, np.uint64)
    order = np.argsort(code, kind="stable")
    article = (code >> np.uint64(_VERSION_BITS)).astype(np.uint32)[order]
    highest = order[np.append(article[1:] != article[:-1], True)[: len(article)]]
    code = code[highest]
    version = (code & np.uint64((1 << _VERSION_BITS) - 1)).astype(np.uint32)
    return Listing((code >> np.uint64(_VERSION_BITS)).astype(np.uint32), version, etag_of[highest])


def compare(before: Listing, now: Listing, most: int) -> Difference:
    """What is to be taken, at most so many articles; the rest stays as it was known, so that it is fresh again. What an
    earlier night asked for in vain (`without`) comes last: it takes no other article's place.

    `now` is used up: it becomes what is known after.
    """
    at = np.minimum(np.searchsorted(before.articles, now.articles), max(len(before) - 1, 0))
    was_there = before.articles[at] == now.articles if len(before) else np.zeros(len(now), bool)
    is_same = was_there.copy()
    if len(before):
        is_same &= (before.versions[at] == now.versions) & (before.etags[at] == now.etags)
    fresh = np.flatnonzero(~is_same)[::-1]
    if len(before):
        is_again = was_there & (before.etags[at] == _ASKED_IN_VAIN)
        fresh = fresh[np.argsort(is_again[fresh], kind="stable")]
    left = fresh[most:]
    taken, vanished = now.at(fresh[:most]), np.setdiff1d(before.articles, now.articles, assume_unique=True)
    known_left = left[was_there[left]]
    now.versions[known_left], now.etags[known_left] = before.versions[at[known_left]], before.etags[at[known_left]]
    is_known = np.ones(len(now), bool)
    is_known[left[~was_there[left]]] = False
    after = now if is_known.all() else now.at(is_known)
    return Difference(taken, len(left), vanished, after)


def without(after: Listing, articles: Iterable[int]) -> Listing:
    """`after` with these articles as asked for in vain: the next comparison finds them fresh, after all others."""
    is_again = np.isin(after.articles, np.array(sorted(articles), np.uint32))
    return Listing(after.articles, after.versions, np.where(is_again, _ASKED_IN_VAIN, after.etags))


def dump_listing(listing: Listing) -> bytes:
    """A listing as Parquet, about 9 bytes an article."""
    table = pa.table(
        {"article": listing.articles, "version": listing.versions.astype(np.uint32), "etag": listing.etags}
    )
    sink = io.BytesIO()
    pq.write_table(
        table, sink, compression="zstd", use_dictionary=["version"],
        column_encoding={"article": "DELTA_BINARY_PACKED", "etag": "PLAIN"},
    )  # fmt: skip
    return sink.getvalue()


def load_listing(data: bytes | None) -> Listing:
    """The listing of `dump_listing`; an empty one where there is none yet."""
    if data is None:
        return build_listing(())
    table = pq.read_table(io.BytesIO(data))
    return Listing(*(table[name].to_numpy() for name in ("article", "version", "etag")))


def iter_inventory(data: bytes, schema: str, since: str = "") -> Iterator[tuple[str, str]]:
    """(key, etag) of one gzipped CSV file of an inventory, which has no header: `schema` names its columns as the
    manifest does ("Bucket, Key, LastModifiedDate, ETag"). Rows last modified before `since` (YYYY-MM-DD) are left out.

    Errors: TransientError where the file is damaged or cut short.
    """
    key, modified, etag = _columns(schema)
    if not data:
        raise TransientError("a file of the inventory is damaged or cut short: it is empty; run again later")
    try:
        with gzip.open(io.BytesIO(data), "rt", encoding="utf-8", newline="") as lines:
            for row in csv.reader(lines):
                if row and row[modified][:10] >= since:
                    yield unquote(row[key]), row[etag]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, IndexError, csv.Error) as error:
        raise TransientError(f"a file of the inventory is damaged or cut short: {error}; run again later") from error


def _columns(schema: str) -> tuple[int, int, int]:
    names: Sequence[str] = [n.strip().lower() for n in schema.split(",") if n.strip()] or _COLUMNS
    try:
        return names.index("key"), names.index("lastmodifieddate"), names.index("etag")
    except ValueError as error:
        raise TransientError(
            f"the inventory has the columns {schema}: Key, LastModifiedDate, ETag are needed"
        ) from error
