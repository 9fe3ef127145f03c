"""The tagger kinds behind one interface: texts in, spans with scores out, a folder with `tagger.json` as storage.

A layer of its own, so that `train` and `predict` share models without importing each other. Needs torch and
transformers only for the kind `encoder`, python-crfsuite only for the kind `crf`.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import PermanentError
from pipelines.taggers.base import Tagger, TaggerInput, TaggerMeta, read_meta, write_meta

__all__ = ["Tagger", "TaggerInput", "TaggerMeta", "load_tagger", "read_meta", "write_meta"]


def load_tagger(folder: Path) -> Tagger:
    """The tagger stored in a folder, of whatever kind. PermanentError where it needs other versions than ours."""
    meta = read_meta(folder)
    if meta.kind == "crf":
        from pipelines.taggers.crf import CrfTagger

        return CrfTagger.load(folder, meta)
    if meta.kind == "encoder":
        from pipelines.taggers.encoder import EncoderTagger

        return EncoderTagger.load(folder, meta)
    if meta.kind in {"rule", "dictionary"}:
        from pipelines.taggers.baseline import load_baseline

        return load_baseline(folder, meta)
    raise PermanentError(f"{folder}: unknown tagger kind {meta.kind!r}; known are crf, encoder, rule, dictionary")
