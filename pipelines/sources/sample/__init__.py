"""The shipped sample: a small synthetic world of articles and curator deliveries, written by us from a seed.

It exists so that a newcomer sees whole nights without any data of others, and so that tests have a corpus whose truth
is known. Everything in it says that it is synthetic: publisher and journal names, a custom-meta element in each
article, `synthetic = true` in each delivery. Its DOIs stand below the test prefix 10.5555.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.sources.sample.nights import Night, Plan
from pipelines.sources.sample.vocabulary import Entity, strip_markup
from pipelines.sources.sample.world import World

FIRST_NIGHT = dt.date(2026, 11, 18)


@dataclass(frozen=True)
class SampleSummary:
    """What was written: the folder, one line of counts a night, and the files that quarantine has to show."""

    folder: Path
    nights: tuple[dt.date, ...]
    counts: tuple[dict[str, int], ...]
    n_files: int
    n_bytes: int
    n_broken: int


def write_sample(
    folder: Path, *, nights: int = 3, seed: int = 1, documents: int = 140, first_night: dt.date = FIRST_NIGHT
) -> SampleSummary:
    """Write the sample below `folder`: `<date>/articles/`, `<date>/curation/<delivery>/`, `ontology/`, `sample.json`.

    Equal arguments give equal bytes on every machine, and a shorter series of nights is the beginning of a longer
    one. `documents` is the number of articles of night 1, at least 80 (else UsageError). Existing files of
    the same names are replaced.
    """
    if documents < 80 or nights < 1:
        raise UsageError("a sample has at least 80 documents and one night: raise --documents or --nights")
    plan = Plan(World(seed, first_night), documents)
    written = [plan.night(n) for n in range(1, nights + 1)]
    files = {f"{night.date}/{path}": data for night in written for path, data in night.files.items()}
    files |= _ontology_files(plan.world.vocabulary.listed())
    files["sample.json"] = _describe(written, seed, documents)
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    for night in written:
        (folder / str(night.date) / "curation").mkdir(parents=True, exist_ok=True)
    return _summarise(folder, written, files)


def _summarise(folder: Path, nights: Sequence[Night], files: dict[str, bytes]) -> SampleSummary:
    return SampleSummary(
        folder=folder,
        nights=tuple(night.date for night in nights),
        counts=tuple(dict(sorted(night.counts.items())) for night in nights),
        n_files=len(files),
        n_bytes=sum(map(len, files.values())),
        n_broken=sum(len(night.broken) for night in nights),
    )


def _ontology_files(entities: Sequence[Entity]) -> dict[str, bytes]:
    """Small dictionaries for linking by exact name, one file a type: id, name, synonyms joined by "|", type."""
    rows: dict[str, dict[str, str]] = {}
    for entity in entities:
        names = [strip_markup(form) for form in entity.forms]
        line = f"{entity.ext_id}\t{names[0]}\t{'|'.join(names[1:])}\t{entity.label}"
        rows.setdefault(entity.label.lower(), {})[entity.ext_id] = line
    head = "id\tname\tsynonyms\ttype"
    return {
        f"ontology/{label}.tsv": ("\n".join([head, *(lines[i] for i in sorted(lines))]) + "\n").encode()
        for label, lines in sorted(rows.items())
    }


def _describe(nights: Sequence[Night], seed: int, documents: int) -> bytes:
    """sample.json: what stands where, and what a night should make of it."""
    content = {
        "synthetic": True,
        "seed": seed,
        "documents": documents,
        "nights": [
            {
                "date": str(night.date),
                "files": len(night.files),
                "counts": dict(sorted(night.counts.items())),
                "broken": [{"path": b.path, "unit": b.unit, "reason": b.reason.value} for b in night.broken],
                "notes": night.notes,
            }
            for night in nights
        ],
    }
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
