"""Curated figures to the publisher's figures: which one each is, and where its panels and mentions stand in it.

Results are cached by content (the curated revision, the publisher's legend), so that a publish aligns only what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from pipelines.core.alignment import (
    ALIGNMENT_VERSION,
    Alignment,
    FigureCandidate,
    align,
    fold_spaces,
    match_figure,
)
from pipelines.core.tables import rows_to_table

#: Raised by hand when the same alignment can be used otherwise; with ALIGNMENT_VERSION the name of the cache.
PLACING_VERSION = 4
CACHE_NAME = f"{ALIGNMENT_VERSION}-{PLACING_VERSION}"
MATCHES = pa.schema(
    [
        pa.field("record_sha256", pa.string(), nullable=False),
        pa.field("curated_figure_id", pa.string(), nullable=False),
        pa.field("candidates_sha256", pa.string(), nullable=False),
        pa.field("figure_id", pa.string()),
    ]
)
SPANS = pa.schema(
    [
        pa.field("record_sha256", pa.string(), nullable=False),
        pa.field("curated_figure_id", pa.string(), nullable=False),
        pa.field("legend_sha256", pa.string(), nullable=False),
        pa.field("start_offset", pa.int32(), nullable=False),
        pa.field("end_offset", pa.int32(), nullable=False),
        pa.field("is_panel", pa.bool_(), nullable=False),
        pa.field("target_start", pa.int32()),
        pa.field("target_end", pa.int32()),
        pa.field("confidence", pa.float64(), nullable=False),
        pa.field("is_folded", pa.bool_(), nullable=False),
    ]
)
#: A panel is found again by its beginning and its end, each of so many characters, where the whole text is not.
_EDGE = 24
#: So many characters at the end of a panel may be without a partner.
_LOOSE_END = 12


def match_figures(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Curated figures with their candidates to a table of MATCHES; `figure_id` null where none fits."""
    out: list[dict[str, object]] = []
    for row in rows:
        candidates = [FigureCandidate(c["figure_id"], c["label"], c["legend"]) for c in row["candidates"]]
        found = match_figure(row["label"], row["legend"], candidates)
        out.append(
            {"record_sha256": row["record_sha256"], "curated_figure_id": row["figure_id"],
             "candidates_sha256": row["candidates_sha256"], "figure_id": found.figure_id if found else None}
        )  # fmt: skip
    return rows_to_table(out, MATCHES)


def place_panel(alignment: Alignment, start: int, end: int) -> tuple[int, int] | None:
    """Where a panel stands in the target: its whole text, else from where it begins to where it ends."""
    if (whole := alignment.map_span(start, end)) is not None:
        return whole
    first, last = _place_beginning(alignment, start, end), _place_end(alignment, start, end)
    return (first, last) if first is not None and last is not None and first < last else None


def _place_beginning(alignment: Alignment, start: int, end: int) -> int | None:
    found = alignment.map_span(start, min(end, start + _EDGE))
    return found[0] if found else None


def _place_end(alignment: Alignment, start: int, end: int) -> int | None:
    """The end of the last piece that is found again."""
    for cut in range(min(_LOOSE_END, end - start)):
        found = alignment.map_span(max(start, end - cut - _EDGE), end - cut)
        if found:
            return found[1]
    return None


def place_spans(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Spans of matched curated figures to a table of SPANS; targets null where the text is not found again.

    Each span says of its figure too: the confidence of the alignment, and whether both legends are one after folding.
    """
    out: list[dict[str, object]] = []
    for row in rows:
        alignment = align(row["source"], row["target"])
        key = {"record_sha256": row["record_sha256"], "curated_figure_id": row["figure_id"],
               "legend_sha256": row["legend_sha256"], "confidence": alignment.confidence,
               "is_folded": fold_spaces(row["source"]) == fold_spaces(row["target"])}  # fmt: skip
        for span in sorted(row["spans"], key=lambda s: (s["is_panel"], s["start"], s["end"])):
            place = place_panel if span["is_panel"] else _place_mention
            found = place(alignment, span["start"], span["end"]) or (None, None)
            out.append(
                {**key, "start_offset": span["start"], "end_offset": span["end"], "is_panel": span["is_panel"],
                 "target_start": found[0], "target_end": found[1]}
            )  # fmt: skip
    return rows_to_table(out, SPANS)


def _place_mention(alignment: Alignment, start: int, end: int) -> tuple[int, int] | None:
    return alignment.map_span(start, end)
