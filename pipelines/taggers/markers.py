"""Hints on panel markers: which letters stand in sequence, in which style, and what the letter-chain rule says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pipelines.core.features import is_sentence_end
from pipelines.core.panels import split_by_rule

_AFTER = {")": "close", ".": "stop", ",": "comma", ":": "colon", "-": "dash", "–": "dash", "and": "and", "&": "and"}

_Candidate = tuple[int, str, str]


def _candidates(words: Sequence[str]) -> list[_Candidate]:
    """(word that the marker starts with, style, lower-case letter) of every single letter that could be a marker."""
    out = []
    for i, word in enumerate(words):
        if len(word) != 1 or not ("a" <= word.lower() <= "z"):
            continue
        is_open = i > 0 and words[i - 1] == "("
        after = _AFTER.get(words[i + 1], "word") if i + 1 < len(words) else "end"
        style = f"{'open' if is_open else 'bare'}:{after}:{'u' if word.isupper() else 'l'}"
        out.append((i - is_open, style, word.lower()))
    return out


def _chain_hints(candidates: Sequence[_Candidate]) -> dict[int, list[str]]:
    """Per candidate: its style, its place in the alphabet of that style so far, and whether the next letter follows."""
    later: dict[str, set[str]] = defaultdict(set)
    hints: dict[int, list[str]] = defaultdict(list)
    for at, style, letter in reversed(candidates):
        group = style[:4] + style[-1]
        hints[at].append("next" if chr(ord(letter) + 1) in later[group] else "nonext")
        later[group].add(letter)
    last: dict[str, str] = {}
    for at, style, letter in candidates:
        group = style[:4] + style[-1]
        step = ord(letter) - ord(last.get(group, "`"))
        kind = "first" if step == 1 and letter == "a" else "up" if step == 1 else "skip" if 1 < step < 4 else "off"
        hints[at] += [f"style={style}", f"step={kind}", f"step={kind}|{style}"]
        if kind != "off":
            last[group] = letter
    return hints


def marker_hints(text: str, words: Sequence[str], spans: Sequence[tuple[int, int]]) -> tuple[tuple[str, ...], ...]:
    """Categories per word: letter chains, the start of a sentence, and the panel starts of the rule."""
    hints = _chain_hints(_candidates(words))
    by_rule = {panel.marker_start for panel in split_by_rule(text)}
    out: list[tuple[str, ...]] = []
    for i, (start, _) in enumerate(spans):
        own = list(hints.get(i, ()))
        if start in by_rule:
            own.append("rule")
        if i == 0:
            own.append("begin")
        elif is_sentence_end(words, i - 1):
            own.append("sentence")
        out.append(tuple(own))
    return tuple(out)
