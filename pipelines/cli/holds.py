"""`nightcap hold` and `nightcap release`: keep a part of the platform as it is until somebody lets go."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pipelines import settings as settings_module
from pipelines.clients.state import Hold, open_state
from pipelines.core.dates import parse_day
from pipelines.errors import UsageError
from pipelines.registry.alias import hold_name
from pipelines.settings import Settings

#: What a hold keeps as it is, in words.
EFFECTS = {
    "corpus": "no night is pulled; the next one after the release takes all that came meanwhile",
    "analytics": "no new generation is published, analysts keep what they see",
    "model": "@champion does not move",
}


def name_of(settings: Settings, what: str, task: str | None) -> str:
    """The name of the hold. UsageError where `what` and `task` do not fit each other."""
    if what not in EFFECTS:
        raise UsageError(f"{what!r} cannot be held: give corpus, analytics or model TASK")
    if what != "model":
        if task:
            raise UsageError(f"{what} takes no task: write `nightcap hold {what} --why …`")
        return what
    if task not in settings.train.tasks:
        raise UsageError(f"model needs a task: {', '.join(settings.train.tasks)}")
    return hold_name(str(task))


def parse_until(text: str | None) -> dt.date | None:
    """The last day of a hold; None: until it is released."""
    if not text:
        return None
    until = parse_day(text, "--until")
    if until.isoformat() < settings_module.today():
        raise UsageError(f"--until {text} is over: nothing would be held")
    return until


def set_hold(
    settings: Settings, what: str, task: str | None, *, why: str, who: str, until: dt.date | None
) -> dict[str, Any]:
    """Set the hold; what it named before (rolled back models, withdrawn versions) stays named."""
    name, state = name_of(settings, what, task), open_state(settings)
    if not why.strip():
        raise UsageError("say why with --why: whoever finds it held reads that")
    known = next((h for h in state.holds() if h.name == name), None)
    words = (known.detail if known else "").split()
    detail = " ".join(dict.fromkeys([*words, "stop"])) if what == "corpus" else known.detail if known else ""
    state.set_hold(Hold(name, who, why.strip(), until, detail))
    return {"name": name, "who": who, "why": why.strip(), "until": until and until.isoformat(), "effect": EFFECTS[what]}


def release(settings: Settings, what: str, task: str | None) -> dict[str, Any]:
    """Lift the hold. UsageError where there is none."""
    name = name_of(settings, what, task)
    if not open_state(settings).release_hold(name):
        raise UsageError(f"{name} is not held: `nightcap status` shows the holds first")
    return {"name": name, "released": True}
