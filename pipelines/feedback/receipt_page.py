"""A receipt as one page for a curator: what was accepted, each rejected row in its legend. No script in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from itertools import pairwise
from typing import Any

Receipt = Mapping[str, Any]
#: A page with more rejected rows is no longer read; the JSON beside it has them all.
ROWS_ON_PAGE = 1000
_UNITS = ("document", "figure", "deletion", "panel", "annotation", "event")
_STATUS = {
    "open": "to be mended", "fixed": "fixed since, with the delivery", "waived": "may stay as it is, decided by",
}  # fmt: skip
_HOW = {
    "exact": "its legend is yours", "folded": "its legend is yours but for dashes, case and spaces",
    "aligned": "its legend differs, your marks are carried over where it has their text",
    "matched": "its legend differs, there was no mark to carry over",
}  # fmt: skip
_WHY_OWN = {
    "no_publication": "no publication of its document is here yet",
    "no_legends": "the publication is here without a legend",
    "no_fit": "no figure of the publication fits",
}  # fmt: skip
_ALIGNED_HEAD = "<h2>How its current figures stand on the publisher's</h2>"
_NOT_ALIGNED = (
    "None of them is in the tables published last: not published yet, superseded or withdrawn since, or of an "
    "auxiliary delivery."
)
_FOOT = (
    "<footer>Mend the file and put it into the next delivery under the same name, with a later date in its "
    "delivery.toml: what is accepted then closes the issue by itself. Of two versions with the same date, it is "
    "not the order of arrival that decides which one counts.</footer>"
)


def render_receipt(receipt: Receipt) -> str:
    """The page. Equal receipts give equal bytes."""
    style = (resources.files("pipelines") / "feedback" / "receipt.css").read_text(encoding="utf-8")
    title = f"Receipt for {receipt['name']} ({receipt['delivery_id']})"
    body = _head(receipt) + _accepted(receipt) + _aligned(receipt) + _rejected(receipt["rejected"])
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>\n{style}</style></head>\n<body><main>{body}</main></body></html>\n"
    )


def mark_legend(legend: str, spans: Sequence[Sequence[int]]) -> str:
    """The legend as HTML with its spans marked; overlapping ones are marked as one."""
    cuts = {0, len(legend)} | {p for span in spans for p in span}
    out = []
    for start, end in pairwise(sorted(cuts)):
        text = escape(legend[start:end])
        out.append(f"<mark>{text}</mark>" if any(s <= start and end <= e for s, e in spans) else text)
    return "".join(out).replace("</mark><mark>", "")


def _head(receipt: Receipt) -> str:
    notes = '<p class="synthetic">Sample data: machine-made, no finding.</p>' if receipt["is_synthetic"] else ""
    if receipt["is_stopped"]:
        notes += (
            '<p class="alarm">This night was stopped by a quality rule: nothing of it was taken in. Too much of it was '
            "rejected; mend what is listed below and deliver again.</p>"
        )
    n = receipt["n_rejected"]
    verdict = "all accepted" if not n else f"{n} rejected"
    facts = {
        "delivery": receipt["delivery_id"], "from": receipt["sender"], "night": receipt["run_key"],
        "stated date": receipt["stated_date"] or "none", "review stage": receipt["review_stage"],
        "types annotated": ", ".join(receipt["annotated_types"] or ()) or "none stated",
        "corpus version": receipt["corpus_version"] or "none",
    }  # fmt: skip
    return (
        f"<header><p class='kicker'>Nightcap · receipt</p><h1>{escape(str(receipt['name']))}: {verdict}</h1>{notes}"
        f"{_facts(facts)}</header>"
    )


def _facts(facts: Mapping[str, object]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items()) + "</dl>"


def _accepted(receipt: Receipt) -> str:
    files = receipt["files"]
    accepted = "readable" if receipt["is_stopped"] else "accepted"
    words = {"n_in": "files delivered", "accepted": accepted, "rejected": "rejected",
             "duplicate": "the same bytes twice", "ignored": "not read"}  # fmt: skip
    rows = [(words[k], n) for k, n in files.items() if n or k in ("n_in", "accepted")]
    counts = receipt["accepted"]
    if counts is None:
        note = "<p>Figures and annotations of this night can no longer be counted; the files can.</p>"
    else:
        note, rows = "", rows + [(f"{unit}s accepted", counts[unit]) for unit in _UNITS if counts.get(unit)]
    return f"<section><h2>What came in</h2>{_table(rows)}{note}{_not_read(receipt['not_read'])}</section>"


def _not_read(files: Sequence[Mapping[str, str]]) -> str:
    if not files:
        return ""
    named = ", ".join(f"<code>{escape(f['file'])}</code> ({escape(f['why'])})" for f in files[:ROWS_ON_PAGE])
    more = f" and {len(files) - ROWS_ON_PAGE:,} more" if len(files) > ROWS_ON_PAGE else ""
    return f"<p>Not read: {named}{more}.</p>"


def _aligned(receipt: Receipt) -> str:
    """How the accepted figures stand on the publisher's; nothing for a delivery without annotations."""
    aligned = receipt["aligned"]
    if aligned is None:
        is_waiting = (receipt["accepted"] or {}).get("annotation")
        return f"<section>{_ALIGNED_HEAD}<p>{_NOT_ALIGNED}</p></section>" if is_waiting else ""
    on = [(f"on the publisher's figure: {_HOW[k]}", n) for k, n in aligned["on_publisher"].items() if n]
    own = [(f"a figure of its own: {_WHY_OWN[k]}", n) for k, n in aligned["own"].items() if n]
    note = ""
    if aligned["min_confidence"] is not None:
        note = (
            f"<p>Confidence of the alignments: least {aligned['min_confidence']:.3f}, median "
            f"{aligned['median_confidence']:.3f}: the share of your legend's letters that the publisher's has too.</p>"
        )
    rows = aligned["not_exact"]
    more = len(rows) - ROWS_ON_PAGE
    note += f"<p>and {more:,} more: the .json file beside this page has them all</p>" if more > 0 else ""
    return f"<section>{_ALIGNED_HEAD}{_table([*on, *own])}{_not_exact(rows)}{note}</section>"


def _not_exact(rows: Sequence[Receipt]) -> str:
    if not rows:
        return ""
    head = "<tr><th>your figure</th><th>publisher's figure</th><th>how</th><th>confidence</th></tr>"
    return f"<table>{head}{''.join(_not_exact_row(r) for r in rows[:ROWS_ON_PAGE])}</table>"


def _not_exact_row(row: Receipt) -> str:
    label = f"{row['label']} ({row['figure']})" if row["label"] else row["figure"]
    sure = "" if row["confidence"] is None else f"{row['confidence']:.3f}"
    cells = (label, row["publisher_figure"] or "none", _WHY_OWN.get(row["why_own"], row["alignment"]))
    return "<tr>" + "".join(f"<td>{escape(str(c))}</td>" for c in cells) + f'<td class="n">{sure}</td></tr>\n'


def _table(rows: Iterable[tuple[str, int]]) -> str:
    return "<table>" + "".join(f'<tr><td>{escape(k)}</td><td class="n">{n:,}</td></tr>' for k, n in rows) + "</table>"


def _rejected(rows: Sequence[Receipt]) -> str:
    if not rows:
        return "<section><h2>Rejected</h2><p>Nothing.</p></section>"
    more = len(rows) - ROWS_ON_PAGE
    note = f"<p>and {more:,} more: the .json file beside this page has them all</p>" if more > 0 else ""
    return f"<section><h2>Rejected</h2>{''.join(_issue(r) for r in rows[:ROWS_ON_PAGE])}{note}</section>{_FOOT}"


def _issue(row: Receipt) -> str:
    is_replay = str(row["settled_by"]).startswith("replay ")
    status = "fixed since, by the" if is_replay else _STATUS.get(row["status"], row["status"])
    settled = f" {row['settled_by']}" if row["settled_by"] else ""
    at = row["file"] + (f", line {row['line']}, column {row['column']}" if row["line"] else "")
    facts = {"expected": row["expected"], "file": at, "place": row["locator"] or "the whole file",
             "state": f"{status}{settled}"}  # fmt: skip
    return (
        f'<article class="{escape(row["status"])}" id="{escape(row["issue_id"])}"><h3>{escape(row["message"])}</h3>'
        f"<small>{escape(row['unit'])} · {escape(row['reason'])} · issue <code>{escape(row['issue_id'])}</code></small>"
        f"{_facts(facts)}{_legend(row['legend'])}</article>\n"
    )


def _legend(legend: Receipt | None) -> str:
    if legend is None:
        return ""
    spans = legend["spans"]
    note = "" if legend["is_exact"] or not spans else (
        "<small>marked where the text stands; the row names no place in the legend</small>" if len(spans) == 1 else
        f"<small>the text stands {len(spans)} times, all marked; the row names no place in the legend</small>"
    )  # fmt: skip
    label = f"<b>{escape(legend['label'])}</b> " if legend["label"] else ""
    return f"<blockquote>{label}{mark_legend(legend['text'], spans)}</blockquote>{note}"
