"""The DAG files as files, and as what Airflow makes of them, in a process of its own with an empty environment."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow_home import CHECKOUT

from pipelines.flows.execute import FLOWS, step_names

TASKS = {
    "nightly_corpus": ["pull", "parse", "check", "freeze", "close"],
    "retrain_tagger": ["select", "train", "score", "gate"],
    "reload_predictions": ["predict", "link", "publish", "report", "feedback"],
    "maintenance": ["verify", "compact", "gc"],
}
FILES = sorted((CHECKOUT / "dags").glob("*.py"))
HEAVY = ("torch", "transformers", "mlflow", "great_expectations", "duckdb")
_READ = """
import json, pathlib, runpy, sys, time
from airflow.sdk.definitions._internal.contextmanager import DagContext
DagContext.current_autoregister_module_name = "__main__"
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    runpy.run_path(str(path))
seconds = time.process_time()
dags = {dag.dag_id: dag for dag, _ in DagContext.autoregistered_dags}
def describe(task):
    return {"upstream": sorted(task.upstream_task_ids), "retries": task.retries, "pool": task.pool, "owner": task.owner,
            "backoff": float(task.retry_exponential_backoff), "timeout_s": task.execution_timeout.total_seconds(),
            "max_delay": task.max_retry_delay is not None, "rule": str(task.trigger_rule.value),
            "outlets": [outlet.name for outlet in task.outlets]}
print(json.dumps({"seconds": seconds, "modules": sorted({m.split(".")[0] for m in sys.modules}), "dags": {
    d.dag_id: {"tasks": {t.task_id: describe(t) for t in d.tasks}, "order": [t.task_id for t in d.topological_sort()],
               "tags": sorted(d.tags), "doc_md": d.doc_md, "max_active_runs": d.max_active_runs, "catchup": d.catchup,
               "params": sorted(d.params), "schedule": repr(d.schedule)} for d in dags.values()}}))
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process sees that has no environment but a folder for Airflow, the plugins and no checkout as its own."""
    folder = tmp_path_factory.mktemp("parsed")
    environ = {"AIRFLOW_HOME": str(folder), "PYTHONPATH": str(CHECKOUT / "plugins"), "HOME": str(folder)}
    words = [sys.executable, "-c", _READ, str(CHECKOUT / "dags")]
    done = subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_dags_and_their_tasks_are_exactly_these(parsed: dict[str, Any]) -> None:
    assert {path.stem for path in FILES} == set(TASKS), "one file a DAG, and no other file"
    assert {dag_id: dag["order"] for dag_id, dag in parsed["dags"].items()} == TASKS


def test_tasks_are_the_steps_of_the_flows() -> None:
    assert {flow: step_names(flow) for flow in FLOWS} == TASKS


def test_each_task_follows_the_one_before(parsed: dict[str, Any]) -> None:
    for dag_id, names in TASKS.items():
        before = {name: [names[i - 1]] if i else [] for i, name in enumerate(names)}
        assert {n: t["upstream"] for n, t in parsed["dags"][dag_id]["tasks"].items()} == before


def test_parsing_is_quick_and_light(parsed: dict[str, Any]) -> None:
    assert parsed["seconds"] < 3.0, "of CPU, interpreter and Airflow included: other work must not fail this test"
    assert not set(HEAVY) & set(parsed["modules"])
    assert "nightcap_airflow" in parsed["modules"], "an empty list of modules would prove nothing"


@pytest.mark.parametrize("dag_id", TASKS)
def test_dag_is_bounded_and_documented(parsed: dict[str, Any], dag_id: str) -> None:
    dag = parsed["dags"][dag_id]
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    assert [tag for tag in dag["tags"] if re.fullmatch(r"tier-[123]", tag)]
    runbook = f"infra/runbooks/{dag_id}.md"
    for part in ("**Inputs**", "**Outputs**", "**If it fails**", runbook):
        assert part in dag["doc_md"]
    text = (CHECKOUT / runbook).read_text()
    assert text.startswith(f"# {dag_id}")


@pytest.mark.parametrize("dag_id", TASKS)
def test_every_task_is_retried_with_bounds(parsed: dict[str, Any], dag_id: str) -> None:
    for task in parsed["dags"][dag_id]["tasks"].values():
        assert task["retries"] >= 1
        assert task["backoff"] == 2.0
        assert task["max_delay"] is True
        assert 0 < task["timeout_s"] <= 3 * 3600
        assert task["owner"] not in ("", "airflow")


def test_writers_have_pools_of_one_slot(parsed: dict[str, Any]) -> None:
    used = {
        f"{d}.{t}": task["pool"]
        for d, dag in parsed["dags"].items()
        for t, task in dag["tasks"].items()
        if task["pool"] != "default_pool"
    }
    assert used == {
        "nightly_corpus.freeze": "corpus_writer",
        "maintenance.compact": "corpus_writer",
        "maintenance.gc": "corpus_writer",
        "retrain_tagger.train": "gpu",
        "retrain_tagger.gate": "alias",
        "reload_predictions.publish": "publish",
    }
    pools = json.loads((CHECKOUT / "infra" / "airflow" / "pools.json").read_text())
    assert {name: pool["slots"] for name, pool in pools.items()} == dict.fromkeys(used.values(), 1)


def test_assets_join_the_flows(parsed: dict[str, Any]) -> None:
    outlets = {
        f"{d}.{t}": task["outlets"]
        for d, dag in parsed["dags"].items()
        for t, task in dag["tasks"].items()
        if task["outlets"]
    }
    assert outlets == {
        "nightly_corpus.freeze": ["corpus"],
        "nightly_corpus.close": ["night"],
        "retrain_tagger.gate": ["champion"],
        "reload_predictions.publish": ["analytics"],
    }
    schedules = {dag_id: dag["schedule"] for dag_id, dag in parsed["dags"].items()}
    assert schedules["nightly_corpus"] == "'0 2 * * *'"
    assert set(re.findall(r"nightcap://(\w+)", schedules["retrain_tagger"])) == {"corpus"}
    assert set(re.findall(r"nightcap://(\w+)", schedules["reload_predictions"])) == {"night", "champion"}
    assert "AssetAny" in schedules["reload_predictions"]


def test_close_runs_also_when_nothing_was_frozen(parsed: dict[str, Any]) -> None:
    assert parsed["dags"]["nightly_corpus"]["tasks"]["close"]["rule"] == "none_failed"


def test_only_a_night_takes_a_date(parsed: dict[str, Any]) -> None:
    params = {dag_id: dag["params"] for dag_id, dag in parsed["dags"].items()}
    assert params.pop("nightly_corpus") == ["articles", "config", "curation", "date", "force"]
    assert set(map(tuple, params.values())) == {("force",)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_dag_file_is_a_table_of_contents(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 80
    imported = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert sorted(map(str, imported)) == ["__future__", "airflow.sdk", "nightcap_airflow"]
    assert not [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.FunctionDef, ast.For, ast.If))]
    with_block = tree.body[-1]
    assert isinstance(with_block, ast.With)
    assert isinstance(with_block.body[-1], ast.Expr), "it ends with the flow as one expression"


def test_dates_are_read_in_one_place() -> None:
    """Runs started by an asset or by hand have no logical date: reading it anywhere else fails at night."""
    banned = re.compile(r"\{\{|logical_date|data_interval|\bds\b|\bts\b|settings\.Session|airflow\.models")
    sources = [*FILES, *(CHECKOUT / "plugins").rglob("*.py")]
    assert len(sources) > len(FILES) + 3
    assert [p.name for p in sources if banned.search(p.read_text())] == ["nights.py"]
