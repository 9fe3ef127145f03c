"""What a trained tagger must be able to do at least, whatever its kind: learn, generalise, read to the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from tagger_bundles import CELLS, GENES, NER_LABELS, ner_examples, panel_examples, role_examples, tiny_bundle
from tiny_hub import tiny_hub_encoder

from pipelines.core.scoring import count_spans, scores_of
from pipelines.core.tagging import Span
from pipelines.taggers import Tagger, TaggerInput, load_tagger
from pipelines.taggers.bundle import Example, read_info, write_bundle
from pipelines.taggers.evaluate import scored_texts
from pipelines.train import train_task

MAKERS: dict[str, Callable[..., list[Example]]] = {
    "ner": ner_examples, "panelization": panel_examples, "roles_gene": role_examples,
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Tagger]:
    """Taggers by task and kind, each trained once."""
    root = tmp_path_factory.mktemp("trained")

    def get(task: str, kind: str) -> Tagger:
        if not (root / task).exists():
            tiny_bundle(root / task, task, examples=MAKERS[task](80))
        train_task(root / task, root / f"out-{task}", kinds=[kind])
        return load_tagger(root / f"out-{task}" / kind)

    return get


def f1_of(tagger: Tagger, examples: list[Example], label: str = "micro") -> float:
    predicted = tagger.predict([TaggerInput(e.text, e.context_spans) for e in examples])
    texts = scored_texts(tagger.meta.task, tagger.meta.labels, examples, predicted)
    scores = scores_of(count_spans(texts, tagger.meta.labels), n_bootstrap=0)
    return next(s.f1 for s in scores if s.label == label)


@pytest.mark.parametrize("kind", ["crf", "encoder"])
@pytest.mark.parametrize(("task", "floor"), [("ner", 0.95), ("panelization", 0.95), ("roles_gene", 0.9)])
def test_every_kind_learns_every_task(
    trained: Callable[[str, str], Tagger], task: str, floor: float, kind: str
) -> None:
    assert f1_of(trained(task, kind), MAKERS[task](30, seed=9)) >= floor


def test_roles_beat_the_majority(trained: Callable[[str, str], Tagger]) -> None:
    fresh = role_examples(30, seed=9)
    assert f1_of(trained("roles_gene", "rule"), fresh) < 0.7 < f1_of(trained("roles_gene", "crf"), fresh)


@pytest.mark.parametrize("kind", ["crf", "encoder"])
def test_a_name_never_seen_is_found_by_its_context_and_form(trained: Callable[[str, str], Tagger], kind: str) -> None:
    text = "Cells lacking Atg13 were stained for LC3C; scale bar, 10 µm."
    found = {text[s.start : s.end]: s.label for s in trained("ner", kind).predict([TaggerInput(text)])[0]}
    assert found.get("Atg13") == "GENEPROD"


@pytest.mark.parametrize("kind", ["crf", "encoder"])
def test_the_last_entity_of_a_long_legend_is_found(trained: Callable[[str, str], Tagger], kind: str) -> None:
    filler = " ".join(e.text for e in ner_examples(40, seed=2))
    text = filler + " HeLa cells were transfected with siRNA against Atg5 for 48 h."
    spans = trained("ner", kind).predict([TaggerInput(text)])[0]
    tail = {(text[s.start : s.end], s.label) for s in spans if s.start > len(filler)}
    assert tail == {("HeLa", "CELL_LINE"), ("Atg5", "GENEPROD")}
    assert len(text.split()) > 500


@pytest.mark.parametrize("kind", ["crf", "encoder"])
def test_scores_are_probabilities_and_spans_are_in_order(trained: Callable[[str, str], Tagger], kind: str) -> None:
    for spans in trained("ner", kind).predict([TaggerInput(e.text) for e in ner_examples(10, seed=4)]):
        assert all(0.0 <= s.score <= 1.0 for s in spans)
        assert spans == sorted(spans, key=lambda s: s.start)
        assert all(a.end <= b.start for a, b in pairwise(spans))


@pytest.mark.parametrize("kind", ["crf", "encoder"])
def test_a_role_depends_on_the_context_and_not_on_the_name(trained: Callable[[str, str], Tagger], kind: str) -> None:
    tagger = trained("roles_gene", kind)
    for example in role_examples(10, seed=11):
        renamed, mentions = _rename(example, "Zzz9")
        before = tagger.predict([TaggerInput(example.text, example.context_spans)])[0]
        after = tagger.predict([TaggerInput(renamed, mentions)])[0]
        assert [s.label for s in before] == [s.label for s in after]
        assert {(s.start, s.end) for s in before} <= {(s.start, s.end) for s in example.context_spans}


def _rename(example: Example, name: str) -> tuple[str, list[Span]]:
    text, mentions, at = "", [], 0
    for mention in sorted(example.context_spans):
        text += example.text[at : mention.start]
        mentions.append(Span(len(text), len(text) + len(name), mention.label))
        text += name
        at = mention.end
    return text + example.text[at:], mentions


def _only_genes_in_half(*, is_stated: bool) -> list[Example]:
    """Half of the deliveries annotate genes alone; `is_stated` False hides that, as if the rest were not there."""
    out = []
    for i, example in enumerate(ner_examples(80)):
        if i % 3 and example.split == "train":
            genes = tuple(s for s in example.spans if s.label == "GENEPROD")
            example = replace(example, spans=genes, annotated_types=("GENEPROD",) if is_stated else NER_LABELS)
        out.append(example)
    return out


def test_types_that_a_delivery_does_not_annotate_are_not_learnt_as_absent(tmp_path: Path) -> None:
    scores = {}
    for is_stated in (True, False):
        bundle, out = tmp_path / f"b{is_stated}", tmp_path / f"o{is_stated}"
        tiny_bundle(bundle, examples=_only_genes_in_half(is_stated=is_stated), epochs=6)
        train_task(bundle, out, kinds=["encoder"])
        fresh = ner_examples(40, seed=9)
        scores[is_stated] = f1_of(load_tagger(out / "encoder"), fresh, "CELL_LINE")
    assert scores[True] > 0.9
    assert scores[True] > scores[False] + 0.1


def test_unlabelled_panels_are_not_learnt_as_empty(tmp_path: Path) -> None:
    def examples(*, is_stated: bool) -> list[Example]:
        out = []
        for i, example in enumerate(ner_examples(80)):
            if i % 3 and example.split == "train":
                region = ((0, len(example.text)),) if is_stated else ()
                example = replace(example, spans=(), unlabelled=region)
            out.append(example)
        return out

    scores = {}
    for is_stated in (True, False):
        tiny_bundle(tmp_path / f"b{is_stated}", examples=examples(is_stated=is_stated))
        train_task(tmp_path / f"b{is_stated}", tmp_path / f"o{is_stated}", kinds=["crf"])
        scores[is_stated] = f1_of(load_tagger(tmp_path / f"o{is_stated}" / "crf"), ner_examples(40, seed=9))
    assert scores[True] > 0.95
    assert scores[True] > scores[False] + 0.1


def test_a_hub_encoder_is_tuned_by_the_same_loop(tmp_path: Path) -> None:
    hub = tiny_hub_encoder(tmp_path / "hub", [e.text for e in ner_examples(40)])
    info = tiny_bundle(tmp_path / "bundle", examples=ner_examples(80), epochs=12, hub_learning_rate=0.005, patience=12)
    write_bundle(tmp_path / "bundle", replace(info, profile="nightly", encoder=str(hub)), ner_examples(80))
    train_task(tmp_path / "bundle", tmp_path / "out", kinds=["encoder"])
    tagger = load_tagger(tmp_path / "out" / "encoder")
    assert tagger.meta.encoder == str(hub)
    assert len(str(tagger.meta.fingerprint_inputs["initial_weights"])) == 64
    assert f1_of(tagger, ner_examples(30, seed=9)) > 0.8


def test_the_demo_is_compact_whatever_is_configured(tmp_path: Path) -> None:
    info = tiny_bundle(tmp_path / "bundle", examples=ner_examples(20), epochs=1)
    write_bundle(tmp_path / "bundle", replace(info, encoder="some/hub-name"), ner_examples(20))
    assert read_info(tmp_path / "bundle").encoder == "some/hub-name"
    assert train_task(tmp_path / "bundle", tmp_path / "out", kinds=["encoder"])["encoder"]["encoder"] == "compact"


def test_the_world_of_these_tests_is_no_dictionary_of_the_training_data() -> None:
    """Names are shared on purpose (small pools), texts are not: else the tests above would show memory only."""
    train = {e.text for e in ner_examples(80)}
    assert not train & {e.text for e in ner_examples(30, seed=9)}
    assert len(GENES) > len(CELLS)
