"""Whatever bytes arrive: a record, or a refusal in words; never another exception, a hang, or memory without bound.

Every chunk of inputs runs in a process of its own with a limit on its memory, so that a crash of libxml2 or a bomb is
seen, too. The inputs are the same in every run (tests/support/fuzz_parsers.py); seconds are CPU seconds.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fuzz_parsers
import pytest

from pipelines.core.records import Reason, Rejection
from pipelines.sources.archives import iter_members

TARGETS = sorted(fuzz_parsers.TARGETS)
#: Formats of lines or JSON: a line that cannot be read is refused alone, so fewer files are.
TEXTS = fuzz_parsers.TEXTS
QUICK, FULL, CHUNK = 500, 25_000, 5_000
MOST_S, MOST_MIB = 5.0, 300
ADDRESS_MIB = 2048
MIB = 1 << 20


def call(root: Path, *args: object) -> dict[str, Any]:
    script = root / "tests/support/fuzz_parsers.py"
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, str(script), *map(str, args)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{args[:3]} ended with {done.returncode}: {done.stderr[-2000:]}"
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def check(report: dict[str, Any]) -> None:
    assert report["failures"] == []
    assert report["peak_mib"] < MOST_MIB
    assert report["slowest_s"] <= MOST_S


def real_files(target: str, shared: Path) -> list[str]:
    """Real files as further seeds: small ones of all kinds, so that many inputs are tried in little time."""
    folders = {
        "jats": ["articles/special", "articles/plain"], "bioc": ["corpora/bioid/plain"],
        "sourcedata": ["corpora/sourcedata-fixtures"],
    }  # fmt: skip
    if target not in folders:
        return []
    found = [p for f in folders[target] for p in sorted((shared / f).rglob("*.xml")) if p.stat().st_size < 130_000]
    assert found
    return [str(p) for p in found]


@pytest.mark.parametrize("target", TARGETS)
def test_mutated_inputs_are_read_or_refused(root: Path, target: str) -> None:
    report = call(root, target, 0, QUICK, MOST_S, ADDRESS_MIB)
    check(report)
    assert report["n"] == sum(report["ends"].values()) == QUICK
    if target not in ("archive", "list"):  # their refusals are among the members and rows
        assert report["ends"]["ok"] > QUICK // 4, "most inputs must get past the XML or JSON parser"
        n_ways = 2 if target in TEXTS else 4
        assert len(report["ends"]) > n_ways, "and the others fail in many ways"


@pytest.mark.shared
@pytest.mark.parametrize("target", ["bioc", "jats", "sourcedata"])
def test_mutated_real_files_are_read_or_refused(root: Path, shared_data: Path, target: str) -> None:
    check(call(root, target, FULL, 200, MOST_S, ADDRESS_MIB, *real_files(target, shared_data)))


@pytest.mark.full
@pytest.mark.shared
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("target", TARGETS)
def test_a_hundred_thousand_mutated_inputs(root: Path, shared_data: Path, target: str) -> None:
    for start in range(0, FULL, CHUNK):
        check(call(root, target, start, CHUNK, MOST_S, ADDRESS_MIB, *real_files(target, shared_data)))


def test_the_same_number_is_the_same_input() -> None:
    for target, seeds in fuzz_parsers.SEEDS.items():
        twice = [[fuzz_parsers.make_input(target, n, seeds) for n in range(40)] for _ in range(2)]
        assert twice[0] == twice[1]
        assert len(set(twice[0])) > 30


@pytest.mark.parametrize("target", TARGETS)
def test_every_seed_is_read(target: str) -> None:
    for seed in fuzz_parsers.SEEDS[target]:
        assert fuzz_parsers.try_input(target, seed)[0] == "ok"


# what the inputs above once found


def zip_with_empty_name() -> bytes:
    """A writer refuses it, so the name is taken out of a finished archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("x", b"<a/>")
    data = sink.getvalue()
    directory = data.index(b"PK\x01\x02")
    local = data[:26] + b"\0\0" + data[28:30] + data[31:directory]
    central = (
        data[directory : directory + 28] + b"\0\0" + data[directory + 30 : directory + 46] + data[directory + 47 :]
    )
    at = central.index(b"PK\x05\x06")
    end = central[at : at + 12] + (at).to_bytes(4, "little") + len(local).to_bytes(4, "little") + b"\0\0"
    return local + central[:at] + end


def test_a_zip_member_without_a_name_is_refused_alone() -> None:
    (entry,) = iter_members(zip_with_empty_name(), "x.zip")
    assert isinstance(entry, Rejection)
    assert entry.reason == Reason.UNSAFE_ARCHIVE_MEMBER


def tar_header(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return info.tobuf()


@pytest.mark.parametrize(
    "data",
    [
        tar_header(tarfile.XHDTYPE, 512_000) + b"9" * 512_000 + bytes(1024),
        (tar_header(tarfile.XHDTYPE, 20_480) + b"9" * 20_480) * 50 + bytes(1024),
        (tar_header(tarfile.GNUTYPE_LONGNAME, 1) + b"a" + bytes(511)) * 20_000 + bytes(1024),
        (tar_header(tarfile.XGLTYPE, 512) + b"11 a=bcdef\n".ljust(512, b"\n")) * 20_000 + bytes(1024),
    ],
    ids=["one long header", "many long headers", "names upon names", "attributes upon attributes"],
)
def test_a_tar_whose_headers_never_end_is_refused_at_once(data: bytes) -> None:
    started = time.thread_time()
    (entry,) = iter_members(gzip.compress(data, mtime=0), "x.tar.gz")
    assert isinstance(entry, Rejection)
    assert entry.reason == Reason.BAD_ARCHIVE
    assert time.thread_time() - started < MOST_S


# large inputs


def big_text(size: int, before: str, after: str) -> bytes:
    return before.encode() + b"word (A) 12 " * (size // 12) + after.encode()


def big_article(size: int) -> bytes:
    front = "<article><front/><body><fig><label>Figure 1</label><caption><p>"
    return big_text(size, front, "</p></caption></fig></body></article>")


def big_bioc(size: int) -> bytes:
    before, after = fuzz_parsers.BIOC[1].split(fuzz_parsers.BLOT)
    return big_text(size, before, after)


def big_sourcedata(size: int) -> bytes:
    before, after = fuzz_parsers.SOURCEDATA[0].split("Blot of", 1)
    return big_text(size, before, after)


def big_archive(size: int) -> bytes:
    """A tar.gz, or where it is small enough to be read whole a zip, with one large member."""
    sink = io.BytesIO()
    data = big_article(size)
    with tarfile.open(fileobj=sink, mode="w:gz", compresslevel=1) as archive:
        info = tarfile.TarInfo("big.xml")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def big_record(size: int) -> bytes:
    return big_text(size, '{"id": "1", "source": "MED", "inEPMC": "', '"}')


def big_line(before: str, after: str) -> Callable[[int], bytes]:
    return lambda size: big_text(size, before, after)


MAKERS: dict[str, Callable[[int], bytes]] = {
    "archive": big_archive, "bioc": big_bioc, "jats": big_article, "sourcedata": big_sourcedata,
    "bioc-json": big_line('{"documents": [{"id": "1", "passages": [{"offset": 0, "text": "', '"}]}]}'),
    "pubannotation": big_line('{"denotations": [], "text": "', '"}'),
    "pubtator": big_line("1|t|", ""), "conll": big_line("a\tO\nb", "\tO\n"),
    "jsonl": big_line('{"labels": ["O"], "words": ["a"], "text": "', '"}'),
    "record": big_record,
}  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize("target", sorted(MAKERS))
def test_a_text_of_200_mb_is_refused_at_once(root: Path, tmp_path: Path, target: str) -> None:
    path = tmp_path / "big"
    path.write_bytes(MAKERS[target](200 * MIB))
    report = call(root, target, "file", 1, MOST_S, ADDRESS_MIB, path)
    assert report["failures"] == []
    assert report["slowest_s"] <= MOST_S
    assert report["peak_mib"] < 1024
    assert target == "archive" or list(report["ends"]) == ["refused: too_large"]


FIGURE = "<fig><label>Figure 1</label><caption><p>Legend</p></caption></fig>"
PANELS = "".join(
    fuzz_parsers.bioc_document(f"Figure_1-{chr(65 + i % 26)}", f"{fuzz_parsers.BLOT} {i}") for i in range(1500)
)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("jats", f"<article><front/><body>{FIGURE * 20_000}</body></article>"),
        ("jats", f"<article><front/><body><fig-group>{FIGURE * 20_000}</fig-group></body></article>"),
        ("bioc", f"<collection>{PANELS}</collection>"),
        ("bioc", fuzz_parsers.BIOC[1].replace(fuzz_parsers.BLOT, "word (A) é 12 " * 500_000)),
        ("bioc", fuzz_parsers.BIOC[1].replace(fuzz_parsers.BLOT, "A" + "\u0301" * 100_000)),
        ("sourcedata", fuzz_parsers.SOURCEDATA[0].replace("Blot of", "A" + "\u0301" * 100_000, 1)),
        ("sourcedata", fuzz_parsers.SOURCEDATA[0].replace("Blot of", "word (A) é 12 " * 500_000, 1)),
        ("sourcedata", fuzz_parsers.SOURCEDATA[0].replace(fuzz_parsers.TAG, fuzz_parsers.TAG * 3000, 1)),
    ],
    ids=["figures under one label", "figures of one group", "panels of one figure", "a long text", "marks",
         "marks too", "a long text too", "tags on one panel"],
)  # fmt: skip
def test_what_grows_faster_than_the_file_is_bounded(target: str, text: str) -> None:
    ended, seconds = fuzz_parsers.try_input(target, text.encode())
    assert ended in ("ok", "refused: too_large")
    assert seconds < MOST_S / 2
