"""What a run is, and what a step leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Run:
    """One run of a flow: `key` is the night (or night.n) for nightly_corpus, else what the flow worked out.

    `request` is what was asked for, resolved once before the first step and stored in request.json.
    """

    flow: str
    key: str
    night: dt.date | None = None
    request: Mapping[str, object] = field(default_factory=dict)
    is_forced: bool = False

    def text(self, name: str) -> str | None:
        """A text of the request, None where it is absent or empty."""
        value = self.request.get(name)
        return str(value) if value else None


@dataclass(frozen=True)
class StageResult:
    """What a step did: where its output lies, what it counted, and a fingerprint of its output.

    `skipped` holds the reason where there was nothing to do: no asset event goes out then.
    """

    uri: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str = ""
    skipped: str | None = None
    message: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        return {k: v for k, v in asdict(self).items() if v is not None}
