"""May @champion move, and to whom? One pure function that knows holds, rolled back models and who was measured."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

#: Tag of a version that somebody rolled back: it stays rolled back when the hold is lifted.
ROLLED_BACK_TAG = "rolled_back"


@dataclass(frozen=True)
class ModelHold:
    """A hold on a task's model: who, why, until (None: until released), fingerprints that it names."""

    who: str
    why: str
    until: dt.date | None
    fingerprints: tuple[str, ...] = ()

    def is_active(self, today: dt.date) -> bool:
        """The last day of a hold is still held."""
        return self.until is None or today <= self.until


def hold_name(task: str) -> str:
    return f"model:{task}"


def read_fingerprints(detail: str) -> tuple[str, ...]:
    """Fingerprints from the detail of a hold: JSON {"fingerprints": […]}, else words."""
    try:
        raw = json.loads(detail)
    except json.JSONDecodeError:
        return tuple(detail.replace(",", " ").split())
    found = raw.get("fingerprints", []) if isinstance(raw, dict) else raw
    return tuple(map(str, found)) if isinstance(found, list) else (str(found),)


def write_fingerprints(fingerprints: Sequence[str]) -> str:
    """The detail of a hold that a rollback sets."""
    return json.dumps({"fingerprints": sorted(set(fingerprints))})


@dataclass(frozen=True)
class AliasState:
    """What stands when the alias is about to move. Fingerprints; None where there is no champion.

    `measured` is the champion that the benchmark comparison was made against.
    """

    current: str | None
    measured: str | None
    challenger: str
    is_rolled_back: bool = False
    hold: ModelHold | None = None


def refuse_move(state: AliasState, today: dt.date) -> str | None:
    """Why the alias may not move to a challenger that passed the gate; None where it may.

    A challenger that is champion already is no refusal: a run that was killed after the move comes here again.
    """
    if state.current == state.challenger and state.measured != state.challenger:
        return None
    if state.is_rolled_back or (state.hold and state.challenger in state.hold.fingerprints):
        return "this very model was rolled back before: it is promoted by hand only"
    if state.hold and state.hold.is_active(today):
        until = f" until {state.hold.until}" if state.hold.until else ""
        return f"held by {state.hold.who}{until}: {state.hold.why} (lift it with `nightcap release model`)"
    if state.current == state.challenger:
        return "the challenger is the champion: the same data and settings gave the same model"
    if state.current != state.measured:
        return "the champion changed after it was scored: the next run compares with the new one"
    return None
