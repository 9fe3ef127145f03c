"""What a step sees of its run beyond settings and request: earlier results, progress, the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.core.runs import Run
from pipelines.settings import Settings

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Context:
    """`results`: step name → stored result of this run's earlier steps."""

    settings: Settings
    run: Run
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    progress: Progress | None = None

    def fingerprint_of(self, step: str) -> str:
        return str(self.results.get(step, {}).get("fingerprint", ""))

    def seconds(self) -> float:
        """Wall time of the earlier steps together."""
        return sum(float(r.get("seconds", 0.0)) for r in self.results.values())
