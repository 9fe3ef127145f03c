"""A waiver: the decision that a rejected unit may stay as it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Waiver:
    """Who decided it for which issue of the quarantine, why, and on which day."""

    issue_id: str
    who: str
    why: str
    date: str
