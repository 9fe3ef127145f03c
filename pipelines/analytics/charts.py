"""Inline SVG for the night's page: no library, no script, readable in print and in the dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

_ROW, _LEFT, _RIGHT, _WIDTH = 26, 210, 60, 720


def intervals(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """F1 with its 95 % interval, one line a model or baseline; the champion is filled. Axis 0 to 1."""
    height = _ROW * len(rows) + 34
    parts = [_open(height, title), *_grid(height)]
    parts += [_interval(row, 4 + _ROW * i + _ROW / 2) for i, row in enumerate(rows)]
    return "".join([*parts, "</svg>"])


def _open(height: float, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
    )


def _grid(height: float) -> Iterator[str]:
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _x(tick)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - 24}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{tick:g}</text>'


def _x(value: float) -> float:
    return _LEFT + value * (_WIDTH - _LEFT - _RIGHT)


def agreements(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """F1 (filled) and alpha (open) of two annotators, one line a class. Axis 0 to 1; an alpha below 0 stands at 0."""
    height = _ROW * len(rows) + 34
    return "".join([_open(height, title), *_grid(height), *(_agreement(r, 4 + _ROW * i + _ROW / 2)
                                                            for i, r in enumerate(rows)), "</svg>"])  # fmt: skip


def _agreement(row: Mapping[str, Any], y: float) -> str:
    kind = "champion" if row["entity_type"] == "all" else "other"
    said = f"F1 {row['f1']:.2f}" + ("" if row["alpha"] is None else f", α {row['alpha']:.2f}")
    alpha = ("" if row["alpha"] is None else
             f'<circle class="other" cx="{_x(max(0.0, row["alpha"])):.1f}" cy="{y:.1f}" r="5"/>')  # fmt: skip
    return (
        f"<g><title>{escape(said)}</title>"
        f'<text x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end" class="{kind}">{escape(row["entity_type"])}</text>'
        f'<circle class="champion" cx="{_x(row["f1"]):.1f}" cy="{y:.1f}" r="5"/>{alpha}'
        f'<text class="tick" x="{_WIDTH - _RIGHT + 12}" y="{y + 4:.1f}">{row["f1"]:.2f}</text></g>'
    )


def _interval(row: Mapping[str, Any], y: float) -> str:
    name = f"{row['tagger']} {row['model_version']}" if row["tagger"] != row["model_version"] else str(row["tagger"])
    kind = "champion" if row["alias"] == "champion" else "other"
    low, high, f1 = _x(row["f1_low"]), _x(row["f1_high"]), _x(row["f1"])
    return (
        f'<text x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end" class="{kind}">{escape(name)}</text>'
        f'<line class="bar" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<circle class="{kind}" cx="{f1:.1f}" cy="{y:.1f}" r="5"/>'
        f'<text class="tick" x="{_WIDTH - _RIGHT + 12}" y="{y + 4:.1f}">{row["f1"]:.3f}</text>'
    )


def night_bars(nights: Sequence[Mapping[str, Any]], title: str) -> str:
    """New or changed documents of each night (up), rejected units (down): the trend of the last 30 nights."""
    rows = nights[-30:]
    top = max([1, *(int(r["n_documents"]) for r in rows)])
    bottom = max([1, *(int(r["n_quarantined"]) for r in rows)])
    step = (_WIDTH - 40) / max(len(rows), 1)
    parts = [_open(190, title), f'<line class="axis" x1="20" x2="{_WIDTH - 20}" y1="110" y2="110"/>']
    for i, row in enumerate(rows):
        parts.append(_night_bar(row, 20 + i * step, min(step * 0.7, 60), top, bottom))
    return "".join([*parts, "</svg>"])


def _night_bar(row: Mapping[str, Any], x: float, width: float, top: int, bottom: int) -> str:
    up = 90 * int(row["n_documents"]) / top
    down = 40 * int(row["n_quarantined"]) / bottom
    words = f"{row['run_key']}: {row['n_documents']} documents, {row['n_quarantined']} rejected, {row['status']}"
    middle = x + width / 2
    return (
        f"<g><title>{escape(words)}</title>"
        f'<rect class="good" x="{x:.1f}" y="{110 - up:.1f}" width="{width:.1f}" height="{max(up, 1):.1f}"/>'
        f'<rect class="bad" x="{x:.1f}" y="111" width="{width:.1f}" height="{down:.1f}"/>'
        f'<text class="tick" x="{middle:.1f}" y="{max(104 - up, 12):.1f}" text-anchor="middle">'
        f"{row['n_documents']}</text>"
        f'<text class="tick" x="{middle:.1f}" y="184" text-anchor="middle">{str(row["run_key"])[5:]}</text></g>'
    )
