"""Weekly upkeep of the corpus: an old version is proved, closed months are merged, what is derived is cleared."""

from __future__ import annotations

from pipelines.core.runs import StageResult
from pipelines.flows.context import Context


def verify(ctx: Context) -> StageResult:
    """1. Check out an old version from the remote with an empty cache; its md5 must be the stated one."""
    from pipelines.corpus.upkeep.step import run_verify

    return run_verify(ctx.settings, ctx.run)


def compact(ctx: Context) -> StageResult:
    """2. Merge the files of closed months, in a version of its own with every row; nothing to do in most weeks."""
    from pipelines.corpus.upkeep.step import run_compact

    return run_compact(ctx.settings)


def gc(ctx: Context) -> StageResult:
    """3. Clear what is derived and old: caches, rows between steps, trainings that are decided."""
    from pipelines.corpus.clearing.step import run_gc

    return run_gc(ctx.settings)


STEPS = (verify, compact, gc)
