"""The model card: what a registered version is, in words, from the template in mlflow/model_card.md."""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path

#: Used where the package is installed without the checkout and its mlflow/ folder.
FALLBACK = "$task by $tagger, trained on $corpus_version ($data_kind data), F1 on dev $dev_f1."


def read_template(checkout: Path) -> str:
    """The template of the checkout, else the one line that this module holds."""
    path = checkout / "mlflow" / "model_card.md"
    return path.read_text(encoding="utf-8") if path.is_file() else FALLBACK


def render_card(template: str, values: Mapping[str, object]) -> str:
    """The template with its `$names`; a name without a value is an error (KeyError): a card never shows a blank."""
    return string.Template(template).substitute({k: str(v) for k, v in values.items()})
