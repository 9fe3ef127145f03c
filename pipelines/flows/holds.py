"""The hold on the corpus, which the flow obeys. Publishing and the gate look for theirs where they act."""

from __future__ import annotations

import datetime as dt

from pipelines.clients.state import open_state
from pipelines.settings import Settings, today


def corpus_hold(settings: Settings) -> str | None:
    """Why no night may be pulled, None where one may. A withdrawal's hold only tells of it and stops nothing."""
    now = dt.date.fromisoformat(today())
    for hold in open_state(settings).holds():
        is_active = hold.until is None or hold.until >= now
        if hold.name == "corpus" and "stop" in hold.detail.split() and is_active:
            return f"corpus is held by {hold.who}: {hold.why} (lift it with `nightcap release corpus`)"
    return None
