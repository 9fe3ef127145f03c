"""`nightcap bench parse`: our full extraction beside pubmed_parser and lxml.

What is compared: `parse_jats` (documents, ids, licence, events and every legend with its offsets) against
pubmed_parser's full parse (metadata, paragraphs, captions, references, tables), its captions alone, and lxml making
the tree alone. All read the same files from the same temporary folder; a file that one of them refuses is timed by
none, and is counted.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from pipelines.cli.bench_pairs import describe_machine, peak_of_process, spread
from pipelines.errors import RejectedInput, UsageError
from pipelines.settings import Settings

Parser = Callable[[str], object]
Say = Callable[[str], None]
OURS, LXML, FULL, CAPTIONS = "nightcap", "lxml", "pubmed_parser", "pubmed_parser captions"
_CHUNK, _SPEEDUP_PASSES = 8, 3  # so that handing out work does not count
_LEAST_PARSES = 200  # in one run; fewer files are read several times over
_MISSING = (
    "pubmed_parser is not installed, and there is nothing to compare with: `make install` installs it (extra dev)"
)


def ours(path: str) -> object:
    from pipelines.ingest.jats import parse_jats

    return parse_jats(Path(path).read_bytes())


def _bare_lxml(path: str) -> object:
    from lxml import etree

    return etree.parse(path)


def load_parsers() -> dict[str, Parser]:
    """Every parser that is compared, by name. Errors: UsageError where pubmed_parser is missing."""
    try:
        import pubmed_parser
    except ImportError as error:
        raise UsageError(_MISSING) from error

    def full(path: str) -> object:
        return (
            pubmed_parser.parse_pubmed_xml(path),
            pubmed_parser.parse_pubmed_paragraph(path, all_paragraph=True),
            pubmed_parser.parse_pubmed_caption(path),
            pubmed_parser.parse_pubmed_references(path),
            pubmed_parser.parse_pubmed_table(path, return_xml=False),
        )

    return {OURS: ours, LXML: _bare_lxml, FULL: full, CAPTIONS: pubmed_parser.parse_pubmed_caption}


# the files


def unpack(settings: Settings, location: str, folder: Path, limit: int) -> list[str]:
    """Copy the XML files of a location and its archives to a folder; returns their paths."""
    paths: list[str] = []
    for data in _iter_files(settings, location):
        if limit and len(paths) >= limit:
            break
        path = folder / f"{len(paths):06d}.xml"
        path.write_bytes(data)
        paths.append(str(path))
    if not paths:
        raise UsageError(f"{location} holds no .xml file and no archive with one: name the folder with --articles")
    return paths


def _iter_files(settings: Settings, location: str) -> Iterator[bytes]:
    from pipelines.clients.objectstore import open_store
    from pipelines.sources.archives import Member, is_archive, iter_members

    if not location.startswith("s3://") and not Path(location).is_dir():
        raise UsageError(f"{location} is no folder: name the folder (or s3:// prefix) that holds JATS files")
    store = open_store(location, settings)
    for item in store.iter_objects():
        if is_archive(item.key):
            members = iter_members(store.read(item.key), item.key)
            yield from (m.data for m in members if isinstance(m, Member) and _is_xml(m.name))
        elif _is_xml(item.key):
            yield store.read(item.key)


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".nxml"))


def readable_by_all(paths: Sequence[str], parsers: Mapping[str, Parser]) -> tuple[list[str], dict[str, int]]:
    """Files that no parser refuses, and for each parser how many it refused. Warms all of them up, too."""
    good, refused = [], Counter[str]()
    for path in paths:
        failed = [name for name, parse in parsers.items() if not _reads(parse, path)]
        refused.update(failed)
        if not failed:
            good.append(path)
    if not good:
        raise UsageError(f"no file is read by all parsers: {dict(refused)} of {len(paths)} files were refused")
    return good, {name: refused[name] for name in parsers}


def _reads(parse: Parser, path: str) -> bool:
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # pubmed_parser prints what it cannot read
            parse(path)
    except RejectedInput:
        return False
    except Exception:  # noqa: BLE001 - others fail with whatever their code runs into
        return False
    return True


# one core


def time_run(paths: Sequence[str], parsers: Mapping[str, Parser], shift: int) -> dict[str, dict[str, float]]:
    """CPU and wall seconds of each parser over all files: file by file in turn, another first each time."""
    names = list(parsers)
    cpu, wall = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for i, path in enumerate(paths):
        first = (i + shift) % len(names)
        for name in names[first:] + names[:first]:
            started_cpu, started = time.process_time(), time.perf_counter()
            parsers[name](path)
            wall[name] += time.perf_counter() - started
            cpu[name] += time.process_time() - started_cpu
    return {name: {"cpu_s": round(cpu[name], 4), "wall_s": round(wall[name], 4)} for name in names}


def _ratios(rows: Sequence[Mapping[str, Mapping[str, float]]], over: str, under: str) -> dict[str, float]:
    return spread([r[over]["cpu_s"] / r[under]["cpu_s"] for r in rows])


# two cores and memory


def parse_chunk(paths: Sequence[str]) -> int:
    """Parse files in a worker; returns how many documents they hold."""
    from pipelines.ingest.jats import parse_jats

    return sum(len(parse_jats(Path(p).read_bytes()).documents) for p in paths)


def peak_mib(paths: Sequence[str]) -> float:
    """Parse all files; returns the most memory that this process ever held, the interpreter included."""
    parse_chunk(paths)
    return peak_of_process()


def measure_memory(paths: Sequence[str]) -> float:
    """Peak memory in MiB of a fresh process that parses all files."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return round(pool.submit(peak_mib, list(paths)).result(), 1)


def measure_speedup(paths: Sequence[str], runs: int) -> tuple[list[float], list[float]]:
    """Wall seconds with one worker and with two, in turn; starting the workers is not counted."""
    chunks = [list(paths[i : i + _CHUNK]) for i in range(0, len(paths), _CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as one, ProcessPoolExecutor(2, mp_context=context) as two:
        for pool in (one, two):
            list(pool.map(parse_chunk, chunks))
        ones, twos = [], []
        for _ in range(runs):
            ones.append(_wall(one, chunks))
            twos.append(_wall(two, chunks))
    return ones, twos


def _wall(pool: ProcessPoolExecutor, chunks: Sequence[Sequence[str]]) -> float:
    started = time.perf_counter()
    list(pool.map(parse_chunk, chunks))
    return time.perf_counter() - started


# the report


def measure_parse(settings: Settings, location: str, *, runs: int, limit: int, say: Say) -> dict[str, Any]:
    """The whole benchmark as one object (architecture, section 10)."""
    parsers = load_parsers()
    machine = describe_machine("lxml", "pubmed-parser")
    with tempfile.TemporaryDirectory(prefix="nightcap-bench-") as name:
        paths = unpack(settings, location, Path(name), limit)
        good, refused = readable_by_all(paths, parsers)
        say(f"{len(paths)} files, {len(good)} of them read by all parsers")
        size = sum(os.path.getsize(p) for p in good)
        passes = -(-_LEAST_PARSES // len(good))
        documents = parse_chunk(good)
        rows = []
        for i in range(runs):
            rows.append(time_run(good * passes, parsers, i))
            say(f"run {i + 1}/{runs}: " + ", ".join(f"{n} {t['cpu_s']:.2f} s" for n, t in rows[-1].items()))
        peak = measure_memory(good)
        ones, twos = measure_speedup(good * passes * _SPEEDUP_PASSES, runs)
    return {
        "compared": {"files": len(paths), "timed_files": len(good), "documents": documents, "bytes": size,
                     "passes": passes, "refused_by": refused,
                     "clock": "CPU time of one process; speedup_2_cores and docs_per_s: wall"},
        "ratio_vs_pubmed_parser": _ratios(rows, FULL, OURS),
        "ratio_vs_pubmed_parser_captions": _ratios(rows, CAPTIONS, OURS),
        "ratio_vs_lxml": _ratios(rows, OURS, LXML),
        "docs_per_s": spread([documents * passes / r[OURS]["wall_s"] for r in rows]),
        "docs_per_cpu_s": spread([documents * passes / r[OURS]["cpu_s"] for r in rows]),
        "peak_mib": peak,
        "speedup_2_cores": spread([a / b for a, b in zip(ones, twos, strict=True)]),
        "machine": machine,
        "runs": rows,
    }  # fmt: skip


_LINES = (
    ("ratio_vs_pubmed_parser", "pubmed_parser's full parse takes … times our time"),
    ("ratio_vs_pubmed_parser_captions", "its captions alone take … times our time"),
    ("ratio_vs_lxml", "we take … times the time of a bare lxml parse"),
    ("docs_per_s", "documents a second, one core"),
    ("speedup_2_cores", "two cores against one, times as fast"),
)


def render_parse(report: Mapping[str, Any]) -> None:
    """The report as a table for a person."""
    from rich.table import Table

    from pipelines.cli.common import table_console

    compared, machine = report["compared"], report["machine"]
    out = table_console()
    out.print(f"{compared['timed_files']} of {compared['files']} files ({compared['bytes'] / 1e6:.1f} MB), which every "
              f"parser reads; {len(report['runs'])} runs on {machine['cpu']}, {machine['cores']} cores, "
              f"load {machine['load_1min']}")  # fmt: skip
    table = Table("what", "median", "min", "max")
    for key, words in _LINES:
        table.add_row(words, *[f"{report[key][k]:g}" for k in ("median", "min", "max")])
    table.add_row("peak memory, MiB", f"{report['peak_mib']:g}", "", "")
    out.print(table)
    refused = ", ".join(f"{name} {n}" for name, n in compared["refused_by"].items() if n)
    if refused:
        out.print(f"refused files, timed by none: {refused}")
