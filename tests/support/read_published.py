"""A reader of analytics.duckdb in a process of its own: keeps one connection, opens others, until told to stop.

Says on stdout, as one JSON object, what it saw: errors, mixtures of two generations, queries, generations.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

#: One query over several tables: all must be of one generation.
QUERY = """
select m.generation, m.corpus_version, (select count(*) from documents), (select count(*) from mentions),
       (select max(n.night)::varchar from nights n), (select any_value(model_version) from mentions),
       (select count(distinct model_version) from mentions)
from meta m
"""


def look(path: Path, stop: Path) -> dict[str, Any]:
    seen: dict[str, tuple[Any, ...]] = {}
    out: dict[str, Any] = {"errors": [], "mixed": 0, "queries": 0, "reopened": 0}
    kept = duckdb.connect(str(path), read_only=True)
    first = kept.sql(QUERY).fetchone()
    while not stop.exists():
        try:
            with duckdb.connect(str(path), read_only=True) as fresh:
                row = fresh.sql(QUERY).fetchone()
            again = kept.sql(QUERY).fetchone()
        except Exception as error:
            out["errors"].append(f"{type(error).__name__}: {error}")
            continue
        assert row is not None
        out["queries"] += 2
        out["mixed"] += row != seen.setdefault(row[0], row) or row[6] > 1 or again != first
        if out["queries"] % 20 == 0:
            kept.close()
            kept = duckdb.connect(str(path), read_only=True)
            first = kept.sql(QUERY).fetchone()
            out["reopened"] += 1
    return {**out, "generations": {k: list(v) for k, v in seen.items()}}


if __name__ == "__main__":
    print(json.dumps(look(Path(sys.argv[1]), Path(sys.argv[2])), default=str))
