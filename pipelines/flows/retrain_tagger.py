"""Retraining: select → train → score → gate, for the tasks whose annotations changed enough."""

from __future__ import annotations

from pipelines.core.runs import StageResult
from pipelines.flows.context import Context


def select(ctx: Context) -> StageResult:
    """1. Which tasks are due, and why the others are not; the corpus bundle of each that is."""
    from pipelines.train.step import run_select

    return run_select(ctx.settings, ctx.run)


def train(ctx: Context) -> StageResult:
    """2. A transformers token classifier and a CRF per due task, GPU when there is one."""
    from pipelines.train.step import run_train

    return run_train(ctx.settings, ctx.run, ctx.progress)


def score(ctx: Context) -> StageResult:
    """3. Candidates, champion and plain baselines over the benchmark → span files and counts."""
    from pipelines.predict.step import run_score

    return run_score(ctx.settings, ctx.run)


def gate(ctx: Context) -> StageResult:
    """4. Register the candidates, decide, move the alias."""
    from pipelines.registry.step import run

    return run(ctx.settings, ctx.run)


STEPS = (select, train, score, gate)
