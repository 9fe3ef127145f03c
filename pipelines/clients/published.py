"""Any SQL over the published file: rows in batches, DuckDB's errors as words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipelines.clients import warehouse
from pipelines.errors import UsageError
from pipelines.settings import Settings

_BATCH = 10_000


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(str(error).strip()) from error


@contextlib.contextmanager
def query_published(path: Path, settings: Settings, query: str) -> Iterator[tuple[list[str], Iterator[list[Any]]]]:
    """(column names, rows) of one query on the published file, read as they are asked for.

    Errors: UsageError with DuckDB's message where the query is wrong or wants to write; where nothing is published.
    """
    con = warehouse.open_readonly(path, settings)
    try:
        with _in_words():
            result = con.execute(query)
            if result is None or result.description is None:
                raise UsageError("the query is empty; try: from start_here")
            yield [column[0] for column in result.description], _iter_rows(result)
    finally:
        con.close()


def _iter_rows(result: duckdb.DuckDBPyConnection) -> Iterator[list[Any]]:
    with _in_words():
        while rows := result.fetchmany(_BATCH):
            yield from (list(row) for row in rows)


def select_rows(path: Path, settings: Settings, query: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
    """All rows of a query of ours with bound parameters, as dicts."""
    con = warehouse.open_readonly(path, settings)
    try:
        with _in_words():
            result = con.execute(query, dict(parameters)) if parameters else con.execute(query)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    finally:
        con.close()
