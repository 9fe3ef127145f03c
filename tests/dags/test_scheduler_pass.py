"""One night of the sample through the real DAGs under a real scheduler: what `make demo` does, for one night.

What `airflow dags test` allows, a real task may not (it has no metadata database); and only a real scheduler turns
asset events into runs.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow_home import CHECKOUT, Components, clean_environ

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Home and output of a demo of one night."""
    home = tmp_path_factory.mktemp("demo") / "home"
    words = [sys.executable, str(CHECKOUT / "infra" / "local" / "demo.py"), "--home", str(home), "--nights", "1"]
    try:
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=1400,
            env=clean_environ(),
        )
        assert done.returncode == 0, done.stdout
        yield home, done.stdout
    finally:
        Components(home / "airflow", {}).stop_marked()


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """From Airflow's own database, of which nobody is the owner any more."""
    with closing(sqlite3.connect(home / "airflow" / "airflow.db")) as connection:
        return connection.execute(query).fetchall()


def test_assets_started_the_other_flows(demo: tuple[Path, str]) -> None:
    home, _ = demo
    runs = rows(home, "select dag_id, run_type, state from dag_run")
    assert ("nightly_corpus", "manual", "success") in runs
    assert ("retrain_tagger", "asset_triggered", "success") in runs
    assert ("reload_predictions", "asset_triggered", "success") in runs
    assert {state for _, _, state in runs} == {"success"}


def test_every_event_was_used(demo: tuple[Path, str]) -> None:
    home, _ = demo
    events = {name for (name,) in rows(home, "select a.name from asset_event e join asset a on a.id = e.asset_id")}
    assert {"corpus", "night", "analytics"} <= events
    assert rows(home, "select count(*) from asset_dag_run_queue") == [(0,)]


def test_dags_did_not_change_between_parses(demo: tuple[Path, str]) -> None:
    """A DAG whose serialised form differs from parse to parse gets a new version each time."""
    home, _ = demo
    versions = dict(rows(home, "select dag_id, count(*) from dag_version group by 1"))
    assert versions == dict.fromkeys(("maintenance", "nightly_corpus", "reload_predictions", "retrain_tagger"), 1)


def test_screen_says_what_happened(demo: tuple[Path, str]) -> None:
    _, screen = demo
    for part in ("synthetic", "What came in", "What was rejected, and why", "Models on the benchmark", "nightcap sql"):
        assert part in screen


def test_tables_can_be_asked(demo: tuple[Path, str]) -> None:
    home, _ = demo
    words = [sys.executable, "-m", "pipelines", "sql", "select count(*) as n from documents", "--format", "json"]
    done = subprocess.run([*words, "--home", str(home)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["n"] >= 120


def test_no_process_is_left(demo: tuple[Path, str]) -> None:
    home, _ = demo
    assert list(Components(home / "airflow", {}).iter_marked()) == []
