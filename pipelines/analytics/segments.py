"""Segments of legends that no curator segmented: by the letter rule, or by the panel starts that a model read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from pipelines.core.panels import RULE_VERSION, PanelSpan, marker_at, split_by_rule
from pipelines.core.tables import rows_to_table

#: Raised by hand when `split_by_starts` can give another result: part of the name of cached segments.
SEGMENTS_VERSION = 1
SEGMENTS = pa.schema(
    [
        pa.field("legend_sha256", pa.string(), nullable=False),
        pa.field("panel_no", pa.int32(), nullable=False),
        pa.field("start_offset", pa.int32(), nullable=False),
        pa.field("end_offset", pa.int32(), nullable=False),
        pa.field("labels", pa.list_(pa.string()), nullable=False),
    ]
)


def cache_name(fingerprint: str | None) -> str:
    """Folder of cached segments: of a model's fingerprint, or of the rule where None."""
    return f"model-{SEGMENTS_VERSION}-{fingerprint}" if fingerprint else f"rule-{SEGMENTS_VERSION}-{RULE_VERSION}"


def split_by_starts(legend: str, starts: Sequence[int]) -> list[PanelSpan]:
    """Panels from starts that a model read; text before the first start belongs to the first panel.

    Without a start the legend is one panel without labels. Ends exclude the white space before the next start.
    """
    inside = sorted({s for s in starts if 0 <= s < len(legend)})
    if not inside:
        return [PanelSpan(0, len(legend), (), None)]
    begins = [0, *inside[1:]]
    ends = [len(legend[:s].rstrip()) for s in begins[1:]] + [len(legend.rstrip())]
    markers = [marker_at(legend, s) for s in inside]
    return [
        PanelSpan(begin, end, marker.letters if marker else (), start)
        for begin, end, start, marker in zip(begins, ends, inside, markers, strict=True)
    ]


def segment_legends(rows: Iterable[Mapping[str, object]], *, is_model: bool) -> pa.Table:
    """Rows (legend_sha256, legend, and with a model starts) to a table of SEGMENTS."""
    out: list[dict[str, object]] = []
    for row in rows:
        legend, starts = str(row["legend"]), row.get("starts") or []
        assert isinstance(starts, list)
        panels = split_by_starts(legend, starts) if is_model else split_by_rule(legend)
        out += [
            {"legend_sha256": row["legend_sha256"], "panel_no": n, "start_offset": p.start, "end_offset": p.end,
             "labels": list(p.labels)}
            for n, p in enumerate(panels)
            if p.start < p.end
        ]  # fmt: skip
    return rows_to_table(out, SEGMENTS)
