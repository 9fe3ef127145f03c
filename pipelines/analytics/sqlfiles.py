"""The SQL of publish: one file a statement, run over a connection that the step opened."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Protocol


class Connection(Protocol):
    """What this stage needs of a DuckDB connection; the stage itself never opens one."""

    def execute(self, query: str, parameters: object = ..., /) -> Any: ...


def sql(name: str) -> str:
    """Text of analytics/sql/<name>.sql."""
    return (resources.files("pipelines") / "analytics" / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def run_sql(con: Connection, name: str, parameters: Mapping[str, object] | None = None) -> None:
    """Run a file of sql/ with bound parameters."""
    if parameters:
        con.execute(sql(name), dict(parameters))
    else:
        con.execute(sql(name))
