"""The compact encoder: hashed word features, a convolution, a small transformer over words, a CRF on top.

Small enough to train from scratch on two CPU cores, and a transformers model all the same: `save_pretrained`,
`from_pretrained`, `AutoModelForTokenClassification` after `register_compact()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForTokenClassification, BertConfig, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput
from transformers.models.bert.modeling_bert import BertEncoder
from transformers.utils import logging

from pipelines.core.features import IDENTITY_COLUMNS, N_FIXED, N_FORMS
from pipelines.taggers.chain import Chain


class CompactConfig(PreTrainedConfig):
    """Sizes of a compact encoder; `chain_tags` in the order of its output columns."""

    model_type = "nightcap-compact"

    def __init__(
        self,
        chain_tags: Sequence[str] = ("O",),
        form_rows: int = 65536,
        part_rows: int = 32768,
        gram_rows: int = 32768,
        hint_rows: int = 0,
        form_size: int = 96,
        part_size: int = 32,
        gram_size: int = 96,
        hidden_size: int = 256,
        num_hidden_layers: int = 4,
        num_attention_heads: int = 4,
        intermediate_size: int = 768,
        max_words: int = 192,
        kernel_size: int = 3,
        dropout: float = 0.2,
        word_dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        self.chain_tags = list(chain_tags)
        self.form_rows, self.part_rows, self.gram_rows, self.hint_rows = form_rows, part_rows, gram_rows, hint_rows
        self.form_size, self.part_size, self.gram_size = form_size, part_size, gram_size
        self.hidden_size, self.num_hidden_layers = hidden_size, num_hidden_layers
        self.num_attention_heads, self.intermediate_size = num_attention_heads, intermediate_size
        self.max_words, self.kernel_size = max_words, kernel_size
        self.dropout, self.word_dropout = dropout, word_dropout
        kwargs.setdefault("num_labels", len(self.chain_tags))
        super().__init__(**kwargs)


class WordEmbedding(nn.Module):
    """Word features to vectors: looked-up rows side by side, the mean of the n-grams, the mean of the hints.

    In training `word_dropout` hides the identity of words: only two-letter affixes and shapes are left, so that names
    never seen are read from their context. Dropping the form alone does nothing, affixes and n-grams give it away.
    """

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.word_dropout = config.word_dropout
        self.forms = nn.Embedding(config.form_rows, config.form_size, padding_idx=0)
        self.parts = nn.Embedding(config.part_rows, config.part_size, padding_idx=0)
        self.grams = nn.EmbeddingBag(config.gram_rows, config.gram_size, mode="mean", padding_idx=0)
        width = N_FORMS * config.form_size + (N_FIXED - N_FORMS) * config.part_size + config.gram_size
        self.hints = None
        if config.hint_rows:
            self.hints = nn.EmbeddingBag(config.hint_rows, config.part_size, mode="mean", padding_idx=0)
            width += config.part_size
        self.project = nn.Linear(width, config.hidden_size)

    def forward(self, fixed_ids: Tensor, gram_ids: Tensor, hint_ids: Tensor) -> Tensor:
        batch, length, _ = fixed_ids.shape
        if self.training and self.word_dropout:
            is_kept = torch.rand(batch, length, 1, device=fixed_ids.device) >= self.word_dropout
            is_plain = torch.ones(N_FIXED, dtype=torch.bool, device=fixed_ids.device)
            is_plain[list(IDENTITY_COLUMNS)] = False
            fixed_ids, gram_ids = fixed_ids * (is_kept | is_plain), gram_ids * is_kept
        vectors = [self.forms(fixed_ids[..., :N_FORMS]).flatten(2), self.parts(fixed_ids[..., N_FORMS:]).flatten(2)]
        vectors.append(self.grams(gram_ids.flatten(0, 1)).view(batch, length, -1))
        if self.hints is not None:
            vectors.append(self.hints(hint_ids.flatten(0, 1)).view(batch, length, -1))
        return cast(Tensor, self.project(torch.cat(vectors, dim=-1)))


class CompactTaggerModel(PreTrainedModel):
    """`logits` are emission scores per word, [batch, words, tags]; `chain` turns them into tags."""

    config_class = CompactConfig
    base_model_prefix = "compact"
    main_input_name = "fixed_ids"
    _supports_sdpa = True

    def __init__(self, config: CompactConfig) -> None:
        super().__init__(config)
        self.embedding = WordEmbedding(config)
        self.positions = nn.Embedding(config.max_words, config.hidden_size)
        self.convolution = nn.Conv1d(
            config.hidden_size, config.hidden_size, config.kernel_size, padding=config.kernel_size // 2
        )
        self.norm = nn.LayerNorm(config.hidden_size)
        self.dropout = nn.Dropout(config.dropout)
        self.encoder = BertEncoder(_bert_config(config))
        self.classifier = nn.Linear(2 * config.hidden_size, len(config.chain_tags))
        self.chain = Chain(config.chain_tags)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Normal weights of 0.02, as BERT; embeddings wider, since few rows add up to a word."""
        if isinstance(module, nn.Linear | nn.Conv1d):
            nn.init.normal_(module.weight, std=0.02 if isinstance(module, nn.Linear) else 0.04)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding | nn.EmbeddingBag):
            nn.init.normal_(module.weight, std=0.1)
            if module.padding_idx is not None:
                nn.init.zeros_(module.weight[module.padding_idx])
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, Chain):
            nn.init.zeros_(module.transitions)
            nn.init.zeros_(module.start)

    def forward(
        self, fixed_ids: Tensor, gram_ids: Tensor, hint_ids: Tensor, attention_mask: Tensor, **_: Any
    ) -> TokenClassifierOutput:
        """`fixed_ids` [batch, words, 10], `gram_ids`/`hint_ids` [batch, words, n] (0 is padding), `attention_mask`
        [batch, words]; at most `config.max_words` words."""
        words = self.embedding(fixed_ids, gram_ids, hint_ids)
        words = self.dropout(words) * attention_mask[..., None]
        local = torch.relu(self.convolution(words.transpose(1, 2)).transpose(1, 2))
        position = self.positions(torch.arange(words.shape[1], device=words.device))
        hidden = self.norm(words + local + position)
        wide = attention_mask[:, None, None, :].bool().expand(-1, 1, words.shape[1], -1)
        encoded = self.encoder(self.dropout(hidden), attention_mask=wide).last_hidden_state
        logits = self.classifier(self.dropout(torch.cat([encoded, words + local], dim=-1)))
        return TokenClassifierOutput(logits=logits)


def _bert_config(config: CompactConfig) -> BertConfig:
    bert = BertConfig(
        hidden_size=config.hidden_size, num_hidden_layers=config.num_hidden_layers,
        num_attention_heads=config.num_attention_heads, intermediate_size=config.intermediate_size,
        hidden_dropout_prob=config.dropout, attention_probs_dropout_prob=0.1, vocab_size=2,
        max_position_embeddings=config.max_words,
    )  # fmt: skip
    bert._attn_implementation = "sdpa"
    return bert


def register_compact() -> None:
    """Makes the Auto classes know the model type, without progress bars; calling it again does no harm."""
    logging.disable_progress_bar()
    AutoConfig.register(CompactConfig.model_type, CompactConfig, exist_ok=True)
    AutoModelForTokenClassification.register(CompactConfig, CompactTaggerModel, exist_ok=True)
