"""After a purge: no published file may hold what was taken."""

from __future__ import annotations

from pipelines.settings import Settings


def has_generation(settings: Settings) -> bool:
    """True once something was published."""
    from pipelines.analytics.generations import Generations

    return Generations(settings.path("analytics")).current() is not None


def forget_older_generations(settings: Settings) -> list[str]:
    """Remove every generation of analytics.duckdb but the current one, under the lease `publish`; their names."""
    from pipelines.analytics.generations import Generations
    from pipelines.clients.state import open_state

    with open_state(settings).lease("publish"):
        return Generations(settings.path("analytics")).forget_older()
