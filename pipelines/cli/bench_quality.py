"""`nightcap bench quality`: all suites over a generated night, beside one query by hand that finds the same bad rows.

The night is made from a seed: curated figures with 50 annotations each, of which a stated share is bad in each of 15
ways. The query names the failing annotations with the rules that they break; that it finds what the suites find is
checked before anything is timed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from pipelines.cli.bench_pairs import describe_machine, median_ratio, spread
from pipelines.clients.warehouse import Connection, connect, read_sql
from pipelines.core.tables import corpus_schema
from pipelines.errors import PermanentError
from pipelines.quality.night_rows import NightRows
from pipelines.quality.run_suites import SuiteRunner, frame_of, projection_of
from pipelines.quality.step import check_rows, register
from pipelines.quality.suites import build_suites
from pipelines.settings import Settings

Say = Callable[[str], None]
_SQL = "cli/sql"
_NIGHT = dt.date(2026, 1, 2)
SEED, SHARE, KINDS = 1, 0.0005, 15


def generate_night(con: Connection, rows: int, share: float = SHARE) -> dict[str, pa.Table]:
    """Tables as the step parse leaves them, the same for the same number of rows."""
    made: dict[str, pa.Table] = {}
    numbers: dict[str, float] = {"rows": rows, "seed": SEED}
    made["figures"] = con.execute(read_sql(_SQL, "generate_figures"), numbers).to_arrow_table()
    con.register("figures", made["figures"])
    for name in ("panels", "documents", "deliveries"):
        made[name] = con.execute(read_sql(_SQL, f"generate_{name}")).to_arrow_table()
    numbers["share"] = share
    made["annotations"] = con.execute(read_sql(_SQL, "generate_annotations"), numbers).to_arrow_table()
    con.unregister("figures")
    return {s.table: _with_all_columns(made.get(s.table), s.table) for s in build_suites()}


def _with_all_columns(rows: pa.Table | None, table: str) -> pa.Table:
    """The rows in the corpus schema; columns that were not generated are null, or empty where they may not be."""
    n = rows.num_rows if rows is not None else 0
    empty: dict[Any, object] = {pa.string(): "", pa.bool_(): False}
    columns: dict[str, Any] = {}
    for field in corpus_schema(table):
        if rows is not None and field.name in rows.schema.names:
            columns[field.name] = rows[field.name].cast(field.type)
        elif field.nullable:
            columns[field.name] = pa.nulls(n, field.type)
        else:
            default = [] if pa.types.is_list(field.type) else empty.get(field.type, 0)
            columns[field.name] = pa.array([default] * n, field.type)
    return pa.table(columns).append_column("row_id", pa.array(range(n), pa.int64()))


def _time(work: Callable[[], object]) -> dict[str, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return {"wall_s": round(time.perf_counter() - wall, 4), "cpu_s": round(time.process_time() - cpu, 4)}


def measure_quality(settings: Settings, *, rows: int, runs: int, say: Say) -> dict[str, Any]:
    """The whole benchmark as one object (architecture, section 10). Errors: as `compare`."""
    imported = _time(SuiteRunner().prepare)["wall_s"]
    with contextlib.closing(connect(settings)) as con:
        tables = generate_night(con, rows)
        register(con, settings, _NIGHT, NightRows(tables, [], {}))
        runner, query = SuiteRunner(), read_sql(_SQL, "find_bad_annotations")
        runner.prepare()

        def ours() -> NightRows:
            night = NightRows(tables, [], {})
            check_rows(con, runner, night)
            return night

        def by_hand() -> pa.Table:
            return con.sql(query).to_arrow_table()

        found = compare(ours(), by_hand())
        say(f"{found['bad_rows']} bad annotations of {rows}, the same by both; the import took {imported:.1f} s")
        pairs = []
        for i in range(runs):
            first, second = (by_hand, ours) if i % 2 else (ours, by_hand)
            times = {f.__name__: _time(f) for f in (first, second)}
            pairs.append(times)
            say(f"pair {i + 1}/{runs}: {times['ours']['wall_s']:.2f} s against {times['by_hand']['wall_s']:.2f} s")
        breakdown = _break_down(con, runner)
    return {"compared": {"rows": rows, "seed": SEED, "share_bad_by_kind": SHARE, "kinds": KINDS, **found,
                         "clock": "wall time, warm; the import of the library is told apart"},
            **_report(pairs), "breakdown": breakdown, "import_s": imported,
            "machine": describe_machine("great-expectations", "duckdb", "pandas"), "runs": pairs}  # fmt: skip


def _report(pairs: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    wall, cpu = ([[p[who][clock] for p in pairs] for who in ("ours", "by_hand")] for clock in ("wall_s", "cpu_s"))
    return {"ratio_vs_sql": median_ratio(*wall), "ratio_vs_sql_cpu": median_ratio(*cpu),
            "seconds": {"nightcap": spread(wall[0]), "sql": spread(wall[1])}}  # fmt: skip


def compare(night: NightRows, by_hand: pa.Table) -> dict[str, Any]:
    """{bad_rows, findings, by_rule, rejected, rules, suites}; PermanentError where the two find different rows."""
    mine = {(r, o.rule.name) for o in night.outcomes if o.suite == "annotations" for r in o.row_ids}
    theirs = {(row["row_id"], rule) for row in by_hand.to_pylist() for rule in row["rules"]}
    if mine != theirs:
        raise PermanentError(
            f"the suites and the query by hand differ: {sorted(mine ^ theirs)[:5]} are found by one alone; bring "
            " cli/sql/find_bad_annotations.sql in step with quality/suites.py"
        )
    return {
        "bad_rows": len({r for r, _ in mine}), "findings": len(mine), "rejected": len(night.rejected["annotations"]),
        "by_rule": dict(sorted(Counter(rule for _, rule in mine).items())),
        "rules": sum(len(s.rules) for s in build_suites()), "suites": len(build_suites()),
    }  # fmt: skip


def _break_down(con: Connection, runner: SuiteRunner) -> dict[str, float]:
    """Wall seconds of the parts, in one more pass over all suites: what DuckDB works out, the frame, the library."""
    spent: Counter[str] = Counter()
    for suite in build_suites():
        started = time.perf_counter()
        checked = con.sql(read_sql("quality/sql", suite.table)).project(projection_of(suite)).to_arrow_table()
        columns = time.perf_counter()
        frame = frame_of(suite, checked)
        framed = time.perf_counter()
        runner.run(suite, frame)
        spent.update({"columns_by_duckdb_s": columns - started, "frame_s": framed - columns,
                      "great_expectations_s": time.perf_counter() - framed})  # fmt: skip
    return {k: round(v, 3) for k, v in spent.items()}


def render_quality(report: Mapping[str, Any]) -> None:
    """The report as a table for a person."""
    from rich.table import Table

    from pipelines.cli.common import table_console

    compared, machine, out = report["compared"], report["machine"], table_console()
    out.print(f"{compared['rows']} annotations, {compared['bad_rows']} of them bad; {compared['rules']} rules in "
              f"{compared['suites']} suites; {len(report['runs'])} pairs on {machine['cpu']}, {machine['cores']} "
              f"cores, load {machine['load_1min']}")  # fmt: skip
    table = Table("what", "median", "min", "max")
    lines = {
        "all suites against one query by hand, times its time": report["ratio_vs_sql"],
        "the same in CPU time": report["ratio_vs_sql_cpu"],
        "all suites, seconds": report["seconds"]["nightcap"], "the query, seconds": report["seconds"]["sql"],
    }  # fmt: skip
    for words, numbers in lines.items():
        table.add_row(words, *[f"{numbers[k]:g}" for k in ("median", "min", "max")])
    out.print(table)
    parts = ", ".join(f"{name.removesuffix('_s').replace('_', ' ')} {s:g} s" for name, s in report["breakdown"].items())
    out.print(f"of which: {parts}; import of the library, not counted: {report['import_s']:g} s")
