"""Compaction and purge, killed with SIGKILL before any of their side effects and run again, end as if undisturbed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from corpus_state import end_state
from killing import iter_killed, spread, trace_run
from small_corpus import SmallCorpus, freeze_version, home_settings

from pipelines import settings as settings_module
from pipelines.clients.objectstore import open_part, raw_key
from pipelines.core.hashing import content_hash

pytestmark = pytest.mark.timeout(3000)
COMPACT = ["run", "maintenance", "--only", "compact", "--json"]
PURGE = ["corpus", "purge", "10.5555/1", "--why", "order", "--who", "ada", "--yes", "--json"]
COMMANDS = {"compact": COMPACT, "purge": PURGE}
RAW = content_hash("10.5555/1 2026-10-05")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights of a closed month and one of the next, with raw bytes in landing."""
    settings = home_settings(tmp_path_factory.mktemp("rewrites") / "home")
    for seq, night in enumerate(("2026-10-05", "2026-10-06", "2026-11-03"), start=1):
        version = SmallCorpus(night)
        for doc_id in (f"10.5555/{seq}", f"10.5555/{seq}9"):
            version.identity(doc_id, "deposit")
            version.publication(doc_id, [("fig-1", "Figure 1", f"Legend of {doc_id}")])
        version.delivery("deposit")
        freeze_version(settings, version, seq)
    open_part(settings, "landing").write(raw_key(RAW), b"raw")
    return settings.root


def whole_state(home: Path) -> object:
    settings = settings_module.load({}, home)
    cache = sorted(
        p.name for p in (home / "corpus" / ".dvc" / "cache").rglob("*") if p.is_file() and ".dir" not in p.name
    )
    return end_state(home), cache, open_part(settings, "landing").exists(raw_key(RAW))


def check_kills(home: Path, work: Path, name: str, most: int) -> None:
    undisturbed = work / "undisturbed"
    shutil.copytree(home, undisturbed, symlinks=True)
    events = trace_run(undisturbed, COMMANDS[name])
    for word in (" dvc ", "git commit", "git tag", "git push", "month=2026-10", "index.db"):
        assert any(word in e for e in events), f"the trace shows no {word!r}: it cannot be killed there"
    expected = whole_state(undisturbed)
    for number, state in iter_killed(home, work, COMMANDS[name], spread(events, most), whole_state):
        assert state == expected, f"killed before side effect {number} ({events[number - 1]})"


@pytest.mark.parametrize("name", list(COMMANDS))
def test_killed(home: Path, tmp_path: Path, name: str) -> None:
    check_kills(home, tmp_path, name, most=4)


@pytest.mark.full
@pytest.mark.parametrize("name", list(COMMANDS))
def test_killed_everywhere(home: Path, tmp_path: Path, name: str) -> None:
    check_kills(home, tmp_path, name, most=10_000)
