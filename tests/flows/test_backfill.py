"""A backfill: each night in order, oldest first, over a home that already has a newer night."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from killing import run_nightcap


def backfill(home: Path, folder: Path, first: str, last: str) -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-m", "pipelines", "run", "nightly_corpus", "--date", first, "--to", last, "--articles",
               f"{folder}/{{date}}", "--config", "demo", "--home", str(home), "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])["steps"], done.stderr


def versions(home: Path) -> list[tuple[str, int]]:
    done = run_nightcap("corpus", "log", "--home", str(home), "--json")
    found = json.loads(done.stdout.splitlines()[-1])["versions"]
    return sorted(((v["tag"], v["seq"]) for v in found), key=lambda v: v[1])


def test_nights_in_order_and_again(sample_folder: Path, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "articles"
    articles = sorted((sample_folder / "2026-11-18" / "articles").rglob("*.xml"))
    for night, path in zip(("2026-10-01", "2026-10-02", "2026-11-18"), articles, strict=False):
        (folder / night).mkdir(parents=True)
        shutil.copy(path, folder / night)
    assert backfill(home, folder, "2026-11-18", "2026-11-18")[0] == 0

    shutil.move(folder / "2026-10-02", folder / "later")
    code, steps, log = backfill(home, folder, "2026-10-01", "2026-10-02")
    assert code == 2
    assert "2026-10-02 is no folder" in log
    assert "stopped at 2026-10-02, 0 nights left" in log
    assert [s["step"] for s in steps if s["run"] == "2026-10-01"][-1] == "close"

    shutil.move(folder / "later", folder / "2026-10-02")
    code, steps, log = backfill(home, folder, "2026-10-01", "2026-10-02")
    assert code == 0
    assert "[2/2] nightly_corpus 2026-10-02" in log
    assert next(s["skipped"] for s in steps if s["step"] == "pull") == "nothing new since the last run of 2026-10-01"
    assert versions(home) == [
        ("corpus/2026-11-18", 1), ("corpus/2026-10-01", 2), ("corpus/2026-10-02", 3),
    ]  # fmt: skip
