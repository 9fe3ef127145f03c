from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.features import MENTION
from pipelines.core.tagging import Span
from pipelines.taggers.base import tags_of
from pipelines.taggers.prepare import (
    ANY,
    OUTSIDE_OR_OPEN,
    cut_points,
    gold_tags,
    gold_targets,
    overlapping_windows,
    prepare,
    spans_of,
)  # fmt: skip

TEXT = "Loss of Atg5 lowers anti-LC3 and actin."
ATG5, LC3, ACTIN = (TEXT.index("Atg5"), 12), (TEXT.index("LC3"), 28), (TEXT.index("actin"), 38)


def _mentions() -> list[Span]:
    return [Span(s, e, "GENEPROD") for s, e in (ATG5, LC3, ACTIN)]


def test_every_mention_is_masked_whether_it_has_a_role_or_not() -> None:
    prepared = prepare("roles_gene", TEXT, _mentions())
    assert prepared.words == ("Loss", "of", MENTION, "lowers", "anti", "-", MENTION, "and", MENTION, ".")
    assert prepared.items == (2, 6, 8)
    assert prepared.item_spans == (ATG5, LC3, ACTIN)


def test_the_name_of_a_mention_is_not_seen() -> None:
    other = prepare("roles_gene", TEXT.replace("Atg5", "Ulk1"), _mentions())
    assert other == prepare("roles_gene", TEXT, _mentions())


def test_a_name_of_several_words_is_one_masked_word_and_overlaps_are_solved() -> None:
    text = "The beta - actin gene"
    prepared = prepare("roles_gene", text, [Span(4, 16, "GENEPROD"), Span(11, 16, "GENEPROD")])
    assert prepared.words == ("The", MENTION, "gene")
    assert prepared.item_spans == ((4, 16),)


def test_roles_are_tags_of_mentions_and_come_back_as_the_given_spans() -> None:
    prepared = prepare("roles_gene", TEXT, _mentions())
    gold = [Span(*ATG5, "CONTROLLED_VAR"), Span(*LC3, "MEASURED_VAR")]
    tags = gold_tags("roles_gene", prepared, gold)
    assert tags == ["B-CONTROLLED_VAR", "B-MEASURED_VAR", "O"]
    assert spans_of("roles_gene", prepared, tags, [1.0, 1.0, 1.0]) == gold


def test_targets_of_partial_labels() -> None:
    tags = tags_of("ner", ("GENEPROD", "TISSUE"))
    prepared = prepare("ner", "Atg5 in liver of mice", ())
    gold = [Span(0, 4, "GENEPROD"), Span(8, 13, "TISSUE")]
    assert gold_targets("ner", prepared, gold, tags=tags, unlabelled=[(8, 13)]) == [1, 0, ANY, 0, 0]
    partial = gold_targets("ner", prepared, gold[:1], tags=tags, has_open_types=True)
    assert partial == [1] + [OUTSIDE_OR_OPEN] * 4


def test_tags_of_a_task() -> None:
    assert tags_of("ner", ("A", "B")) == ("O", "B-A", "I-A", "B-B", "I-B")
    assert tags_of("roles_gene", ("CONTROLLED_VAR", "MEASURED_VAR")) == ("O", "B-CONTROLLED_VAR", "B-MEASURED_VAR")


def test_legends_are_cut_at_sentences_and_never_inside_an_entity() -> None:
    words = ["A", "bb", ".", "C", "d", "e", "f", "g", "h"]
    bound = [False] * 9
    assert cut_points(words, [1] * 9, 5, bound) == [0, 3, 8, 9]
    bound[8] = True
    assert cut_points(words, [1] * 9, 5, bound) == [0, 3, 7, 9]


@given(st.lists(st.integers(1, 9), max_size=200), st.integers(10, 40), st.integers(0, 9))
def test_windows_cover_every_word_within_the_limit(costs: list[int], limit: int, overlap: int) -> None:
    windows = overlapping_windows(costs, limit, overlap)
    assert {i for low, high in windows for i in range(low, high)} == set(range(len(costs)))
    assert all(sum(costs[low:high]) <= limit for low, high in windows)
    assert all(a[0] < b[0] <= a[1] <= b[1] for a, b in pairwise(windows))


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.booleans()), max_size=120), st.integers(20, 40))
def test_training_pieces_cover_every_word_once_within_the_limit(
    words: list[tuple[int, bool, bool]], limit: int
) -> None:
    costs = [w[0] for w in words]
    bound = [w[1] and i > 0 and not words[i - 1][1] for i, w in enumerate(words)]
    borders = cut_points(["." if w[2] else "Word" for w in words], costs, limit, bound)
    assert borders[0] == 0
    assert borders[-1] == len(words)
    pieces = list(pairwise(borders))
    assert all(low < high for low, high in pieces)
    assert all(sum(costs[low:high]) <= limit for low, high in pieces)
    assert not any(bound[low] for low, _ in pieces)


def test_an_entity_longer_than_a_piece_is_cut_all_the_same() -> None:
    assert cut_points(["w"] * 5, [1] * 5, 2, [False, True, True, True, True]) == [0, 2, 4, 5]
