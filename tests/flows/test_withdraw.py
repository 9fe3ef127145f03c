"""A delivery of the sample withdrawn and delivered again, by the commands; killed anywhere, the end is the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from corpus_state import end_state
from killing import iter_killed, run_nightcap, run_steps, spread, trace_run

from pipelines import settings
from pipelines.clients.state import open_state

pytestmark = pytest.mark.timeout(3000)
DELIVERY = "curation:2026-11-19:1"
STEPS = ["pull", "parse", "check", "freeze", "close"]
WITHDRAW = ["corpus", "withdraw", DELIVERY, "--why", "wrong ontology", "--who", "ada", "--json"]


@pytest.fixture(scope="module")
def home(
    before_second_freeze: Path, small_nights: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A home after two small nights."""
    home = tmp_path_factory.mktemp("withdraw") / "home"
    shutil.copytree(before_second_freeze, home, symlinks=True)
    run_steps(home, small_nights[1], ["pull", "freeze", "close"])
    return home


def say(home: Path, *args: str) -> dict[str, object]:
    said = json.loads(run_nightcap(*args, "--home", str(home)).stdout.splitlines()[-1])
    assert isinstance(said, dict)
    return said


def whole_state(home: Path) -> object:
    holds = [(h.name, h.who, h.why, h.detail) for h in open_state(settings.load({}, home)).holds()]
    return end_state(home), holds


def test_withdrawn_and_delivered_again(home: Path, small_nights: list[dict[str, str]], tmp_path: Path) -> None:
    work = tmp_path / "home"
    shutil.copytree(home, work, symlinks=True)
    before = say(work, "corpus", "digest", "--json")["digest"]
    planned = say(work, *WITHDRAW, "--dry-run")
    done = say(work, *WITHDRAW)
    assert done["version"] == "corpus/withdraw-3"
    assert done["diff"] == planned["diff"] == {
        k: v for k, v in say(work, "corpus", "diff", "2026-11-19", "corpus/withdraw-3", "--json").items()
        if k not in ("before", "after")
    }  # fmt: skip
    assert say(work, "corpus", "digest", "--json")["digest"] != before
    assert say(work, "corpus", "verify", "--json")["is_valid"]
    assert run_nightcap(*WITHDRAW[:-1], "--home", str(work)).stdout.startswith(
        f"delivery {DELIVERY} is withdrawn already"
    )
    again = tmp_path / "again"
    shutil.copytree(sorted(p for p in Path(small_nights[1]["curation"]).iterdir() if p.is_dir())[0], again / "batch")
    run_steps(work, {"date": "2026-11-20", "curation": str(again)}, STEPS)
    assert say(work, "corpus", "digest", "--json")["digest"] == before
    assert say(work, "corpus", "diff", "corpus/2026-11-19", "corpus/2026-11-20", "--json")["is_equal"]


def pulled(home: Path, date: str, curation: Path) -> str:
    return str(say(home, "run", "nightly_corpus", "--only", "pull", "--date", date, "--curation", str(curation),
                   "--config", "demo", "--json")["message"])  # fmt: skip


def test_the_same_files_in_the_same_place_stay_hidden_and_are_said(
    home: Path, small_nights: list[dict[str, str]], tmp_path: Path
) -> None:
    work, curation = tmp_path / "home", tmp_path / "curation"
    shutil.copytree(home, work, symlinks=True)
    shutil.copytree(Path(small_nights[1]["curation"]), curation)
    run_steps(work, {"date": "2026-11-20", "curation": str(curation)}, STEPS)  # known in this place, nothing new
    before = say(work, "corpus", "digest", "--json")["digest"]
    assert "withdrawn" not in pulled(work, "2026-11-21", curation)
    say(work, *WITHDRAW)
    batch = sorted(p for p in curation.iterdir() if p.is_dir())[0]
    files = list(batch.rglob("*.xml"))
    for path in files:
        path.touch()
    assert f"{len(files)} files of a withdrawn delivery left out ({batch.name}/" in pulled(work, "2026-11-22", curation)
    (batch / "delivery.toml").write_text((batch / "delivery.toml").read_text() + "# once more\n")
    assert "withdrawn" not in pulled(work, "2026-11-23", curation)
    run_steps(work, {"date": "2026-11-23", "curation": str(curation)}, STEPS)
    assert say(work, "corpus", "digest", "--json")["digest"] == before
    assert "withdrawn" not in pulled(work, "2026-11-24", curation)


def check_kills(home: Path, work: Path, most: int) -> None:
    undisturbed = work / "undisturbed"
    shutil.copytree(home, undisturbed, symlinks=True)
    events = trace_run(undisturbed, WITHDRAW)
    for word in (" dvc ", "git commit", "git tag", "git push", "tombstones", "index.db"):
        assert any(word in e for e in events), f"the trace shows no {word!r}: it cannot be killed there"
    expected = whole_state(undisturbed)
    for number, state in iter_killed(home, work, WITHDRAW, spread(events, most), whole_state):
        assert state == expected, f"killed before side effect {number} ({events[number - 1]})"


def test_killed(home: Path, tmp_path: Path) -> None:
    check_kills(home, tmp_path, most=8)


@pytest.mark.full
def test_killed_everywhere(home: Path, tmp_path: Path) -> None:
    check_kills(home, tmp_path, most=10_000)
