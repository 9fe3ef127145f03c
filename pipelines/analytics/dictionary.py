"""The data dictionary: what schemas/out says of every table and column, as one page."""

from __future__ import annotations

from pipelines.core.tables import Table, load_tables

_HEAD = """# Data dictionary

Generated from `pipelines/schemas/out/*.sql` by `pipelines.analytics.dictionary.render()`: change it there.

The tables of `analytics.duckdb`, in schema `out`, each also as a view without a prefix. Offsets are zero-based,
end-exclusive, in Unicode code points of `figures.legend`. Start with `from start_here`.
"""


def render() -> str:
    """The page as Markdown; equal schemas give equal text."""
    tables = load_tables("out")
    index = "".join(f"- [{t.name}](#{t.name}): {t.comment}\n" for t in tables.values())
    return "\n".join([_HEAD, index, *(_section(t) for t in tables.values())])


def _section(table: Table) -> str:
    lines = [f"## {table.name}", "", table.comment, "", "| column | type | | meaning |", "|---|---|---|---|"]
    for column in table.columns:
        null = "may be null" if column.is_nullable else ""
        lines.append(f"| `{column.name}` | {column.type} | {null} | {column.comment.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"
