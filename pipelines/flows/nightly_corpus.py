"""One night of the corpus: pull → parse → check → freeze → close."""

from __future__ import annotations

from pipelines.core.runs import StageResult
from pipelines.flows.context import Context
from pipelines.flows.holds import corpus_hold


def pull(ctx: Context) -> StageResult:
    """1. Raw bytes from every source, unchanged, with provenance → landing. A replay takes what is there already."""
    if held := corpus_hold(ctx.settings):
        return StageResult(skipped=held)
    if ctx.run.request.get("replay"):
        from pipelines.flows.replay import pull_again

        return pull_again(ctx.settings, ctx.run)
    from pipelines.corpus.compare.step import withdrawn_raw
    from pipelines.sources.step import run

    return run(ctx.settings, ctx.run, ctx.progress, lambda: withdrawn_raw(ctx.settings))


def parse(ctx: Context) -> StageResult:
    """2. Raw bytes to records: documents, figures, panels, annotations, events → staging."""
    from pipelines.ingest.step import run

    return run(ctx.settings, ctx.run, ctx.progress)


def check(ctx: Context) -> StageResult:
    """3. Great Expectations: valid rows go on, the rest to quarantine with a reason."""
    from pipelines.quality.step import run

    return run(ctx.settings, ctx.run)


def freeze(ctx: Context) -> StageResult:
    """4. Identity, splits, night partition, benchmark; DVC add and push, git commit and tag → the next version."""
    from pipelines.corpus.step import run_freeze

    return run_freeze(ctx.settings, ctx.run, ctx.fingerprint_of("check"))


def close(ctx: Context) -> StageResult:
    """5. The night's record: accounts, sources missing, counts. Runs also when there was nothing to freeze."""
    from pipelines.corpus.step import run_close
    from pipelines.quality.step import accept_counts, forget_purged

    accept_counts(ctx.settings, ctx.run)
    forget_purged(ctx.settings, ctx.run)
    return run_close(ctx.settings, ctx.run, ctx.results, ctx.seconds())


STEPS = (pull, parse, check, freeze, close)
