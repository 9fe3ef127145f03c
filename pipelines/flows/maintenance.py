"""Weekly upkeep: verify that old corpus versions can be rebuilt from the remote alone."""

from __future__ import annotations

from pipelines.core.runs import StageResult
from pipelines.flows.context import Context


def verify(ctx: Context) -> StageResult:
    """1. Check out an old version from the remote with an empty cache; its md5 must be the stated one."""
    from pipelines.corpus.step import run_verify

    return run_verify(ctx.settings, ctx.run)


STEPS = (verify,)
