"""Moved to pipelines.taggers.evaluate."""

from pipelines.taggers.evaluate import *  # noqa: F403
