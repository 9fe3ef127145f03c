"""Registers Nightcap with Airflow."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class NightcapPlugin(AirflowPlugin):
    """The name under which `airflow plugins` lists it."""

    name = "nightcap"
