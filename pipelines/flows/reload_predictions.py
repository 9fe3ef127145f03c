"""Reload: predict → link → publish → report → feedback, for what the corpus, champions or nights changed."""

from __future__ import annotations

from pipelines.core.runs import Run, StageResult
from pipelines.flows.context import Context


def predict(ctx: Context) -> StageResult:
    """1. The serving set of models over the legends that it has not yet seen."""
    from pipelines.predict.step import run_predict

    return run_predict(ctx.settings, ctx.run, ctx.progress)


def link(ctx: Context) -> StageResult:
    """2. New mention texts to ontology ids by exact name."""
    from pipelines.link.step import run

    return run(ctx.settings, ctx.run)


def publish(ctx: Context) -> StageResult:
    """3. A new DuckDB file built aside, checked, and the pointer flipped; with the state of each issue of today."""
    from pipelines.analytics.step import run_publish
    from pipelines.feedback.step import write_states

    write_states(ctx.settings)
    return run_publish(ctx.settings, ctx.run)


def report(ctx: Context) -> StageResult:
    """4. The night as one page to look at."""
    from pipelines.analytics.step import run_report

    return run_report(ctx.settings, ctx.run)


def feedback(ctx: Context) -> StageResult:
    """5. Receipts and rejected rows back to their senders."""
    from pipelines.feedback.step import run

    return run(ctx.settings, Run("feedback", "all"), ctx.progress)


STEPS = (predict, link, publish, report, feedback)
