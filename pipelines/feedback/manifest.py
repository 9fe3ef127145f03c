"""What one run pulled, as its manifest in landing/ says. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pipelines.feedback.issues import Issue

Row = dict[str, Any]


@dataclass
class Manifest:
    """One run's manifest: its deliveries by id, and its files by delivery."""

    run_key: str
    deliveries: dict[str, Row] = field(default_factory=dict)
    files: dict[str, list[Row]] = field(default_factory=dict)

    def delivery_of(self, issue: Issue) -> str:
        """The issue's delivery; for a row that names none (an alias) the one that brought its raw file; else empty."""
        if issue.delivery_id in self.deliveries:
            return issue.delivery_id
        return "" if issue.delivery_id else self._brought_by.get(issue.raw_sha256, "")

    def sender_of(self, issue: Issue) -> str:
        return str(self.deliveries.get(self.delivery_of(issue), {}).get("sender") or "")

    @cached_property
    def _brought_by(self) -> dict[str, str]:
        return {f["raw_sha256"]: d for d, found in self.files.items() for f in found if f["status"] == "valid"}
