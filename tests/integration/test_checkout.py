"""What is checked out is what is verified, not the newest version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from killing import run_nightcap
from small_corpus import SmallCorpus, freeze_version, home_settings

from pipelines.corpus.upkeep.step import verify_checkout
from pipelines.errors import PermanentError, UsageError
from pipelines.settings import Settings

NIGHTS = ("2026-10-05", "2026-10-06")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = home_settings(tmp_path / "home")
    for seq, night in enumerate(NIGHTS, start=1):
        version = SmallCorpus(night)
        version.publication(f"10.5555/{seq}", [("fig-1", "Figure 1", f"Legend {seq}")])
        freeze_version(settings, version, seq)
    return settings


def test_a_checkout_is_proved_as_it_lies_there(settings: Settings, tmp_path: Path) -> None:
    home = ("--home", str(settings.root))
    run_nightcap("corpus", "checkout", NIGHTS[0], *home)
    run_nightcap("corpus", "checkout", NIGHTS[0], "--to", str(tmp_path / "mine"), *home)
    here = verify_checkout(settings, tmp_path / "mine")
    assert (here["version"], here["files"], here["is_valid"]) == (f"corpus/{NIGHTS[0]}", 2, True)
    said = json.loads(run_nightcap("corpus", "verify", "--json", *home).stdout)
    assert (said["version"], said["files"]) == (f"corpus/{NIGHTS[1]}", 4)
    assert [c["version"] for c in said["checkouts"]] == [f"corpus/{NIGHTS[0]}"]
    changed = next((tmp_path / "mine" / "data" / "figures").rglob("*.parquet"))
    changed.chmod(0o644)
    changed.write_bytes(b"x" + changed.read_bytes()[1:])
    with pytest.raises(PermanentError, match=r"figures.* has other bytes"):
        verify_checkout(settings, tmp_path / "mine")
    with pytest.raises(UsageError, match="no checkout"):
        verify_checkout(settings, tmp_path)
