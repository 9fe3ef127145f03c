"""A connection of Airflow reaches a step as settings in its environment."""

from __future__ import annotations

import json

import pytest

from nightcap_airflow.connections import connection_environment
from pipelines.settings import load


def test_a_connection_fills_the_settings_of_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "http", "login": "ann", "password": "s3cret"}  # pragma: allowlist secret
    monkeypatch.setenv("AIRFLOW_CONN_SOURCEDATA_API", json.dumps(connection))
    config = load(connection_environment(), "/nowhere", "nightly").sources.sourcedata_api
    assert (config.user, config.password) == ("ann", "s3cret")
    assert "s3cret" not in repr(config)


def test_without_the_connection_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SOURCEDATA_API", raising=False)
    assert connection_environment() == {}
