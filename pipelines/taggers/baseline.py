"""The plain baselines: the letter-chain rule, a dictionary of training mentions, the most frequent role."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.core.gold import PANEL_START
from pipelines.core.panels import split_by_rule
from pipelines.core.tagging import Span
from pipelines.core.text import word_spans
from pipelines.errors import PermanentError
from pipelines.taggers.base import Tagger, TaggerInput, TaggerMeta
from pipelines.taggers.prepare import is_roles, prepare

DICTIONARY_FILE = "dictionary.json"


class PanelRuleTagger:
    """Panel starts by `core.panels.split_by_rule`."""

    def __init__(self, meta: TaggerMeta) -> None:
        self.meta = meta

    def predict(self, texts: Sequence[TaggerInput]) -> list[list[Span]]:
        return [self._starts(t.text) for t in texts]

    def _starts(self, text: str) -> list[Span]:
        starts = {p.marker_start for p in split_by_rule(text) if p.marker_start is not None}
        return [Span(s, e, PANEL_START) for s, e in word_spans(text) if s in starts]


class MajorityRoleTagger:
    """Every mention gets the most frequent role of the training data."""

    def __init__(self, meta: TaggerMeta, role: str) -> None:
        self.meta = meta
        self._role = role

    def predict(self, texts: Sequence[TaggerInput]) -> list[list[Span]]:
        out = []
        for text in texts:
            prepared = prepare(self.meta.task, text.text, text.context_spans)
            out.append([Span(start, end, self._role) for start, end in prepared.item_spans])
        return out


class DictionaryTagger:
    """Longest match of known surface forms, word by word, as they were written."""

    def __init__(self, meta: TaggerMeta, entries: Mapping[str, str]) -> None:
        self.meta = meta
        self._entries = dict(entries)
        self._longest = max((len(k.split("\x1f")) for k in entries), default=0)

    def predict(self, texts: Sequence[TaggerInput]) -> list[list[Span]]:
        return [self._matches(t.text) for t in texts]

    def _matches(self, text: str) -> list[Span]:
        spans = word_spans(text)
        words = [text[s:e] for s, e in spans]
        out: list[Span] = []
        i = 0
        while i < len(words):
            n, label = self._longest_at(words, i)
            if label:
                out.append(Span(spans[i][0], spans[i + n - 1][1], label))
            i += n
        return out

    def _longest_at(self, words: Sequence[str], i: int) -> tuple[int, str]:
        for n in range(min(self._longest, len(words) - i), 0, -1):
            if label := self._entries.get("\x1f".join(words[i : i + n])):
                return n, label
        return 1, ""


def load_baseline(folder: Path, meta: TaggerMeta) -> Tagger:
    """The baseline stored in a folder: its meta, and a dictionary file for the kind `dictionary`."""
    if meta.kind == "dictionary":
        entries = json.loads((folder / DICTIONARY_FILE).read_text(encoding="utf-8"))
        return DictionaryTagger(meta, entries)
    if meta.task == "panelization":
        return PanelRuleTagger(meta)
    if is_roles(meta.task):
        return MajorityRoleTagger(meta, str(meta.extra["role"]))
    raise PermanentError(f"there is no rule for the task {meta.task}")
