"""Great Expectations' own page of a suite's results, as one small file: numbers only, no script, nothing fetched.

Rows that failed are named in the quarantine alone; the library's pages would carry them along, and load a dozen files
from content networks, which an operator's browser may not reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from lxml import html

_NUMBERS = (
    "element_count",
    "unexpected_count",
    "unexpected_percent",
    "missing_count",
    "missing_percent",
    "observed_value",
)
_DROPPED = "//script | //link | //img | //noscript | //button | //nav | //*[contains(@class, 'modal')] | //comment()"
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b2733}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;text-align:left}"
    "td{border-top:1px solid #d8dee4}h1,h2,h3,h4{font-weight:600}.collapse{display:block}"
    ".popover,.tooltip,.fa,.fas{display:none}"
)


def render_docs(title: str, result: Any) -> bytes:
    """The page of one validation result. Drops from the result all that names rows or values."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    for one in result.results:
        one.result = {k: v for k, v in (one.result or {}).items() if k in _NUMBERS}
    page: Any = html.document_fromstring(DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(result)))
    for element in page.xpath(_DROPPED):
        element.drop_tree()
    head = page.find("head")
    for element in head.xpath("./title | ./style"):
        element.drop_tree()
    head.append(html.fromstring(f"<title>{escape(title)}</title>"))
    head.append(html.fromstring(f"<style>{_STYLE}</style>"))
    return bytes(html.tostring(page, doctype="<!doctype html>", encoding="utf-8"))


def render_index(run_key: str, rows: Iterable[tuple[str, int, int]]) -> bytes:
    """The list of a run's pages. `rows`: (suite, rules, rules that did not hold)."""
    lines = "".join(
        f'<tr><td><a href="{escape(s)}.html">{escape(s)}</a></td><td>{n}</td><td>{bad}</td></tr>' for s, n, bad in rows
    )
    title = f"Quality of {escape(run_key)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        "<p>Data Docs of Great Expectations, one page a suite that had rows. The rows that failed: "
        f"<code>nightcap quarantine list --night {escape(run_key[:10])}</code></p>"
        f"<table><tr><th>suite</th><th>rules</th><th>did not hold</th></tr>{lines}</table></body></html>\n"
    ).encode()
