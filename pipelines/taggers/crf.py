"""The kind `crf`: a linear-chain CRF of python-crfsuite over words (or over mentions, for roles)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pycrfsuite

from pipelines.core.features import MENTION, is_sentence_end, short_shape, word_shape
from pipelines.core.tagging import Span
from pipelines.taggers.base import TaggerInput, TaggerMeta
from pipelines.taggers.prepare import Prepared, is_roles, prepare, spans_of

MODEL_FILE = "model.crfsuite"
_PADDING = "<>"


def item_features(task: str, prepared: Prepared) -> list[list[str]]:
    """Feature strings of every item of a text."""
    if is_roles(task):
        return _mention_features(prepared)
    if task == "panelization":
        return _marker_features(prepared)
    return _entity_features(prepared.words)


def _word_features(word: str) -> list[str]:
    lower = word.lower()
    out = ["w=" + word, "l=" + lower, "h=" + word_shape(word), "k=" + short_shape(word)]
    for n in range(1, min(5, len(word)) + 1):
        out += [f"p{n}={word[:n]}", f"s{n}={word[-n:]}"]
    if len(word) > 3:
        out += ["g=" + lower[i : i + 3] for i in range(1, len(lower) - 3)][:8]
    return out


def _entity_features(words: Sequence[str]) -> list[list[str]]:
    """Form, affixes to 5, shapes, inner trigrams, the same of two words around, bigrams, other uses in the text."""
    cache: dict[str, list[str]] = {w: _word_features(w) for w in set(words)}
    lower = [_PADDING] * 2 + [w.lower() for w in words] + [_PADDING] * 2
    shapes = [_PADDING] * 2 + [short_shape(w) for w in words] + [_PADDING] * 2
    before: dict[str, set[str]] = {}
    for i, word in enumerate(words):
        if len(word) > 1:
            before.setdefault(word, set()).update((f"dn={lower[i + 3]}", f"dp={lower[i + 1]}"))
    out = []
    for i, word in enumerate(words):
        j = i + 2
        own = list(cache[word])
        for d in (-2, -1, 1, 2):
            own += [f"{d}l={lower[j + d]}", f"{d}k={shapes[j + d]}"]
        own += [f"b-={lower[j - 1]}|{lower[j]}", f"b+={lower[j]}|{lower[j + 1]}"]
        own += [f"k-={shapes[j - 1]}|{shapes[j]}", f"k+={shapes[j]}|{shapes[j + 1]}"]
        own += [f"k3={shapes[j - 1]}|{shapes[j]}|{shapes[j + 1]}"]
        for d, at in ((-1, i - 1), (1, i + 1)):
            if 0 <= at < len(words):
                own += [f"{d}s={lower[j + d][-3:]}", f"{d}p={lower[j + d][:3]}"]
        own += sorted(before.get(word, ()))[:12]
        out.append(own)
    return out


def _marker_features(prepared: Prepared) -> list[list[str]]:
    """Word and shape of three words around, and the hints of `taggers.markers` of the word and its neighbours."""
    words, hints = prepared.words, prepared.hints
    n = len(words)
    out = []
    for i in range(n):
        own = ["bias"]
        for d in range(-3, 4):
            word = words[i + d] if 0 <= i + d < n else _PADDING
            own += [f"{d}w={word.lower()}", f"{d}k={short_shape(word)}"]
        own += [f"b={words[i]}|{words[i + 1] if i + 1 < n else _PADDING}"]
        own += ["h=" + h for h in hints[i]]
        if "sentence" in hints[i] or "begin" in hints[i]:
            own += ["s&" + h for h in hints[i]]
        if i > 0:
            own += ["-h=" + h for h in hints[i - 1] if h in {"sentence", "begin", "rule"}]
        out.append(own)
    return out


def _mention_features(prepared: Prepared) -> list[list[str]]:
    """Words around a mention by distance and as a bag within the sentence, up to the mentions beside it."""
    words = [w if w != MENTION else "@" for w in prepared.words]
    lower = [w.lower() for w in words]
    out = []
    for number, at in enumerate(prepared.items):
        own = ["bias", f"n={min(number, 5)}"]
        for d in (-4, -3, -2, -1, 1, 2, 3, 4):
            own.append(f"{d}={lower[at + d] if 0 <= at + d < len(words) else _PADDING}")
        for side in (-1, 1):
            own += _sentence_bag(lower, words, at, side)
        own += [f"b-={'|'.join(lower[max(0, at - 2) : at])}", f"b+={'|'.join(lower[at + 1 : at + 3])}"]
        own += [f"t-={'|'.join(lower[max(0, at - 3) : at])}", f"t+={'|'.join(lower[at + 1 : at + 4])}"]
        out.append(own)
    return out


def _sentence_bag(lower: Sequence[str], words: Sequence[str], at: int, side: int) -> list[str]:
    """Words of the same sentence on one side, at most 15, marked where another mention stands between."""
    name = "L" if side < 0 else "R"
    out: list[str] = []
    beyond = 0
    for step in range(1, 16):
        i = at + side * step
        if not 0 <= i < len(words) or is_sentence_end(words, i if side < 0 else i - 1 if step > 1 else i):
            break
        if lower[i] == "@":
            beyond = min(beyond + 1, 2)
        if len(lower[i]) > 1:
            out.append(f"{name}{beyond}={lower[i]}")
    return out


class CrfTagger:
    """A crfsuite model with its meta; not safe to share between threads."""

    def __init__(self, meta: TaggerMeta, model: Path) -> None:
        self.meta = meta
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open(str(model))

    @classmethod
    def load(cls, folder: Path, meta: TaggerMeta) -> CrfTagger:
        return cls(meta, folder / MODEL_FILE)

    def predict(self, texts: Sequence[TaggerInput]) -> list[list[Span]]:
        return [self._predict_one(t) for t in texts]

    def _predict_one(self, text: TaggerInput) -> list[Span]:
        prepared = prepare(self.meta.task, text.text, text.context_spans)
        if not prepared.items:
            return []
        self._tagger.set(item_features(self.meta.task, prepared))
        tags = self._tagger.tag()
        scores = [self._tagger.marginal(tag, i) if tag != "O" else 1.0 for i, tag in enumerate(tags)]
        return spans_of(self.meta.task, prepared, tags, scores)
