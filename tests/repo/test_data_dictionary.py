from __future__ import annotations

from pathlib import Path

from pipelines.analytics.dictionary import render
from pipelines.core.tables import load_tables


def test_the_data_dictionary_is_what_the_schemas_say(root: Path) -> None:
    assert (root / "infra/docs/data_dictionary.md").read_text() == render(), (
        "run: python -c \"from pipelines.analytics.dictionary import render; print(render(), end='')\" "
        "> infra/docs/data_dictionary.md"
    )


def test_every_table_and_column_is_in_it() -> None:
    page = render()
    for table in load_tables("out").values():
        assert f"## {table.name}\n\n{table.comment}" in page
        assert all(f"| `{c.name}` | {c.type} |" in page for c in table.columns)
