from __future__ import annotations

from pipelines.core.text import word_spans
from pipelines.taggers.markers import marker_hints


def _hints(text: str) -> dict[str, tuple[str, ...]]:
    spans = word_spans(text)
    words = [text[s:e] for s, e in spans]
    return {f"{words[i]}@{spans[i][0]}": h for i, h in enumerate(marker_hints(text, words, spans))}


def test_letters_in_sequence_are_told_from_letters_out_of_it() -> None:
    text = "(A) Lysates of E cells. (B) Their blots (see Z). (C) Sums."
    hints = _hints(text)
    assert {"step=first", "next", "rule", "begin"} <= set(hints["(@0"])
    assert {"step=up", "next", "rule", "sentence"} <= set(hints[f"(@{text.index('(B)')}"])
    assert {"step=up", "nonext", "rule"} <= set(hints[f"(@{text.index('(C)')}"])
    assert "step=off" in hints[f"E@{text.index('E cells')}"]
    assert "rule" not in hints[f"E@{text.index('E cells')}"]


def test_a_legend_without_letters_has_only_sentence_hints() -> None:
    found = {h for own in _hints("Cells grew. They were stained.").values() for h in own}
    assert found == {"begin", "sentence"}
