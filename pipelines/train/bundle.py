"""Moved to pipelines.taggers.bundle."""

from pipelines.taggers.bundle import *  # noqa: F403
from pipelines.taggers.bundle import _percent, _row_of  # noqa: F401
