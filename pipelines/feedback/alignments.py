"""How the accepted figures of a delivery stand on the publisher's, as publishing placed them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

#: Of `curated_figures.alignment`: figures that stand on the publisher's.
_ON_PUBLISHER = ("exact", "folded", "aligned", "matched")
_WHY_OWN = ("no_publication", "no_legends", "no_fit")


def describe_alignments(n_exact: int, figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a receipt says of a delivery's current figures; `figures` are those that are not exactly the publisher's.

    Figures that only wait for their publication are counted, all others listed by name, the least sure first.
    """
    how = Counter({"exact": n_exact}) + Counter(str(f["alignment"]) for f in figures)
    why = Counter(str(f["why_own"]) for f in figures if f["alignment"] == "own")
    sure = [float(f["confidence"]) for f in figures if f["alignment"] == "aligned"]
    return {
        "n_current": how.total(),
        "on_publisher": {k: how[k] for k in _ON_PUBLISHER},
        "min_confidence": min(sure, default=None),
        "median_confidence": round(median(sure), 3) if sure else None,
        "own": {k: why[k] for k in _WHY_OWN},
        "not_exact": sorted(
            (dict(f) for f in figures if f["why_own"] != "no_publication"),
            key=lambda f: (
                -1.0 if f["confidence"] is None else f["confidence"],
                str(f["figure"]),
                str(f["raw_sha256"]),
            ),
        ),
    }
