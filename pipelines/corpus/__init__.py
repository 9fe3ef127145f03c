"""Freeze what passed the checks into the next corpus version; keep the night's record."""

from pipelines.corpus.frames import open_dataset, open_version

__all__ = ["open_dataset", "open_version"]
