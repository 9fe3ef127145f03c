from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import given
from hypothesis import strategies as st
from tagger_bundles import NER_LABELS, ner_examples, panel_examples, role_examples

from pipelines.core.tagging import Span
from pipelines.taggers.bundle import Example
from pipelines.taggers.compact import CompactConfig, CompactTaggerModel
from pipelines.taggers.network import CompactNetwork
from pipelines.taggers.prepare import ANY, OUTSIDE_OR_OPEN
from pipelines.train.augment import with_marker_styles, with_titles
from pipelines.train.batches import epoch_batches, gold_tensors, training_windows


def _network(max_words: int = 16) -> CompactNetwork:
    config = CompactConfig(
        chain_tags=("O",), form_rows=64, part_rows=64, gram_rows=64, hidden_size=8, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=8, max_words=max_words,
    )  # fmt: skip
    return CompactNetwork(CompactTaggerModel(config))


@given(st.lists(st.integers(1, 200), max_size=300), st.integers(0, 5))
def test_every_window_is_in_one_batch_of_an_epoch(costs: list[int], epoch: int) -> None:
    batches = epoch_batches(costs, 256, 1, epoch)
    assert sorted(i for batch in batches for i in batch) == list(range(len(costs)))
    assert all(len(b) * max(costs[i] for i in b) <= 256 or len(b) == 1 for b in batches)
    assert batches == epoch_batches(costs, 256, 1, epoch)


def test_epochs_and_seeds_have_their_own_order() -> None:
    costs = list(range(1, 100))
    orders = [epoch_batches(costs, 200, seed, epoch) for seed, epoch in ((1, 0), (1, 1), (2, 0))]
    assert orders[0] != orders[1]
    assert orders[0] != orders[2]


def test_no_gold_is_lost_by_cutting_legends() -> None:
    examples = ner_examples(20)
    windows = training_windows("ner", examples, NER_LABELS, _network())
    begins = sum(t > 0 and t % 2 == 1 for w in windows for t in w.targets)
    assert begins == sum(len(e.spans) for e in examples)
    assert max(len(w.window.words) for w in windows) <= 16


def test_what_is_unlabelled_is_any_and_what_is_not_annotated_is_open() -> None:
    text = "Atg5 in HeLa cells"
    example = Example("a", "d", "train", text, (Span(0, 4, "GENEPROD"),), ((13, 18),), ("GENEPROD", "SMALL_MOLECULE"))
    window = training_windows("ner", [example], NER_LABELS, _network())[0]
    assert window.targets == (3, OUTSIDE_OR_OPEN, OUTSIDE_OR_OPEN, ANY)
    items, allowed, mask = gold_tensors([window], 7)
    assert items.tolist() == [[0, 1, 2, 3]]
    assert allowed[0].nonzero().tolist() == [
        [0, 3],
        [1, 0],
        [1, 1],
        [1, 2],
        [2, 0],
        [2, 1],
        [2, 2],
        *([3, i] for i in range(7)),
    ]
    assert bool(mask.all())


def test_a_legend_without_any_gold_is_left_out_but_an_empty_one_is_a_negative() -> None:
    text = "Nothing here"
    network = _network()
    untagged = Example("a", "d", "train", text, (), ((0, len(text)),), NER_LABELS)
    assert training_windows("ner", [untagged], NER_LABELS, network) == []
    assert training_windows("ner", [replace(untagged, unlabelled=())], NER_LABELS, network)[0].targets == (0, 0)


def test_an_entity_longer_than_a_window_has_no_inside_first() -> None:
    text = " ".join(["word"] * 40)
    example = Example("a", "d", "train", text, (Span(0, len(text), "GENEPROD"),), (), NER_LABELS)
    windows = training_windows("ner", [example], NER_LABELS, _network())
    assert [w.targets[0] for w in windows] == [3, ANY, ANY]


def test_roles_windows_hold_the_mentions_only() -> None:
    example = role_examples(1)[0]
    windows = training_windows("roles_gene", [example], ("CONTROLLED_VAR", "MEASURED_VAR"), _network(64))
    items, allowed, mask = gold_tensors(windows, 3)
    assert int(mask.sum()) == len(example.context_spans)
    assert torch.equal(allowed.sum(dim=2), mask.long())
    assert items.shape == mask.shape


def test_titles_move_all_offsets() -> None:
    examples = [replace(e, unlabelled=((0, 3),)) for e in ner_examples(40)]
    changed = with_titles(examples, 0.5)
    assert changed == with_titles(examples, 0.5)
    assert with_titles(examples, 0.0) == examples
    moved = [(a, b) for a, b in zip(examples, changed, strict=True) if a.text != b.text]
    assert 10 <= len(moved) <= 30
    for old, new in moved:
        assert new.text.endswith(old.text)
        assert [new.text[s.start : s.end] for s in new.spans] == [old.text[s.start : s.end] for s in old.spans]
        assert [new.text[a:b] for a, b in new.unlabelled] == [old.text[:3]]


def test_marker_styles_change_the_markers_and_nothing_else() -> None:
    examples = panel_examples(60)
    changed = with_marker_styles(examples, 1.0)
    assert with_marker_styles(examples, 0.0) == examples
    styles = set()
    for old, new in zip(examples, changed, strict=True):
        assert len(old.spans) == len(new.spans)
        letters = [new.text[s.start : s.start + 3].strip("(").lower()[0] for s in new.spans]
        assert "".join(letters) == "abcd"[: len(letters)]
        assert "".join(c for c in new.text.lower() if c.isdigit()) == "".join(c for c in old.text if c.isdigit())
        styles.add(new.text[new.spans[1].start :][:3])
    assert len(styles) > 5


def test_legends_with_other_markers_keep_them() -> None:
    text = "(A, B) Blots. (C) Sums."
    odd = Example("a", "d", "train", text, (Span(0, 1, "PANEL_START"), Span(14, 15, "PANEL_START")))
    assert with_marker_styles([odd], 1.0) == [odd]
    masked = Example("a", "d", "train", "(A) One. (B) Two.", (Span(0, 1, "PANEL_START"),), ((0, 8),))
    assert with_marker_styles([masked], 1.0) == [masked]
