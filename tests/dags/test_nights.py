"""Which night a run stands for. The module is loaded alone: it needs no Airflow, and importing Airflow writes files."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow_home import CHECKOUT

AFTER = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def nights() -> ModuleType:
    path = CHECKOUT / "plugins" / "nightcap_airflow" / "nights.py"
    spec = importlib.util.spec_from_file_location("nights_alone", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def context(**more: Any) -> dict[str, Any]:
    """As Airflow 3 gives it: a run started by hand or by an asset has no key logical_date at all."""
    return {"params": {"date": None}, "dag_run": SimpleNamespace(run_after=AFTER), **more}


def test_parameter_comes_first(nights: ModuleType) -> None:
    given = context(params={"date": "2026-10-01"}, logical_date=AFTER)
    assert nights.night_of("nightly_corpus", given) == "2026-10-01"


def test_logical_date_counts_in_utc(nights: ModuleType) -> None:
    east = datetime(2026, 11, 21, 2, 0, tzinfo=timezone(timedelta(hours=5)))
    assert nights.night_of("nightly_corpus", context(logical_date=east)) == "2026-11-20"


def test_run_by_hand_keeps_its_night_after_midnight(nights: ModuleType) -> None:
    """Taken from the run, not from the clock: a retry after midnight is the same night."""
    assert nights.night_of("nightly_corpus", context()) == "2026-11-21"
    assert nights.night_of("nightly_corpus", context(logical_date=None)) == "2026-11-21"


@pytest.mark.parametrize("flow", ["retrain_tagger", "reload_predictions", "maintenance"])
def test_other_flows_have_no_night(nights: ModuleType, flow: str) -> None:
    assert nights.night_of(flow, context(logical_date=AFTER)) is None
