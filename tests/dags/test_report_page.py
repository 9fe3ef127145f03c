"""The night report in Airflow's UI, on a real API server: apps of plugins are mounted without authentication."""

from __future__ import annotations

import httpx
import pytest
from airflow_home import RunningAirflow

PAGE = "<!doctype html><title>Nightcap</title>"


@pytest.fixture
def address(airflow: RunningAirflow) -> str:
    for key, text in (("2026-11-19", "older"), ("2026-11-20", "first"), ("2026-11-20.1", "newest")):
        path = airflow.home / "reports" / f"night-{key}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(PAGE + text)
    (airflow.home / "reports" / "secret.html").write_text("secret")
    docs = airflow.home / "reports" / "docs" / "2026-11-20"
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "index.html").write_text("Data Docs")
    return f"{airflow.client.url}/nightcap"


def get(address: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(address, headers=headers, timeout=60.0, trust_env=False)


@pytest.mark.parametrize("path", ["/", "/2026-11-20", "/nothing", "/docs/2026-11-20/index.html"])
def test_nothing_is_shown_without_a_login(address: str, path: str) -> None:
    assert get(address + path).status_code == 401
    assert get(address + path, "not.a.token").status_code in (401, 403)


def test_newest_night_is_shown_first(airflow: RunningAirflow, address: str) -> None:
    token = airflow.client.token()
    assert get(f"{address}/", token).text == PAGE + "newest"
    answer = get(f"{address}/2026-11-19", token)
    assert answer.text == PAGE + "older"
    assert get(f"{address}/docs/2026-11-20/index.html", token).text == "Data Docs"
    assert get(f"{address}/docs/2026-11-20/..%2f..%2fsecret.html", token).status_code == 404
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("key", ["2026-11-21", "secret", "..%2Fsecret", "%2e%2e%2fairflow%2fsecrets.json"])
def test_what_is_no_report_is_not_found(airflow: RunningAirflow, address: str, key: str) -> None:
    assert get(f"{address}/{key}", airflow.client.token()).status_code == 404


def test_page_is_in_the_menu(airflow: RunningAirflow) -> None:
    plugins = airflow.client.call("GET", "/plugins")["plugins"]
    views = [view["name"] for plugin in plugins if plugin["name"] == "nightcap" for view in plugin["external_views"]]
    assert views == ["Night report"]
