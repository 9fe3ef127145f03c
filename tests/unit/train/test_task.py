from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tagger_bundles import NER_LABELS, ner_examples, tiny_bundle

from pipelines.core.tagging import Span
from pipelines.errors import PermanentError
from pipelines.taggers import TaggerInput, load_tagger, read_meta
from pipelines.taggers.bundle import Example
from pipelines.train import default_kinds, resolve_info, train_task
from pipelines.train.baselines import fit_dictionary, majority_role
from pipelines.train.config import CrfConfig
from pipelines.train.crf_fit import fit_crf, labels_for_crf, sequences


def test_every_kind_is_trained_stored_and_scored_on_dev(tmp_path: Path) -> None:
    info = tiny_bundle(tmp_path / "bundle")
    messages: list[tuple[str, float]] = []
    results = train_task(tmp_path / "bundle", tmp_path / "out", on_progress=lambda m, d: messages.append((m, d)))
    assert tuple(results) == default_kinds("ner") == ("dictionary", "crf", "encoder")
    for kind, result in results.items():
        meta = read_meta(tmp_path / "out" / kind)
        assert (meta.kind, meta.labels, meta.data_kind) == (kind, NER_LABELS, "synthetic")
        assert meta.fingerprint == result["fingerprint"]
        assert set(result["dev"]) == {"micro", *NER_LABELS}
        assert load_tagger(tmp_path / "out" / kind).predict([TaggerInput("HeLa cells")])
        assert not (tmp_path / "out" / kind / ".work").exists()
    assert info.corpus_version == read_meta(tmp_path / "out" / "crf").corpus_version
    done = [d for _, d in messages]
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_a_finished_kind_is_left_alone_and_a_changed_one_trained_anew(tmp_path: Path) -> None:
    tiny_bundle(tmp_path / "bundle")
    first = train_task(tmp_path / "bundle", tmp_path / "out", kinds=["dictionary"])
    stamp = (tmp_path / "out/dictionary/dictionary.json").stat().st_mtime_ns
    assert train_task(tmp_path / "bundle", tmp_path / "out", kinds=["dictionary"]) == first
    assert (tmp_path / "out/dictionary/dictionary.json").stat().st_mtime_ns == stamp
    tiny_bundle(tmp_path / "bundle", seed=6)
    assert train_task(tmp_path / "bundle", tmp_path / "out", kinds=["dictionary"]) != first


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    tiny_bundle(tmp_path / "bundle")
    with pytest.raises(PermanentError, match="unknown tagger kind 'oracle'"):
        train_task(tmp_path / "bundle", tmp_path / "out", kinds=["oracle"])


def test_the_dictionary_drops_short_and_doubtful_forms(tmp_path: Path) -> None:
    text = "ATP in cells with set of SET and set or set"
    spans = (Span(0, 3, "SMALL_MOLECULE"), Span(18, 21, "GENEPROD"), Span(25, 28, "GENEPROD"))
    example = Example("a", "d", "train", text, spans)
    fit_dictionary([example], ("GENEPROD", "SMALL_MOLECULE"), tmp_path)
    entries = json.loads((tmp_path / "dictionary.json").read_text())
    assert entries == {"ATP": "SMALL_MOLECULE", "SET": "GENEPROD"}


def test_the_majority_role_is_the_most_frequent_one() -> None:
    spans = (Span(0, 1, "MEASURED_VAR"), Span(2, 3, "MEASURED_VAR"), Span(4, 5, "CONTROLLED_VAR"))
    assert (
        majority_role([Example("a", "d", "train", "a b c", spans)], ("CONTROLLED_VAR", "MEASURED_VAR"))
        == "MEASURED_VAR"
    )


def _example(types: tuple[str, ...], n: int, name: str) -> Example:
    spans = tuple(Span(3 * i, 3 * i + 2, types[0]) for i in range(n))
    return Example(name, name, "train", "ab " * 20, spans, (), types)


def test_the_crf_trains_where_everything_is_annotated_or_on_what_is_everywhere() -> None:
    full, partial = _example(("GENEPROD", "TISSUE"), 8, "a"), _example(("GENEPROD",), 4, "b")
    assert labels_for_crf([full, partial], ("GENEPROD", "TISSUE")) == ([full], ["GENEPROD", "TISSUE"])
    few = _example(("GENEPROD", "TISSUE"), 1, "c")
    assert labels_for_crf([few, partial], ("GENEPROD", "TISSUE")) == ([few, partial], ["GENEPROD"])
    other = _example(("TISSUE",), 5, "d")
    assert labels_for_crf([partial, other], ("GENEPROD", "TISSUE")) == ([other], ["TISSUE"])
    everything = _example(("GENEPROD",), 3, "e")
    stated_nowhere = Example("f", "f", "train", everything.text, everything.spans)
    assert labels_for_crf([stated_nowhere], ("GENEPROD", "TISSUE")) == ([stated_nowhere], ["GENEPROD", "TISSUE"])


def test_a_crf_without_a_single_labelled_word_is_refused(tmp_path: Path) -> None:
    example = Example("a", "d", "train", "Atg5", (Span(0, 4, "GENEPROD"),), ((0, 4),), NER_LABELS)
    config = CrfConfig(0.1, 0.1, 5, 1, 0.0)
    with pytest.raises(PermanentError, match="no legend is left to train a CRF on"):
        fit_crf("ner", [example], NER_LABELS, tmp_path, config=config, on_progress=lambda m, d: None)


def test_auto_is_resolved_before_the_fingerprint(tmp_path: Path) -> None:
    info = replace(tiny_bundle(tmp_path), profile="nightly", encoder="auto")
    without_hub = {**info.config, "encoder": {**info.config["encoder"], "hub_name": ""}}
    assert resolve_info(replace(info, config=without_hub)).encoder == "compact"
    assert resolve_info(replace(info, encoder="some/name")).encoder == "some/name"
    assert resolve_info(replace(info, profile="demo", encoder="some/name")).encoder == "compact"


def test_unlabelled_words_are_no_items_of_the_crf() -> None:
    example = Example("a", "d", "train", "Atg5 in liver of mice", (Span(0, 4, "GENEPROD"),), ((8, 13),), NER_LABELS)
    runs = [tags for _, tags in sequences("ner", example, NER_LABELS)]
    assert runs == [["B-GENEPROD", "O"], ["O", "O"]]


_BARE = """
import builtins
found, plain = set(), builtins.__import__
def spy(name, globals=None, locals=None, fromlist=(), level=0):
    if globals and str(globals.get("__name__", "")).startswith("pipelines"):
        found.add(name if name.startswith("pipelines") else name.split(".")[0])
    return plain(name, globals, locals, fromlist, level)
builtins.__import__ = spy
import pipelines.train, pipelines.predict, pipelines.taggers.encoder, pipelines.train.encoder_fit
import pipelines.taggers.baseline, pipelines.train.crf_fit
import sys
print(*sorted(n for n in found if n not in sys.stdlib_module_names))
"""


def test_training_and_prediction_import_on_a_bare_gpu_machine() -> None:
    done = subprocess.run([sys.executable, "-c", _BARE], capture_output=True, text=True, check=True)
    names = set(done.stdout.split())
    third_party = {n for n in names if not n.startswith("pipelines")}
    assert third_party == {"numpy", "pyarrow", "pycrfsuite", "safetensors", "torch", "transformers"}
    layers = {n.split(".")[1] for n in names if "." in n}
    assert layers == {"core", "errors", "predict", "taggers", "train"}


def test_training_and_prediction_do_not_load_torch_before_they_need_it() -> None:
    code = "import sys, pipelines.train, pipelines.predict; print('torch' in sys.modules, 'pycrfsuite' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


def test_benchmark_rows_change_nothing(tmp_path: Path) -> None:
    """A benchmark full of lies must not move a trained tagger by a bit."""
    honest = ner_examples()
    poisoned = [
        Example(e.example_id, e.doc_id, e.split, e.text, tuple(Span(s.start, s.end, "CELL_LINE") for s in e.spans),
                (), e.annotated_types) if e.split == "benchmark" else e
        for e in honest
    ]  # fmt: skip
    assert poisoned != honest
    for name, examples in (("a", honest), ("b", poisoned)):
        tiny_bundle(tmp_path / name, examples=examples)
        train_task(tmp_path / name, tmp_path / f"out-{name}", kinds=["dictionary", "crf"])
    for file in ("dictionary/dictionary.json", "crf/model.crfsuite"):
        assert (tmp_path / "out-a" / file).read_bytes() == (tmp_path / "out-b" / file).read_bytes()
