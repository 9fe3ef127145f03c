"""Analysts' queries while publishes go on: never an error, never a mixture of two nights or two models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from publish_world import NER, make_home, write_predictions
from small_corpus import close_night, home_settings

from pipelines.analytics.step import run_publish
from pipelines.core.runs import Run

VERSION = "corpus/2026-11-18"
PUBLISHES = 20


def test_readers_hold_and_reopen_the_file_during_twenty_publishes(root: Path, tmp_path: Path) -> None:
    settings = home_settings(tmp_path / "home")
    make_home(settings)
    write_predictions(settings, VERSION, {"ner": NER}, "m0")
    run_publish(settings, Run("reload_predictions", "0"))
    stop, script = tmp_path / "stop", root / "tests" / "support" / "read_published.py"
    command = [sys.executable, str(script), str(settings.path("analytics", "analytics.duckdb")), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for n in range(1, PUBLISHES + 1):
            # every other publish is a new night, the others a new model
            if n % 2:
                close_night(settings, f"2026-12-{n:02d}", VERSION)
            else:
                write_predictions(settings, VERSION, {"ner": NER[: -n % 10 + 1]}, f"m{n}")
            assert run_publish(settings, Run("reload_predictions", str(n))).skipped is None
    finally:
        stop.touch()
    reports = []
    for reader in readers:
        said, errors = reader.communicate(timeout=120)
        assert reader.returncode == 0, errors
        reports.append(json.loads(said))
    for report in reports:
        assert report["errors"] == []
        assert report["mixed"] == 0
        assert report["queries"] > PUBLISHES
        assert len(report["generations"]) >= 3
