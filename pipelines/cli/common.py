"""What commands share: options, settings with a word about the demo's home, output for people and machines."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines import settings
from pipelines.errors import UsageError

log = Console(stderr=True, highlight=False, soft_wrap=True)
_PIPE_WIDTH = 200

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Home folder (NIGHTCAP_HOME; default var/home of the checkout)", show_default=False),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config", help="demo, nightly or a .toml file (default: what the home was made with)", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")]


def load_settings(home: Path | None, config: str | None = None) -> settings.Settings:
    """Settings of a command; says so where the demo's home stands in for one that was not made yet."""
    if home is None and not settings.has_home_variable():
        path, is_demo = settings.default_home(Path.cwd())
        if is_demo:
            log.print(f"[dim]using the demo's home {path} (give --home for another)[/]")
    loaded = settings.current(home, config)
    settings.check_home(loaded)
    return loaded


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=str, ensure_ascii=False))


def table_console() -> Console:
    """For tables on stdout: as wide as the terminal, and wide enough where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def stated_reason(why: str, reader: str) -> str:
    """What --why says, less white space around. UsageError where that is nothing: `reader` is who will read it."""
    if not why.strip():
        raise UsageError(f"--why must say why: it is what a reader of the {reader} will see")
    return why.strip()


def login_name() -> str:
    """Who runs the command, for the decisions that it stores."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
