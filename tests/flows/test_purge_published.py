"""A document of the sample purged by the command after its tables were published: analysts see it no more, nor can."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from killing import run_nightcap, run_steps

pytestmark = pytest.mark.timeout(1200)


def query(home: Path, sql: str) -> list[dict[str, object]]:
    rows = json.loads(run_nightcap("sql", sql, "--format", "json", "--home", str(home)).stdout)
    assert isinstance(rows, list)
    return rows


def test_tables_are_published_without_it_and_older_ones_are_gone(
    before_second_freeze: Path, small_nights: list[dict[str, str]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(before_second_freeze, home, symlinks=True)
    run_steps(home, small_nights[1], ["pull", "freeze", "close"])
    run_nightcap("run", "reload_predictions", "--home", str(home))
    before = query(home, "SELECT doc_id FROM documents ORDER BY doc_id")
    doc_id = str(
        query(home, "SELECT doc_id FROM figures WHERE legend IS NOT NULL ORDER BY doc_id LIMIT 1")[0]["doc_id"]
    )
    [old] = [p for p in (home / "analytics").glob("analytics-*.duckdb")]
    said = run_nightcap("corpus", "purge", doc_id, "--why", "order", "--yes", "--json", "--home", str(home)).stdout
    done = json.loads(said.splitlines()[-1])
    assert done["tables"]["exit_code"] == 0
    assert done["tables"]["dropped"] == [old.name.removesuffix(".duckdb")]
    assert not old.exists()
    after = query(home, "SELECT doc_id FROM documents ORDER BY doc_id")
    assert after == [r for r in before if r["doc_id"] != doc_id]
    assert query(home, "SELECT corpus_version FROM meta") == [{"corpus_version": done["version"]}]
    run_nightcap("corpus", "verify", "--home", str(home))
    again = run_nightcap("corpus", "purge", doc_id, "--why", "order", "--yes", "--json", "--home", str(home)).stdout
    assert json.loads(again.splitlines()[-1])["is_new"] is False
