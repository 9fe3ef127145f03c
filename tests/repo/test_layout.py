"""The shape of the repository: what stands where, and what may not."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pipelines.core import tables
from pipelines.flows.execute import FLOWS, step_names

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "pipelines").rglob("*.py")) + sorted((ROOT / "plugins").rglob("*.py"))


def tracked() -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return done.stdout.split()


def test_top_level_holds_what_it_should() -> None:
    expected = {
        "dags",
        "plugins",
        "pipelines",
        "data.dvc",
        "mlflow",
        "tests",
        "infra",
        "pyproject.toml",
        "README.md",
        "Makefile",
        "constraints.txt",
        ".dvc",
        ".ci",
        ".gitignore",
        ".dvcignore",
        ".pre-commit-config.yaml",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
    }
    assert {name.partition("/")[0] for name in tracked()} - {".secrets.baseline"} == expected


def test_the_mlflow_folder_does_not_shadow_the_library() -> None:
    import mlflow

    assert not list((ROOT / "mlflow").rglob("*.py"))
    assert mlflow.__file__ is not None
    assert "site-packages" in mlflow.__file__


def test_configurations_have_equal_keys() -> None:
    def keys(name: str) -> set[str]:
        data = tomllib.loads((ROOT / "pipelines" / "config" / f"{name}.toml").read_text())
        return {f"{s}.{k}" for s, values in data.items() for k in values}

    assert keys("demo") == keys("nightly")


def test_steps_are_the_words_of_the_architecture() -> None:
    assert {flow: step_names(flow) for flow in FLOWS} == {
        "nightly_corpus": ["pull", "parse", "check", "freeze", "close"],
        "retrain_tagger": ["select", "train", "score", "gate"],
        "reload_predictions": ["predict", "link", "publish", "report", "feedback"],
        "maintenance": ["verify", "compact", "gc"],
    }


def test_every_table_and_column_has_a_comment() -> None:
    for layer in ("corpus", "out"):
        for table in tables.load_tables(layer).values():
            assert table.comment, table.name
            assert all(c.comment for c in table.columns), table.name


def test_constraints_pin_everything_and_name_no_registry() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-]+==[^=\s/]+", line) for line in lines)
    assert "torch==2.13.0" in lines


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(n.name, (n.end_lineno or 0) - n.lineno + 1) for n in ast.walk(tree) if isinstance(n, kinds)]


def test_functions_and_modules_stay_short() -> None:
    lengths = [(f"{p.relative_to(ROOT)}:{name}", n) for p in MODULES for name, n in functions(p)]
    assert [f for f in lengths if f[1] > 50] == []
    counts = sorted(n for _, n in lengths)
    assert counts[len(counts) // 2] <= 15
    assert [str(p) for p in MODULES if len(p.read_text().splitlines()) > 400] == []


def test_only_step_modules_of_a_stage_meet_services() -> None:
    stages = ("sources", "ingest", "quality", "corpus", "train", "registry", "predict", "link", "analytics", "feedback")
    found = [
        str(p.relative_to(ROOT))
        for s in stages
        for p in (ROOT / "pipelines" / s).rglob("*.py")
        if p.name != "step.py" and re.search(r"^\s*(from|import) pipelines\.clients", p.read_text(), re.M)
    ]
    assert found == []


def test_no_test_patches_the_product() -> None:
    needle = "patch(" + '"pipelines'
    assert [str(p) for p in (ROOT / "tests").rglob("*.py") if needle in p.read_text()] == []


def test_importing_any_module_has_no_side_effect(tmp_path: Path) -> None:
    names = [
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for p in sorted((ROOT / "pipelines").rglob("*.py"))
        if p.name != "__main__.py"
    ]
    code = (
        "import importlib, os, sys\n"
        f"for name in {names!r}:\n    importlib.import_module(name)\n"
        "assert os.listdir('.') == [], os.listdir('.')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_models_can_be_trained_where_the_rest_of_the_stack_is_missing(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('lxml', 'duckdb', 'mlflow', 'dvc', 'boto3', 'airflow', 'great_expectations', 'rich'):\n"
        "    sys.modules[name] = None\n"
        "import pipelines.train, pipelines.predict, pipelines.taggers\n"
        "import pipelines.train.task, pipelines.train.encoder_fit\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
