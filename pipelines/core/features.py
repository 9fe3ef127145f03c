"""What a tagger sees of a word: shapes, affixes, n-grams, and hashed ids that are equal on every machine."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache

#: Version of the word splitter (`core.text.word_spans`); a tagger trained on other words refuses to run.
SPLITTER_VERSION = 1
#: Version of all features below and of the features in `taggers`; raised by hand with any change of them.
FEATURE_VERSION = 1
#: Stands for one mention whose role is asked, so that the role is read from its context and not from its name.
MENTION = "\ue000MENTION"
#: Words as fixed-size tables see them: form, lower form, 6 affixes, shape, short shape.
N_FIXED = 10
N_FORMS = 2
#: Columns of the fixed ids that give a word away (forms, affixes of three and more), beside its n-grams.
IDENTITY_COLUMNS = (0, 1, 3, 4, 6, 7)
_MAX_NGRAMS = 24
_SENTENCE_ENDS = frozenset(".!?;:\n")


def _char_class(c: str) -> str:
    if c.isdigit():
        return "d"
    if c.isalpha():
        if "\u0370" <= c <= "\u03ff":
            return "g"
        return "X" if c.isupper() else "x"
    return c if c.isascii() else unicodedata.category(c)[0]


@lru_cache(maxsize=200_000)
def word_shape(word: str) -> str:
    """Class per character: X upper, x lower, g Greek, d digit, else itself. `Atg5` is `Xxxd`."""
    return "".join(_char_class(c) for c in word[:12])


@lru_cache(maxsize=200_000)
def short_shape(word: str) -> str:
    """The shape with runs folded: `Xxd` for `Atg5`."""
    out: list[str] = []
    for c in word_shape(word):
        if not out or out[-1] != c:
            out.append(c)
    return "".join(out)


def hash_id(text: str, size: int) -> int:
    """A row of a table of `size` rows, 1 to size - 1 (row 0 means padding or dropped), by CRC-32 of the UTF-8."""
    return 1 + zlib.crc32(text.encode("utf-8")) % (size - 1)


def char_ngrams(word: str, low: int = 2, high: int = 4) -> list[str]:
    """Character n-grams of `<word>`, shortest first, at most 24."""
    padded = f"<{word.lower()[:20]}>"
    grams = [padded[i : i + n] for n in range(low, high + 1) for i in range(len(padded) - n + 1)]
    return grams[:: max(1, -(-len(grams) // _MAX_NGRAMS))]


@lru_cache(maxsize=200_000)
def hashed_word(word: str, form_rows: int, part_rows: int, gram_rows: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ids of one word: (N_FIXED ids: the first two in the form table, the others in the part table; n-gram ids)."""
    lower = word.lower()
    parts = [f"p{n}{lower[:n]}" for n in (2, 3, 4)] + [f"s{n}{lower[-n:]}" for n in (2, 3, 4)]
    parts += [f"h{word_shape(word)}", f"k{short_shape(word)}"]
    fixed = [hash_id("f" + word, form_rows), hash_id("l" + lower, form_rows)]
    fixed += [hash_id(p, part_rows) for p in parts]
    return tuple(fixed), tuple(hash_id(g, gram_rows) for g in char_ngrams(word))


def is_sentence_end(words: Sequence[str], i: int) -> bool:
    """True where a sentence can end with word `i`: a full stop that a capital, a bracket or nothing follows."""
    if words[i] not in _SENTENCE_ENDS:
        return False
    if i + 1 >= len(words):
        return True
    return words[i] in ".!?" and not words[i + 1][0].islower() and (i == 0 or len(words[i - 1]) > 1)
