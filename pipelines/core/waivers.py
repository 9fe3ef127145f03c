"""What people decide about a rejected unit: that it may stay as it is, or who looks after it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Waiver:
    """Who decided it for which issue of the quarantine, why, and on which day."""

    issue_id: str
    who: str
    why: str
    date: str


@dataclass(frozen=True)
class Assignment:
    """Who looks after which issue of the quarantine, and what is known about it."""

    issue_id: str
    owner: str
    note: str
