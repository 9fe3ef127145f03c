"""Registers Nightcap with Airflow: the night report as a page of its UI."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from nightcap_airflow.report_page import ReportPage

_PREFIX = "/nightcap"


class NightcapPlugin(AirflowPlugin):
    """The name under which `airflow plugins` lists it."""

    name = "nightcap"
    fastapi_apps = [{"name": "nightcap", "app": ReportPage(), "url_prefix": _PREFIX}]
    external_views = [
        {"name": "Night report", "href": f"{_PREFIX}/", "url_route": "night-report", "destination": "nav"},
    ]
