"""Every command of the contract is there and explains itself; errors are messages with their exit code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines.cli.app import app

COMMANDS = [
    "night",
    "run",
    "status",
    "sql",
    "trace",
    "sample",
    "doctor",
    "plan",
    "bench parse",
    "bench night-cost",
    "bench freeze",
    "corpus log",
    "corpus digest",
    "corpus verify",
    "corpus checkout",
    "corpus diff",
    "corpus withdraw",
    "corpus benchmark show",
    "quarantine list",
    "quarantine show",
    "quarantine export",
    "quarantine waive",
    "quarantine receipts",
]


def call(nightcap: list[str], *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*nightcap, *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(nightcap: list[str], command: str) -> None:
    done = call(nightcap, *command.split(), "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def iter_commands(group: Any, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """(name, options) of every command."""
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from iter_commands(command, f"{name}{word} ")
        else:
            yield name + word, {o for p in command.params for o in p.opts}


def test_every_command_that_takes_a_home_takes_its_configuration() -> None:
    found = dict(iter_commands(typer.main.get_group(app)))
    assert {"quarantine list", "corpus log", "hold"} < found.keys()
    assert [c for c, options in found.items() if "--home" in options and "--config" not in options] == []


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["corpus", "log"], 2, "has no corpus yet"),
        (["sql", "select 1"], 2, "nothing is published yet"),
        (["run", "nightly_corpus", "--only", "pull", "--date", "yesterday", "--articles", "x"], 2, "is no date"),
        (["run", "nightly_corpus", "--only", "pull", "--date", "2026-11-20"], 2, "no source to pull from"),
        (["run", "nightly_corpus", "--only", "fly", "--date", "2026-11-20"], 2, "has no step"),
        (["run", "moon", "--only", "pull"], 2, "no flow"),
        (["run", "nightly_corpus", "--date", "2026-11-05", "--to", "2026-11-01"], 2, "lies before --date"),
        (["run", "nightly_corpus", "--date", "2026-11-05", "--to", "2999-01-01"], 2, "lies in the future"),
        (["run", "nightly_corpus", "--to", "2026-11-01"], 2, "give --date"),
        (
            ["run", "nightly_corpus", "--date", "2026-11-05", "--to", "soon"],
            2,
            "--to 'soon' is no date: write YYYY-MM-DD",
        ),
        (
            ["night", "--date", "2026-13-01", "--articles", "x"],
            2,
            "--date 2026-13-01: that date does not exist; write a",
        ),
        (["run", "nightly_corpus", "--date", "2026-02-30"], 2, "--date 2026-02-30: that date does not exist"),
        (["run", "nightly_corpus", "--date", "2026-11-05", "--to", "2026-11-31"], 2, "--to 2026-11-31: that date does"),
        (["plan", "--date", "20261105", "--articles", "x"], 2, "--date '20261105' is no date: write YYYY-MM-DD"),
        (["quarantine", "list", "--night", "2026-00-10"], 2, "--night 2026-00-10: that date does not exist"),
        (["hold", "corpus", "--why", "x", "--until", "2999-13-01"], 2, "--until 2999-13-01: that date does not exist"),
        (
            ["run", "nightly_corpus", "--only", "pull", "--date", "2026-11-20", "--articles", "/nowhere"],
            2,
            "is no folder",
        ),
        (["run", "retrain_tagger", "--only", "select"], 0, "no corpus yet"),
        (["night", "--date", "9999-12-31", "--articles", "x"], 2, "lies in the future"),
    ],
)
def test_errors_say_what_to_do_and_carry_their_code(
    nightcap: list[str], tmp_path: Path, args: list[str], code: int, words: str
) -> None:
    done = call(nightcap, *args, "--home", str(tmp_path / "home"))
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_json_ends_with_an_object_also_when_it_fails(nightcap: list[str], tmp_path: Path) -> None:
    done = call(nightcap, "run", "moon", "--only", "pull", "--json", "--home", str(tmp_path / "home"))
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["exit_code"] == done.returncode == 2
    assert "no flow" in said["message"]
