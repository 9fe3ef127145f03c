"""DuckDB: the only place that opens it. Every connection gets its limits; every value that may be code is bound."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.clients.corpus_repo import CorpusFile
from pipelines.core.tables import CORPUS_TABLES, load_tables
from pipelines.errors import PermanentError, UsageError
from pipelines.settings import Settings

Connection = duckdb.DuckDBPyConnection


def connect(settings: Settings, database: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A read-write connection with memory, thread and spill limits set; in memory without a path."""
    temporary = settings.path("tmp", "duckdb")
    temporary.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.analytics.memory_limit,
        "threads": settings.analytics.threads,
        "temp_directory": str(temporary),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    return duckdb.connect(str(database) if database else ":memory:", config=config)


def open_readonly(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """A published file, safe for any SQL: it can read nothing else, write nothing and change no setting."""
    if not path.exists():
        raise UsageError(f"nothing is published yet at {path}: run `nightcap night` (or `make demo`) first")
    temporary = settings.path("tmp", "duckdb")
    temporary.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(str(path), read_only=True, config={"autoinstall_known_extensions": False})
    try:
        con.execute("SET memory_limit = ?", [settings.analytics.memory_limit])
        con.execute("SET threads = ?", [settings.analytics.threads])
    except duckdb.Error as error:
        raise UsageError(f"settings analytics.memory_limit or analytics.threads: {error}") from error
    con.execute("SET temp_directory = ?", [str(temporary)])
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def read_sql(folder: str, name: str) -> str:
    """A .sql file shipped with the package, by its folder below pipelines/ and its name."""
    return (resources.files("pipelines") / folder / f"{name}.sql").read_text()


def _empty_select(table: str) -> str:
    columns = ", ".join(f"NULL::{c.type} AS {c.name}" for c in load_tables("corpus")[table].columns)
    return f"SELECT {columns}, NULL::DATE AS night, NULL::BIGINT AS seq, NULL::INTEGER AS part"


def _create_corpus_view(
    con: duckdb.DuckDBPyConnection, table: str, files: Sequence[CorpusFile], through_seq: int | None
) -> None:
    """One view over files of three ages: without columns that came later, and rewritten ones with their own origin."""
    mine = [f for f in files if f.table == table]
    if not mine:
        con.execute(f"CREATE VIEW corpus.{table} AS {_empty_select(table)} WHERE false")
        return
    columns = ", ".join(f"p.{c.name}::{c.type} AS {c.name}" for c in load_tables("corpus")[table].columns)
    names = dict.fromkeys(str(f.path) for f in mine)  # files with equal bytes are one in the cache
    paths = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    read = f"read_parquet([{paths}], filename = true, union_by_name = true, hive_partitioning = false)"
    origin = [f"coalesce(p.{name}, f.{name}) AS {name}" for name in ("night", "seq", "part")]
    bound = "" if through_seq is None else f" WHERE coalesce(p.seq, f.seq) <= {int(through_seq)}"
    con.execute(
        f"CREATE VIEW corpus.{table} AS SELECT {columns}, {', '.join(origin)} "
        f"FROM (SELECT * FROM {read} UNION ALL BY NAME {_empty_select(table)}, NULL::VARCHAR AS filename WHERE false) "
        f"AS p JOIN corpus.files AS f ON f.path = p.filename{bound}"
    )


def attach_corpus(
    con: duckdb.DuckDBPyConnection, files: Sequence[CorpusFile], *, through_seq: int | None = None
) -> None:
    """Views over a corpus version: `corpus.<table>` (all rows with night, seq, part) and `cur.*` (current records).

    `through_seq` leaves out what later versions added: the files of a version then show an older one.

    `cur`: aliases, deliveries, document_revisions (rank 1 is current), publication_figures, curated_figures (per
    figure, sender and review stage), gold_figures (of these the one that counts), auxiliary_figures, curated_panels,
    curated_annotations, events, status, splits. Defined in schemas/current/*.sql.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS corpus")
    con.execute("CREATE SCHEMA IF NOT EXISTS cur")
    con.execute(
        "CREATE TABLE corpus.files (path VARCHAR, tbl VARCHAR, night DATE, part INTEGER, seq BIGINT, md5 VARCHAR, "
        "relpath VARCHAR)"
    )
    listing = pa.table(
        {
            "path": pa.array([str(f.path) for f in files], pa.string()),
            "tbl": pa.array([f.table for f in files], pa.string()),
            "night": pa.array([None if f.is_rewritten else f.night for f in files], pa.string()),
            "part": pa.array([f.part for f in files], pa.int32()),
            "seq": pa.array([f.seq for f in files], pa.int64()),
            "md5": pa.array([f.md5 for f in files], pa.string()),
            "relpath": pa.array([f.relpath for f in files], pa.string()),
        }
    )
    insert_arrow(con, "corpus.files", listing)
    for table in CORPUS_TABLES:
        _create_corpus_view(con, table, files, through_seq)
    folder = resources.files("pipelines") / "schemas" / "current"
    for name in sorted(p.name for p in folder.iterdir() if p.name.endswith(".sql")):
        con.execute((folder / name).read_text())


def attach_versions(
    con: duckdb.DuckDBPyConnection, before: Sequence[CorpusFile], after: Sequence[CorpusFile], *views: str
) -> None:
    """Two corpus versions in one connection: `before.corpus.*`, `before.cur.*` and `after.…`; `views` are statements
    run in each."""
    home = str(con.sql("SELECT current_database()").fetchall()[0][0])
    for name, files in (("before", before), ("after", after)):
        con.execute(f"ATTACH ':memory:' AS {name}")
        con.execute(f"USE {name}")
        attach_corpus(con, files)
        for view in views:
            con.execute(view)
    con.execute(f"USE {home}")


def insert_arrow(con: duckdb.DuckDBPyConnection, table: str, data: pa.Table) -> None:
    """Append an Arrow table by column name; texts become dates where the table says so."""
    con.register("_incoming", data)
    try:
        columns = ", ".join(data.schema.names)
        con.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM _incoming")
    finally:
        con.unregister("_incoming")


def to_arrow(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] | Mapping[str, object] = ()
) -> pa.Table:
    """Rows of a query as an Arrow table; parameters by place or by name."""
    if parameters:
        bound = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        return con.sql(query, params=bound).to_arrow_table()
    return con.sql(query).to_arrow_table()


def verify_and_sync(path: Path) -> None:
    """Refuse a file with a .wal beside it, open it read-only once, and bring it to disk."""
    if path.with_name(path.name + ".wal").exists():
        raise PermanentError(f"{path} has a .wal beside it: it was not closed cleanly and is not published")
    duckdb.connect(str(path), read_only=True).close()
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
