"""Rules of the night as a whole: they cannot name a row, so one that stops, stops the night.

The measures of a night are one wide row, one column a measure; a measure that is not judged (too few rows, nothing to
compare with) is null, and the library skips nulls. Bands, not exact counts: they are settings, `quality.bands`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.core.records import Reason
from pipelines.errors import UsageError
from pipelines.quality.rules import Check, Rule, Severity, Suite

UNITS = ("file", "document", "figure", "panel", "annotation", "event")
#: What a band can be set for, in words. The first four are of tonight alone (sql/bands.sql), the others compare tonight
#: with the accepted nights (drift.py).
MEASURES: Mapping[str, str] = {
    "share_of_publication_figures_with_legend": "share of the publications' figures that have a legend",
    "share_of_panels_labelled": "share of curated panels with a tag",
    "annotations_per_labelled_panel": "tags a tagged panel",
    "median_legend_characters": "median length of a legend, in characters",
    "class_mix_drift": "distance of the entity types' shares from those of the accepted nights",
    "role_mix_drift": "distance of the roles' shares from those of the accepted nights",
    "legend_length_drift": "distance of the legends' lengths from those of the accepted nights",
    "volume_ratio_documents": "documents, in usual nights",
    "volume_ratio_annotations": "annotations, in usual nights",
}
_SEVERITIES = {"warn": Severity.WARNING, "stop": Severity.CRITICAL}


@dataclass(frozen=True)
class Band:
    """What a measure may be, both ends included, and what happens outside: a warning, or the night stops."""

    measure: str
    low: float
    high: float
    severity: Severity


def parse_bands(texts: Iterable[str]) -> tuple[Band, ...]:
    """Bands of the setting quality.bands, each `measure low high warn|stop`. UsageError that quotes a wrong one."""
    bands = tuple(_parse_band(text) for text in texts)
    names = [b.measure for b in bands]
    if doubled := sorted({n for n in names if names.count(n) > 1}):
        raise UsageError(f"quality.bands names {doubled[0]} twice")
    return bands


def _parse_band(text: str) -> Band:
    try:
        measure, low, high, severity = text.split()
        band = Band(measure, float(low), float(high), _SEVERITIES[severity])
    except (ValueError, KeyError) as error:
        raise UsageError(f"quality.bands: {text!r} is not `measure low high warn` (or stop)") from error
    if measure not in MEASURES or band.low > band.high:
        raise UsageError(f"quality.bands: {text!r} is no band of {', '.join(MEASURES)}")
    return band


@dataclass(frozen=True)
class UnitShare:
    """How many of a unit came in tonight and how many were rejected, by parsers and rules together."""

    n_in: int
    n_rejected: int

    @property
    def share(self) -> float:
        return self.n_rejected / self.n_in if self.n_in else 0.0


def build_volume_suite(max_share: float, bands: Sequence[Band]) -> Suite:
    """The share of each unit that was rejected (stops the night), and the bands."""
    shares = tuple(
        Rule(
            f"rejected_share_{unit}", Check.BETWEEN, f"rejected_share_{unit}", Severity.CRITICAL, Reason.RULE_FAILED,
            f"of the {unit}s of this night {{rejected_share_{unit}:.0%}} were rejected, at most {max_share:.0%} may be",
            low=0.0, high=max_share,
        )
        for unit in UNITS
    )  # fmt: skip
    rules = tuple(
        Rule(b.measure, Check.BETWEEN, b.measure, b.severity, Reason.RULE_FAILED,
             f"{MEASURES[b.measure]}: {{{b.measure}:.3g}}, expected {b.low:g} to {b.high:g}", low=b.low, high=b.high)
        for b in bands
    )  # fmt: skip
    return Suite("night", "night", (*shares, *rules))


def measures_of(
    shares: Mapping[str, UnitShare], measured: Mapping[str, float | None], bands: Sequence[Band], min_rows: int
) -> dict[str, float | None]:
    """The wide row: shares of units with at least `min_rows`, and what there are bands for, as it was measured."""
    row: dict[str, float | None] = {}
    for unit in UNITS:
        found = shares.get(unit, UnitShare(0, 0))
        row[f"rejected_share_{unit}"] = found.share if found.n_in >= max(min_rows, 1) else None
    return row | {b.measure: measured.get(b.measure) for b in bands}
