"""The night as one page to look at: one HTML file with everything in it, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from itertools import groupby
from typing import Any

from pipelines.analytics.charts import agreements, intervals, night_bars

Rows = Sequence[Mapping[str, Any]]
_STATUS = {
    "published": "New corpus version", "unchanged": "Nothing new", "rejected_only": "Nothing new but rejected units",
    "stopped": "Stopped by a quality rule",
}  # fmt: skip
_MANY = 15
_MANY_PAIRS = 6


def render_report(data: Mapping[str, Rows]) -> str:
    """The page, from the rows of sql/report_*.sql by name. Equal rows give equal bytes."""
    meta, night = data["meta"][0], data["night"][0]
    style = (resources.files("pipelines") / "analytics" / "report.css").read_text(encoding="utf-8")
    body = "".join(
        [_head(meta, night), _totals(data["totals"][0]), _changes(data["changes"]), _accounting(data["accounting"]),
         _quarantine(data["quarantine"]), _quality(data["quality"], data.get("docs", ())), _curators(data),
         _models(data), _trend(data), _foot(meta)]
    )  # fmt: skip
    title = f"Nightcap, night {night['run_key']}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>\n{style}</style></head>\n<body><main>{body}</main></body></html>\n"
    )


def _section(title: str, body: str, note: str = "") -> str:
    lead = f'<p class="note">{escape(note)}</p>' if note else ""
    return f"\n<section><h2>{escape(title)}</h2>{lead}{body}</section>"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()) -> str:
    """A table; `numbers` are the columns set to the right."""

    def cell(tag: str, i: int, value: object) -> str:
        kind = ' class="n"' if i in numbers else ""
        text = value if isinstance(value, _Html) else escape("" if value is None else f"{value}")
        return f"<{tag}{kind}>{text}</{tag}>"

    top = "".join(cell("th", i, h) for i, h in enumerate(head))
    lines = "".join("<tr>" + "".join(cell("td", i, v) for i, v in enumerate(r)) + "</tr>\n" for r in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'


class _Html(str):
    """Markup that is put in as it is."""

    __slots__ = ()


def _head(meta: Mapping[str, Any], night: Mapping[str, Any]) -> str:
    synthetic = '<p class="synthetic">Sample data: machine-made, no finding.</p>' if meta["is_synthetic"] else ""
    missing = ", ".join(night["sources_missing"])
    alarm = f'<p class="alarm">Could not be read: {escape(missing)}. This night is incomplete.</p>' if missing else ""
    return (
        f"<header><p class='kicker'>Nightcap · night report</p><h1>{escape(str(night['run_key']))}: "
        f"{escape(_STATUS.get(night['status'], night['status']))}</h1>{synthetic}{alarm}"
        f"<p>{escape(night['message'])}</p><dl>"
        f"<dt>corpus version</dt><dd>{escape(meta['corpus_version'] or 'none yet')}</dd>"
        f"<dt>generation</dt><dd>{escape(meta['generation'])}</dd>"
        f"<dt>published</dt><dd>{meta['published_at']:%Y-%m-%d %H:%M} UTC</dd>"
        f"<dt>steps took</dt><dd>{night['seconds']:.0f} s</dd></dl></header>"
    )


def _totals(totals: Mapping[str, Any]) -> str:
    tiles = "".join(
        f"<div><b>{int(n):,}</b><span>{escape(name.replace('_', ' '))}</span></div>" for name, n in totals.items()
    )
    return f'\n<div class="tiles">{tiles}</div>'


def _changes(rows: Rows) -> str:
    if not rows:
        return _section("What came in", "<p>Nothing new in this night.</p>")
    counts = [(what, len(list(group))) for what, group in groupby(rows, key=lambda r: r["what"])]
    summary = ", ".join(f"{n} × {what.replace('_', ' ')}" for what, n in counts)
    shown = [(r["what"].replace("_", " "), r["doc_id"], r["detail"], r["source"]) for r in rows[:_MANY]]
    more = f"<p class='note'>and {len(rows) - _MANY} more</p>" if len(rows) > _MANY else ""
    table = _table(("what", "document", "title or statement", "source"), shown)
    return _section("What came in", f"<details open><summary>{escape(summary)}</summary>{table}{more}</details>")


def _accounting(rows: Rows) -> str:
    names = ("n_in", "valid", "quarantined", "duplicate", "unchanged", "ignored")
    table = _table(
        ("stage", "unit", "in", "went on", "rejected", "duplicate", "known", "left out"),
        [(r["stage"], r["unit"], *(f"{r[n]:,}" for n in names)) for r in rows],
        range(2, 8),
    )
    return _section("Where everything went", table, "In each line the first number is the sum of the others.")


def _quarantine(rows: Rows) -> str:
    if not rows:
        return _section("Rejected", "<p>Nothing is in quarantine.</p>")
    lines = []
    for row in rows:
        examples = "".join(
            f"<li><code>{escape(e['name'] or e['locator'])}</code> ({escape(e['unit'])}): {escape(e['message'])}</li>"
            for e in row["examples"]
        )
        lines.append((row["reason"], row["n_new"], row["n_open"], _Html(f"<ul>{examples}</ul>")))
    note = "All of one reason: nightcap sql \"from quarantine where reason = '…'\""
    return _section("Rejected, by reason", _table(("reason", "new", "open", "examples"), lines, (1, 2)), note)


def _quality(rows: Rows, docs: Rows) -> str:
    failed = [r for r in rows if not r["success"]]
    note = f"{len(rows) - len(failed)} of {len(rows)} rules held."
    table = _table(
        ("table", "rule", "severity", "checked", "failed", "observed", "allowed"),
        [
            (r["suite"], r["rule"], r["severity"], r["n_checked"], r["n_failed"], r["observed"], r["band"])
            for r in failed
        ],
        (3, 4),
    )
    links = "".join(f'<p><a href="{escape(d["href"])}">every rule of every table</a> (Data Docs)</p>' for d in docs)
    body = (table if failed else "") + links
    return _section("Quality", body, note if rows else "No rule was checked in this night.")


def _curators(data: Mapping[str, Rows]) -> str:
    """How far those who marked the same figures agree, and what each review stage corrected; nothing without such."""
    if not data["agreement"]:
        return ""
    pairs = [(pair, list(group)) for pair, group in groupby(data["agreement"], key=lambda r: r["pair"])]
    charts = "".join(
        f"<h3>{escape(pair)} <small>{group[0]['n_figures']:,} figures, {group[0]['n_spans_a']:,} and "
        f"{group[0]['n_spans_b']:,} spans</small></h3>{agreements(group, f'Agreement of {pair}')}"
        for pair, group in pairs[:_MANY_PAIRS]
    )
    more = f"<p class='note'>and {len(pairs) - _MANY_PAIRS} more pairs</p>" if len(pairs) > _MANY_PAIRS else ""
    names = ("n_documents", "n_without", "n_few", "n_many", "n_kept", "n_changed", "n_deleted", "n_added")
    table = _table(
        ("from", "to", "manuscripts", "no correction", "1 to 5", "more", "kept", "changed", "deleted", "added"),
        [(r["from_stage"], r["to_stage"], *(f"{r[n]:,}" for n in names)) for r in data["corrections"]],
        range(2, 10),
    )
    note = (
        "F1 of strict spans is filled, Krippendorff's alpha over words is open. `from agreement`, `from corrections` "
        "and `from preannotations` hold the numbers."
    )
    return _section("Agreement of annotators", charts + more + (table if data["corrections"] else ""), note)


def _models(data: Mapping[str, Rows]) -> str:
    if not data["models"] and not data["scores"]:
        return _section("Models", "<p>No model is registered yet.</p>")
    charts = "".join(
        f"<h3>{escape(task)} <small>benchmark v{group[0]['benchmark_version']}, "
        f"{group[0]['support']:,} gold spans</small></h3>{intervals(group, f'F1 of {task}')}"
        for task, group in ((t, list(g)) for t, g in groupby(data["scores"], key=lambda r: r["task"]))
    )
    table = _table(
        ("task", "version", "tagger", "alias", "trained on", "data", "F1", "decision"),
        [(r["task"], r["model_version"], r["tagger"], r["alias"], r["corpus_version"], r["data_kind"],
          "" if r["f1"] is None else f"{r['f1']:.3f}", r["decision"]) for r in data["models"]],
        (6,),
    )  # fmt: skip
    note = "Micro F1 of strict spans with 95 % intervals; the champion is filled. Compare within one task only."
    return _section("Models", charts + table, note)


def _trend(data: Mapping[str, Rows]) -> str:
    bars = night_bars(data["nights"], "Documents and rejected units by night")
    table = _table(
        ("source", "last news", "nights since", "deliveries", "documents", "state"),
        [(r["source"], r["last_new_night"], r["nights_without_news"], r["n_deliveries"], r["n_documents"],
          "could not be read" if r["is_missing"] else "read") for r in data["freshness"]],
        (2, 3, 4),
    )  # fmt: skip
    return _section("Freshness", bars + table, "Up: new or changed documents; down: rejected units.")


def _foot(meta: Mapping[str, Any]) -> str:
    return (
        f"\n<footer><p>{escape(meta['panels_note'])}</p><p>{escape(meta['roles_note'])}</p>"
        f"<p>data.dvc {escape(meta['corpus_md5'] or 'none')} · schema {meta['schema_version']}</p></footer>"
    )
