"""A training is the same whether it is disturbed or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from tagger_bundles import ner_examples, tiny_bundle

from pipelines.taggers import read_meta
from pipelines.taggers.bundle import read_info
from pipelines.train import train_task
from pipelines.train.checkpoint import Progress, load_checkpoint
from pipelines.train.config import EncoderConfig, config_of
from pipelines.train.encoder_fit import EncoderFit, epochs_within, new_network, rate_at

_CHILD = """
import sys
from pathlib import Path
from pipelines.train import train_task
if __name__ == "__main__":
    train_task(Path(sys.argv[1]), Path(sys.argv[2]), kinds=["encoder"],
               on_progress=lambda message, done: print(message, flush=True))
"""


def _weights(folder: Path) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in load_file(folder / "encoder" / "model.safetensors").items()}


def _kill_after(bundle: Path, out: Path, n_reports: int) -> None:
    """Starts a training in a process and kills it from outside after so many progress reports."""
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(bundle), str(out)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(n_reports):
        assert child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL


def test_a_killed_training_goes_on_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    tiny_bundle(bundle, examples=ner_examples(40), checkpoint_s=0.0)
    calm = train_task(bundle, tmp_path / "calm", kinds=["encoder"])["encoder"]
    _kill_after(bundle, tmp_path / "killed", 4)
    _kill_after(bundle, tmp_path / "killed", 6)
    assert not (tmp_path / "killed/encoder/tagger.json").exists()
    resumed = train_task(bundle, tmp_path / "killed", kinds=["encoder"])["encoder"]
    assert resumed["resumed_at"] is not None
    assert calm["resumed_at"] is None
    assert _weights(tmp_path / "killed") == _weights(tmp_path / "calm")
    assert resumed["dev"] == calm["dev"]
    assert resumed["best_epoch"] == calm["best_epoch"]


def test_equal_seeds_give_equal_weights_and_others_do_not(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        tiny_bundle(tmp_path / name, examples=ner_examples(30), seed=seed, epochs=2)
        train_task(tmp_path / name, tmp_path / f"out-{name}", kinds=["encoder"])
    assert _weights(tmp_path / "out-a") == _weights(tmp_path / "out-b") != _weights(tmp_path / "out-c")


def test_a_checkpoint_of_another_training_or_a_torn_one_is_not_taken_up(tmp_path: Path) -> None:
    info = tiny_bundle(tmp_path / "bundle", examples=ner_examples(20), epochs=1)
    config = config_of(EncoderConfig, info.config["encoder"])
    fit = EncoderFit(info, config, tmp_path / "work", fingerprint="one", report=lambda m, d: None)
    fit.run(ner_examples(20), ner_examples(20)[:4])
    again = EncoderFit(info, config, tmp_path / "work", fingerprint="one", report=lambda m, d: None)
    assert again.progress.epoch == 1
    other = EncoderFit(info, config, tmp_path / "work", fingerprint="two", report=lambda m, d: None)
    assert other.progress == Progress("two")
    file = tmp_path / "work" / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    network = new_network(read_info(tmp_path / "bundle"), config)
    assert load_checkpoint(tmp_path / "work", network.module, fit.optimizer, "one") is None


def test_the_best_epoch_on_dev_is_kept_and_training_stops_early(tmp_path: Path) -> None:
    tiny_bundle(tmp_path / "bundle", examples=ner_examples(40), epochs=30, patience=2, learning_rate=0.02)
    result = train_task(tmp_path / "bundle", tmp_path / "out", kinds=["encoder"])["encoder"]
    history = [e["dev_f1"] for e in result["epochs"]]
    assert len(history) < 30
    assert result["best_epoch"] == 1 + history.index(max(history)) == len(history) - 2
    assert result["dev_f1"] == max(history)


def test_epochs_are_planned_within_the_budget_and_the_rate_ends_at_zero_with_them() -> None:
    assert epochs_within(0.0, 7, done=3, seconds=1e9) == 7
    assert epochs_within(1500.0, 7, done=1, seconds=140.0) == 7
    assert epochs_within(1500.0, 7, done=1, seconds=400.0) == 3
    assert epochs_within(1500.0, 7, done=2, seconds=2000.0) == 2
    rates = [rate_at(e / 10, 3, 0.4) for e in range(31)]
    assert rates[0] < 0.01
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) in (4, 5)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] == 0.0


def test_no_epoch_begins_that_the_budget_would_not_hold(tmp_path: Path) -> None:
    tiny_bundle(tmp_path / "bundle", examples=ner_examples(20), epochs=50, patience=50, budget_s=0.001)
    began = time.monotonic()
    result = train_task(tmp_path / "bundle", tmp_path / "out", kinds=["encoder"])["encoder"]
    assert len(result["epochs"]) == 1
    assert result["epochs"][0]["seconds"] <= time.monotonic() - began
    assert read_meta(tmp_path / "out" / "encoder").dev == result["dev"]
