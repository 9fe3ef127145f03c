"""The rules in words, for people: the table of infra/docs/quality.md, compared with the code by a test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.quality.rules import Check, Rule, Severity
from pipelines.quality.suites import build_suites
from pipelines.quality.volume import Band, build_volume_suite

BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"


def render(max_share: float, bands: Sequence[Band]) -> str:
    """Markdown: per suite its rules; not-null rules, which the DDL states, are named in one line."""
    return "\n".join(_iter_lines(max_share, bands)) + "\n"


def _iter_lines(max_share: float, bands: Sequence[Band]) -> Iterator[str]:
    for suite in (*build_suites(), build_volume_suite(max_share, bands)):
        yield f"### {suite.table}"
        yield ""
        required = [r.column for r in suite.rules if r.check is Check.NOT_NULL]
        if required:
            yield f"Never null (critical): {', '.join(f'`{c}`' for c in required)}."
            yield ""
        yield "| rule | severity | reason | what it says |"
        yield "|---|---|---|---|"
        for rule in suite.rules:
            if rule.check is not Check.NOT_NULL:
                yield f"| `{rule.name}` | {rule.severity.value} | {_reason(rule)} | {rule.message.replace('|', '/')} |"
        yield ""


def _reason(rule: Rule) -> str:
    return f"`{rule.reason.value}`" if rule.severity is Severity.CRITICAL else ""
