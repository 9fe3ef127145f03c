"""What a night's rows look like in numbers, and how far that is from what the last accepted nights looked like. Pure.

Counts are pooled night by night, each older night counting four fifths of the one after it: one small object stands for
all that was accepted, so that no history is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

DECAY = 0.8
#: Distributions whose distance from the pooled ones is judged.
KINDS = {"class": "class_mix_drift", "role": "role_mix_drift", "legend_length": "legend_length_drift"}
UNITS = {"document": "volume_ratio_documents", "annotation": "volume_ratio_annotations"}
Counts = Mapping[str, float]


@dataclass(frozen=True)
class NightCounts:
    """`counts`: kind → name → how many; `n_nights`: how many nights they stand for, older ones less."""

    n_nights: float = 0.0
    counts: Mapping[str, Counts] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    def of(self, kind: str) -> Counts:
        return self.counts.get(kind, {})


def counts_from(rows: Iterable[Mapping[str, object]]) -> NightCounts:
    """One night from rows of (kind, name, n)."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(str(row["kind"]), {})[str(row["name"])] = float(str(row["n"]))
    return NightCounts(1.0, found)


def pool(before: NightCounts, tonight: NightCounts) -> NightCounts:
    """The accepted nights with tonight's, which is one more."""
    kinds = sorted({*before.counts, *tonight.counts})
    pooled = {
        kind: {
            name: round(DECAY * before.of(kind).get(name, 0.0) + tonight.of(kind).get(name, 0.0), 3)
            for name in sorted({*before.of(kind), *tonight.of(kind)})
        }
        for kind in kinds
    }
    return NightCounts(round(DECAY * before.n_nights + tonight.n_nights, 3), pooled)


def distance(a: Counts, b: Counts) -> float:
    """Total variation between two distributions: 0 for equal ones, 1 for disjoint ones."""
    n_a, n_b = sum(a.values()), sum(b.values())
    return sum(abs(a.get(k, 0.0) / n_a - b.get(k, 0.0) / n_b) for k in {*a, *b}) / 2


def compare(tonight: NightCounts, before: NightCounts, min_rows: int) -> dict[str, float | None]:
    """Measures by name; None where either side has fewer than `min_rows`, as on the first night."""
    out: dict[str, float | None] = {}
    for kind, name in KINDS.items():
        a, b = tonight.of(kind), before.of(kind)
        is_judged = min(sum(a.values()), sum(b.values())) >= max(min_rows, 1)
        out[name] = distance(a, b) if is_judged else None
    for unit, name in UNITS.items():
        n, known = tonight.of("unit").get(unit, 0.0), before.of("unit").get(unit, 0.0)
        usual = known / before.n_nights if before.n_nights else 0.0
        out[name] = n / usual if n and usual >= max(min_rows, 1) else None
    return out
