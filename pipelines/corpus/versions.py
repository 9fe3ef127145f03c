"""Names and order of corpus versions: one chain by seq; the order is never the date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

Manifest = Mapping[str, object]


def night_versions(manifests: Sequence[Manifest], night: dt.date) -> int:
    """How many versions were written under this night."""
    return sum(1 for m in manifests if m.get("kind") == "night" and m.get("night") == night.isoformat())


def next_tag(manifests: Sequence[Manifest], night: dt.date) -> tuple[str, int]:
    """(tag, part number) of the next version of a night: corpus/D, then corpus/D.1, …"""
    n = night_versions(manifests, night)
    tag = f"corpus/{night.isoformat()}" if n == 0 else f"corpus/{night.isoformat()}.{n}"
    return tag, next_part(manifests, night.isoformat())


def next_part(manifests: Sequence[Manifest], night: str) -> int:
    """Part number of the next files under a night: versions of every kind count, so that no path is taken twice."""
    return sum(1 for m in manifests if m.get("night") == night)


def is_regular(manifests: Sequence[Manifest], night: dt.date) -> bool:
    """True where the first freeze of this night is later in date than every night frozen before."""
    nights = [str(m["night"]) for m in manifests if m.get("kind") == "night"]
    return night.isoformat() not in nights and all(night.isoformat() > n for n in nights)


def as_of(manifests: Sequence[Manifest], night: dt.date) -> Manifest | None:
    """The last version before the first regular night later than `night`; None where there is none."""
    last: Manifest | None = None
    for manifest in sorted(manifests, key=lambda m: int(str(m["seq"]))):
        if manifest.get("is_regular") and str(manifest["night"]) > night.isoformat():
            break
        last = manifest
    return last


def rebuildable(manifests: Sequence[Manifest]) -> list[Manifest]:
    """The versions whose every file is still on the remote: a purge takes files of earlier versions away."""
    lost: set[int] = set()
    for manifest in manifests:
        purged = manifest.get("purged")
        if isinstance(purged, Mapping):
            lost |= {int(seq) for seq in purged["lost_seqs"]}
    return [m for m in manifests if int(str(m["seq"])) not in lost]
