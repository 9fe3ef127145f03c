"""One line to a corpus version as a pandas frame or a dataset of Hugging Face's library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import settings
from pipelines.errors import UsageError

if TYPE_CHECKING:
    import datasets
    import pandas as pd

#: Tables that can be opened: what is current in each.
TABLES = ("documents", "figures", "panels", "annotations", "document_events")
_NO_DATASETS = "the library datasets is not installed: pip install -c constraints.txt -e '.[datasets]'"


def open_version(
    version: str | None = None, *, table: str = "annotations", home: Path | str | None = None
) -> pd.DataFrame:
    """What is current in a corpus version, as a frame: documents, figures, panels, annotations or document_events.

    `version` is a tag such as corpus/2026-11-20, or its night (default: the newest); `home` as for the commands. The
    columns are those of `pipelines/schemas/corpus/<table>.sql` with doc_id, night and seq; documents and annotations
    have split and status too. Annotations carry the legend: `legend[start_offset:end_offset]` is the text (code
    points). Retracted documents are there, with their status. UsageError for a version or table that does not exist.
    """
    from pipelines.corpus.compare.step import read_current

    if table not in TABLES:
        raise UsageError(f"no table {table!r}: {', '.join(TABLES)}")
    return read_current(settings.current(home), version, table).to_pandas()


def open_dataset(
    version: str | None = None, *, table: str = "annotations", home: Path | str | None = None
) -> datasets.Dataset:
    """The same as a `datasets.Dataset`. UsageError where the extra `datasets` is not installed."""
    try:
        from datasets import Dataset
    except ImportError as error:
        raise UsageError(_NO_DATASETS) from error
    return Dataset.from_pandas(open_version(version, table=table, home=home), preserve_index=False)
