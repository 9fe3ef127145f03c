"""Days as people write them in options and settings: YYYY-MM-DD and nothing else."""

from __future__ import annotations

import datetime as dt
import re

from pipelines.errors import UsageError


def parse_day(text: str, name: str) -> dt.date:
    """The day that option or setting `name` gives. UsageError: not of the form, or no day of the calendar."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise UsageError(f"{name} {text!r} is no date: write YYYY-MM-DD")
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{name} {text}: that date does not exist; write a day that does, as YYYY-MM-DD") from error
