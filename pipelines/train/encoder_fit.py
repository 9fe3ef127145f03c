"""Fitting the kind `encoder`: epochs with early stopping on dev, checkpoints, resume."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from pipelines.taggers.base import TaggerMeta, tags_of
from pipelines.taggers.bundle import BundleInfo, Example
from pipelines.taggers.compact import CompactConfig, CompactTaggerModel
from pipelines.taggers.encoder import EncoderTagger
from pipelines.taggers.evaluate import dev_scores
from pipelines.taggers.hub import HubNetwork
from pipelines.taggers.network import CompactNetwork, Network, device_of
from pipelines.train.batches import TrainingWindow, epoch_batches, gold_tensors, training_windows
from pipelines.train.checkpoint import Progress, load_checkpoint, load_weights, save_checkpoint, save_weights
from pipelines.train.config import EncoderConfig

Report = Callable[[str, float], None]
_HINT_ROWS = 512


def new_network(info: BundleInfo, config: EncoderConfig) -> Network:
    """A network with fresh weights (compact) or a fresh head (hub name or path), from the bundle's seed."""
    torch.manual_seed(info.seed)
    tags = tags_of(info.task, info.labels)
    if info.encoder != "compact":
        network: Network = HubNetwork.start(info.encoder, tags, local_only=Path(info.encoder).exists())
    else:
        compact = CompactConfig(
            chain_tags=tags, form_rows=config.form_rows, part_rows=config.part_rows, gram_rows=config.gram_rows,
            hint_rows=_HINT_ROWS if info.task == "panelization" else 0, hidden_size=config.hidden_size,
            num_hidden_layers=config.layers, num_attention_heads=config.heads,
            intermediate_size=config.intermediate_size, max_words=config.max_words, dropout=config.dropout,
            word_dropout=config.word_dropout,
        )  # fmt: skip
        network = CompactNetwork(CompactTaggerModel(compact))
    if torch.cuda.is_available():
        network.module.to("cuda")
    return network


def _optimizer(module: nn.Module, config: EncoderConfig, *, is_compact: bool) -> torch.optim.AdamW:
    """AdamW; no weight decay on embeddings, norms, biases and the chain."""
    plain: list[nn.Parameter] = []
    decayed: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        is_matrix = parameter.ndim >= 2 and not any(part in name for part in ("embed", "positions", "chain"))
        (decayed if is_matrix else plain).append(parameter)
    rate = config.learning_rate if is_compact else config.hub_learning_rate
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, fused=True)


def epochs_within(budget_s: float, epochs: int, *, done: int, seconds: float) -> int:
    """How many epochs in all the budget holds at the pace so far, so that the decay of the learning rate ends with
    the last one: a training cut off at a high rate is the worst of all. Never fewer than are done; 0 is no budget."""
    if not budget_s or not done:
        return epochs
    return min(epochs, max(done, int(budget_s * done / max(seconds, 1e-9))))


def rate_at(epochs_done: float, planned: int, warm: float) -> float:
    """Share of the base learning rate: linear warm-up over `warm` epochs, then linear decay to zero at the end."""
    rising = (epochs_done + 1e-3) / max(warm, 1e-3)
    return min(1.0, rising, max(0.0, (planned - epochs_done) / max(planned - warm, 1e-3)))


class EncoderFit:
    """One training. `run` may be killed at any instruction; a new object over the same folder goes on from the last
    checkpoint with the same random state, so that on one machine the result is the same."""

    def __init__(
        self, info: BundleInfo, config: EncoderConfig, folder: Path, *, fingerprint: str, report: Report
    ) -> None:
        self.info, self.config, self.folder, self.report = info, config, folder, report
        if config.threads:
            torch.set_num_threads(config.threads)
        self.network = new_network(info, config)
        self.optimizer = _optimizer(self.network.module, config, is_compact=info.encoder == "compact")
        self.base_rate = float(self.optimizer.param_groups[0]["lr"])
        meta = TaggerMeta("encoder", info.task, info.labels, encoder=info.encoder)
        self.tagger = EncoderTagger(meta, self.network)
        restored = load_checkpoint(folder, self.network.module, self.optimizer, fingerprint)
        self.progress = restored or Progress(fingerprint)
        self.resumed_at = self.progress.epoch if restored else None

    def run(self, train: Sequence[Example], dev: Sequence[Example]) -> Progress:
        """Trains to the best epoch on dev and leaves the network with its weights."""
        windows = training_windows(self.info.task, train, self.info.labels, self.network)
        progress, started = self.progress, time.monotonic() - self.progress.seconds
        while not self._is_finished():
            self._run_epoch(windows, started)
            f1 = dev_scores(self.tagger, dev)[0].f1
            progress.seconds = time.monotonic() - started
            progress.history[-1].update(dev_f1=f1, seconds=progress.seconds)
            progress.epoch, progress.step = progress.epoch + 1, 0
            progress.planned_epochs = epochs_within(
                self.config.budget_s, self.config.epochs, done=progress.epoch, seconds=progress.seconds
            )
            self._keep_best(f1)
            save_checkpoint(self.folder, self.network.module, self.optimizer, progress)
            self._remove_old_bests()
            self.report(
                f"encoder epoch {progress.epoch}/{self.config.epochs}, loss {progress.history[-1]['loss']:.4f}, "
                f"dev F1 {f1:.3f}",
                progress.epoch / self.config.epochs,
            )
        load_weights(self.network.module, self._best_path(progress.best_epoch))
        self.network.module.eval()
        return progress

    def _is_finished(self) -> bool:
        progress, config = self.progress, self.config
        is_late = progress.epoch - 1 - progress.best_epoch >= config.patience and progress.epoch > 0
        return progress.epoch >= self._planned() or (progress.step == 0 and is_late)

    def _planned(self) -> int:
        return self.progress.planned_epochs or self.config.epochs

    def _run_epoch(self, windows: Sequence[TrainingWindow], started: float) -> None:
        progress = self.progress
        costs = [w.cost for w in windows]
        batches = epoch_batches(costs, self.config.batch_units, self.info.seed, progress.epoch)
        if progress.step == 0:
            progress.history.append({"loss": 0.0, "items": 0.0})
        saved = time.monotonic()
        self.network.module.train()
        for number in range(progress.step, len(batches)):
            self._step([windows[i] for i in batches[number]], progress.epoch + number / len(batches))
            progress.step = number + 1
            now = time.monotonic()
            if now - saved >= self.config.checkpoint_s and number + 1 < len(batches):
                progress.seconds, saved = now - started, now
                save_checkpoint(self.folder, self.network.module, self.optimizer, progress)
                done = (progress.epoch + progress.step / len(batches)) / self.config.epochs
                self.report(f"encoder epoch {progress.epoch + 1}, batch {progress.step}/{len(batches)}", done)

    def _step(self, batch: Sequence[TrainingWindow], epochs_done: float) -> None:
        rate = rate_at(epochs_done, self._planned(), self.config.warmup * self.config.epochs)
        for group in self.optimizer.param_groups:
            group["lr"] = self.base_rate * rate
        network, device = self.network, device_of(self.network.module)
        items, allowed, mask = (t.to(device) for t in gold_tensors(batch, len(network.chain.tags)))
        encoded = network.encode([w.window for w in batch])
        scores = network.emissions({k: v.to(device) for k, v in encoded.items()})
        scores = scores.gather(1, items[..., None].expand(-1, -1, scores.shape[-1]))
        n_items = int(mask.sum())
        loss = network.chain.loss(scores, allowed, mask)
        self.optimizer.zero_grad(set_to_none=True)
        (loss / n_items).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.module.parameters(), 1.0)
        self.optimizer.step()
        entry = self.progress.history[-1]
        seen = entry["items"] + n_items
        entry["loss"] += (loss.item() - entry["loss"] * n_items) / seen
        entry["items"] = seen

    def _best_path(self, epoch: int) -> Path:
        return self.folder / f"best-{epoch}.safetensors"

    def _keep_best(self, f1: float) -> None:
        """Weights first, then (by the checkpoint) the word that they are the best: a kill in between does no harm."""
        progress = self.progress
        if f1 > progress.best_f1 or progress.best_epoch < 0:
            progress.best_f1, progress.best_epoch = f1, progress.epoch - 1
            self.folder.mkdir(parents=True, exist_ok=True)
            save_weights(self.network.module, self._best_path(progress.best_epoch))

    def _remove_old_bests(self) -> None:
        for path in self.folder.glob("best-*.safetensors"):
            if path != self._best_path(self.progress.best_epoch):
                path.unlink()
