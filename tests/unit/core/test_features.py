from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.features import (
    N_FIXED,
    char_ngrams,
    hash_id,
    hashed_word,
    is_sentence_end,
    short_shape,
    word_shape,
)  # fmt: skip


def test_shapes() -> None:
    assert [word_shape(w) for w in ("Atg5", "αB", "-", "p53")] == ["Xxxd", "gX", "-", "xdd"]
    assert short_shape("HEK293") == "Xd"


def test_ids_are_the_same_on_every_machine() -> None:
    assert hash_id("Atg5", 65536) == 18087
    assert hashed_word("Atg5", 1024, 512, 512) == hashed_word("Atg5", 1024, 512, 512)


@given(st.text(min_size=1, max_size=40), st.integers(2, 1 << 16))
def test_ids_fit_their_tables_and_never_hit_the_padding_row(word: str, rows: int) -> None:
    fixed, grams = hashed_word(word, rows, rows, rows)
    assert len(fixed) == N_FIXED
    assert all(0 < i < rows for i in (*fixed, *grams))
    assert len(grams) == len(char_ngrams(word)) <= 24


def test_sentences_end_at_stops_but_not_at_initials_or_decimals() -> None:
    words = ["Cells", ".", "E", ".", "coli", "grew", "at", "0", ".", "5", "."]
    assert [i for i in range(len(words)) if is_sentence_end(words, i)] == [1, 10]
