"""The night reports that `reload_predictions.report` has written, for whoever shows them (Airflow's UI does)."""

from __future__ import annotations

import re

from pipelines.clients.objectstore import open_part
from pipelines.settings import Settings

_NAME = re.compile(r"night-(\d{4}-\d\d-\d\d)(?:\.(\d+))?\.html")
_KEY = re.compile(r"\d{4}-\d\d-\d\d(?:\.\d+)?")


def list_report_keys(settings: Settings) -> list[str]:
    """Run keys (D, D.1, …) that have a report, newest night first."""
    names = [info.key for info in open_part(settings, "reports").iter_objects("night-")]
    found = [match for name in names if (match := _NAME.fullmatch(name))]
    newest_first = sorted(found, key=lambda m: (m[1], int(m[2] or 0)), reverse=True)
    return [match[0].removeprefix("night-").removesuffix(".html") for match in newest_first]


def read_docs(settings: Settings, key: str, name: str) -> bytes | None:
    """A page of the Data Docs of a run, None where there is none; only names that are there are ever read."""
    store = open_part(settings, "reports")
    wanted = f"docs/{key}/{name}"
    found = {i.key for i in store.iter_objects(f"docs/{key}/")} if _KEY.fullmatch(key) else set()
    return store.read(wanted) if wanted in found else None


def read_report(settings: Settings, key: str) -> bytes | None:
    """The page of a run key, None where there is none. Only keys that `list_report_keys` gives are looked for: what
    comes from an address never becomes a path."""
    if key not in list_report_keys(settings):
        return None
    return open_part(settings, "reports").read(f"night-{key}.html")
