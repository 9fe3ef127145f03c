from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tagger_bundles import NER_LABELS, ner_examples
from tiny_hub import tiny_hub_encoder
from transformers import AutoConfig, AutoModelForTokenClassification

from pipelines.core.features import MENTION
from pipelines.taggers import TaggerInput, TaggerMeta, load_tagger, write_meta
from pipelines.taggers.compact import CompactConfig, CompactTaggerModel, register_compact
from pipelines.taggers.encoder import EncoderTagger
from pipelines.taggers.hub import HubNetwork, is_cached, resolve_encoder
from pipelines.taggers.network import CompactNetwork, Window

META = TaggerMeta("encoder", "ner", NER_LABELS, encoder="compact")


def _compact(max_words: int = 24) -> CompactNetwork:
    torch.manual_seed(3)
    config = CompactConfig(
        chain_tags=META.tags, form_rows=256, part_rows=128, gram_rows=128, hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=32, max_words=max_words,
    )  # fmt: skip
    return CompactNetwork(CompactTaggerModel(config).eval())


def _texts() -> list[TaggerInput]:
    return [TaggerInput(e.text) for e in ner_examples(8)]


def test_a_stored_compact_encoder_is_a_transformers_model_and_says_the_same(tmp_path: Path) -> None:
    network = _compact()
    before = EncoderTagger(META, network).predict(_texts())
    network.save(tmp_path)
    write_meta(tmp_path, META)
    assert load_tagger(tmp_path).predict(_texts()) == before
    assert any(before)
    register_compact()
    model = AutoModelForTokenClassification.from_pretrained(tmp_path, local_files_only=True)
    assert isinstance(model, CompactTaggerModel)
    assert AutoConfig.from_pretrained(tmp_path).model_type == "nightcap-compact"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.json", "model.safetensors", "tagger.json"]


def test_predictions_do_not_depend_on_the_company_of_a_text() -> None:
    tagger = EncoderTagger(META, _compact())
    texts = _texts()
    together = tagger.predict(texts)
    alone = [tagger.predict([t])[0] for t in texts]
    backwards = tagger.predict(texts[::-1])[::-1]
    for a, b, c in zip(together, alone, backwards, strict=True):
        assert [s.key for s in a] == [s.key for s in b] == [s.key for s in c]
        assert [s.score for s in a] == pytest.approx([s.score for s in b], abs=1e-4)


def test_texts_without_words_have_no_spans() -> None:
    assert EncoderTagger(META, _compact()).predict([TaggerInput(""), TaggerInput(" \n ")]) == [[], []]


def test_every_word_of_a_long_text_is_scored_as_its_surroundings_say() -> None:
    """A head that reads the word alone must give the same tag in every window of a long text."""
    network = _compact()
    tagger = EncoderTagger(META, network)
    model = network.module
    assert isinstance(model, CompactTaggerModel)
    with torch.no_grad():
        model.positions.weight.zero_()
        model.convolution.weight.zero_()
        model.classifier.weight[:, :32] = 0.0
        model.classifier.weight *= 20
    words = ["HeLa", "Atg5", "of", "rapamycin", "cells"]
    alone = {w: bool(tagger.predict([TaggerInput(w)])[0]) for w in words}
    text = " ".join(words[i % 5] for i in range(403))
    found = {i for s in tagger.predict([TaggerInput(text)])[0] for i in range(s.start, s.end)}
    at = 0
    for i in range(403):
        assert (at in found) == alone[words[i % 5]], (i, words[i % 5])
        at += len(words[i % 5]) + 1
    assert len(set(alone.values())) == 2


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    return tiny_hub_encoder(tmp_path / "hub", [e.text for e in ner_examples(30)])


def test_pieces_are_aligned_by_word_and_zero_width_words_keep_their_place(hub: Path) -> None:
    network = HubNetwork.start(str(hub), META.tags, local_only=True)
    words = ("Atg5", "\u200b", "rapamycin", MENTION, "x" * 5000)
    costs = network.costs(words)
    assert costs[1] == 1
    assert costs[3] == 1
    assert costs[4] <= 32
    batch = network.encode([Window(words[:4], ((),) * 4), Window(("HeLa",), ((),))])
    row, first = batch["input_ids"][0].tolist(), batch["first_pieces"].tolist()
    tokenizer = network._tokenizer
    assert row[first[0][3]] == tokenizer.mask_token_id
    assert row[first[0][1]] == tokenizer.unk_token_id
    assert tokenizer.decode(row[first[0][2] : first[0][3]]).replace(" ", "") == "rapamycin"
    assert first[1] == [1, 0, 0, 0]


def test_a_hub_encoder_reads_long_texts_and_comes_back_from_its_folder(hub: Path, tmp_path: Path) -> None:
    network = HubNetwork.start(str(hub), META.tags, local_only=True)
    with torch.no_grad():
        network.chain.start.normal_()
    meta = TaggerMeta("encoder", "ner", NER_LABELS, encoder=str(hub))
    text = TaggerInput(" ".join(e.text for e in ner_examples(10)))
    before = EncoderTagger(meta, network).predict([text])
    folder = tmp_path / "stored"
    folder.mkdir()
    network.save(folder)
    write_meta(folder, meta)
    assert load_tagger(folder).predict([text]) == before
    assert before[0][-1].end > 0.95 * len(text.text)
    assert not [p.name for p in folder.iterdir() if p.suffix in {".bin", ".pt", ".pkl"}]


def test_the_encoder_is_resolved_with_a_reason(hub: Path) -> None:
    def resolve(requested: str, name: str, *, has_gpu: bool = True, may_ask_hub: bool = False) -> tuple[str, str]:
        resolved = resolve_encoder(requested, name, has_gpu=has_gpu, may_ask_hub=may_ask_hub)
        assert resolved.is_compact == (resolved.name == "compact")
        return resolved.name, resolved.reason

    assert resolve("compact", str(hub)) == ("compact", "as configured")
    assert resolve(str(hub), "any/name", has_gpu=False) == (str(hub), "as configured")
    assert resolve("auto", "") == ("compact", "no hub encoder is configured for the task")
    assert resolve("auto", str(hub), has_gpu=False) == ("compact", "no GPU here")
    assert resolve("auto", str(hub)) == (str(hub), "GPU, and the encoder is in the local cache")
    unknown = "nobody/has-this-encoder"
    assert resolve("auto", unknown)[1] == f"GPU, but {unknown} is neither cached nor reachable"
    assert not is_cached("not a name: /")
