"""Fitting the plain baselines: nothing but counting."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from pipelines.core.text import word_spans
from pipelines.taggers.base import write_json
from pipelines.taggers.baseline import DICTIONARY_FILE
from pipelines.taggers.bundle import Example

#: A surface form is kept where at least this share of its uses in the training text has its majority type.
_PURITY = 0.5
_LEAST_LENGTH = 3
_LONGEST = 12


def fit_dictionary(examples: Sequence[Example], labels: Sequence[str], folder: Path) -> dict[str, object]:
    """Writes surface form → type. Forms under three characters and forms that are mostly something else are left out:
    how often a form stands unmarked in the text counts against it."""
    marked: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        for span in example.spans:
            form = _form(example.text[span.start : span.end])
            if span.label in labels and len(form) >= _LEAST_LENGTH and form.count("\x1f") < _LONGEST:
                marked[form][span.label] += 1
    uses = _count_uses(examples, marked)
    entries = {}
    for form, types in sorted(marked.items()):
        label, n = min(types.items(), key=lambda item: (-item[1], item[0]))
        if n >= _PURITY * max(uses[form], sum(types.values())):
            entries[form] = label
    write_json(folder / DICTIONARY_FILE, entries)
    return {"n_entries": len(entries), "n_dropped": len(marked) - len(entries)}


def _form(text: str) -> str:
    return "\x1f".join(text[s:e] for s, e in word_spans(text))


def _count_uses(examples: Sequence[Example], forms: dict[str, Counter[str]]) -> Counter[str]:
    lengths = sorted({f.count("\x1f") + 1 for f in forms})
    uses: Counter[str] = Counter()
    for example in examples:
        words = [example.text[s:e] for s, e in word_spans(example.text)]
        for n in lengths:
            uses.update(key for i in range(len(words) - n + 1) if (key := "\x1f".join(words[i : i + n])) in forms)
    return uses


def majority_role(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """The most frequent role of the training data, the first of the labels where none occurs."""
    counts = Counter(s.label for e in examples for s in e.spans if s.label in labels)
    return max(labels, key=lambda label: counts[label])
