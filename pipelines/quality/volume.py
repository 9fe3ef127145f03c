"""Rules of the night as a whole: they cannot name a row, so a critical one stops the night.

The measures of a night are one wide row, one column a measure; a measure that is not judged (too few rows) is null,
and the library skips nulls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.core.records import Reason
from pipelines.quality.rules import Check, Rule, Severity, Suite

UNITS = ("file", "document", "figure", "panel", "annotation", "event")
#: Bands seen in real deliveries (domain.md 5.1 and 9); outside them a parser break is likely.
BANDS: Mapping[str, tuple[float, float]] = {
    "share_of_publication_figures_with_legend": (0.9, 1.0),
    "share_of_panels_labelled": (0.6, 1.0),
    "annotations_per_labelled_panel": (1.0, 40.0),
    "median_legend_characters": (80.0, 6000.0),
}


@dataclass(frozen=True)
class UnitShare:
    """How many of a unit came in tonight and how many were rejected, by parsers and rules together."""

    n_in: int
    n_rejected: int

    @property
    def share(self) -> float:
        return self.n_rejected / self.n_in if self.n_in else 0.0


def build_volume_suite(max_share: float) -> Suite:
    """The share of each unit that was rejected (critical) and the bands (warning)."""
    shares = tuple(
        Rule(
            f"rejected_share_{unit}", Check.BETWEEN, f"rejected_share_{unit}", Severity.CRITICAL, Reason.RULE_FAILED,
            f"of the {unit}s of this night {{rejected_share_{unit}:.0%}} were rejected, at most {max_share:.0%} may be",
            low=0.0, high=max_share,
        )
        for unit in UNITS
    )  # fmt: skip
    bands = tuple(
        Rule(name, Check.BETWEEN, name, Severity.WARNING, Reason.RULE_FAILED,
             f"{name} is {{{name}:.3g}}, seen so far {low:g} to {high:g}", low=low, high=high)
        for name, (low, high) in BANDS.items()
    )  # fmt: skip
    return Suite("night", "night", (*shares, *bands))


def measures_of(
    shares: Mapping[str, UnitShare], bands: Mapping[str, float | None], min_rows: int
) -> dict[str, float | None]:
    """The wide row: shares of units with at least `min_rows`, and the bands as they were measured."""
    row: dict[str, float | None] = {}
    for unit in UNITS:
        found = shares.get(unit, UnitShare(0, 0))
        row[f"rejected_share_{unit}"] = found.share if found.n_in >= max(min_rows, 1) else None
    return row | {name: bands.get(name) for name in BANDS}
