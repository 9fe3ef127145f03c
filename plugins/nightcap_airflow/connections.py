"""Credentials: Airflow's connections reach a step through its environment, never through arguments or files."""

from __future__ import annotations

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

#: Connection id → its fields → the settings that they fill.
CONNECTIONS = {
    "sourcedata_api": {
        "login": "NIGHTCAP_SOURCES__SOURCEDATA_API__USER",
        "password": "NIGHTCAP_SOURCES__SOURCEDATA_API__PASSWORD",
    }
}


def connection_environment() -> dict[str, str]:
    """Variables for a step from the connections that are there; what a connection leaves empty is left out."""
    out = {}
    for conn_id, fields in CONNECTIONS.items():
        try:
            connection = Connection.get(conn_id)
        except AirflowNotFoundException:
            continue
        values = {variable: getattr(connection, name) for name, variable in fields.items()}
        out.update({variable: str(value) for variable, value in values.items() if value})
    return out
