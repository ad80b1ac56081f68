"""The five architectures: an encoder-decoder and a single stack, each in its variants.

Letters: B batch, S source length, T target length, D d_model, V vocabulary.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lab.errors import ModelError
from lab.kernels.masks import additive, decoder_mask
from lab.kernels.operations import operations
from lab.text_to_text.config import ModelConfig, model_config
from lab.text_to_text.decoding import DecodingState
from lab.text_to_text.initialization import fan_in_normal, initialize
from lab.text_to_text.stack import Block, Stack


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Within it, nothing is dropped; after it, the model is in the mode it was in."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


class Transformer(nn.Module):
    """What both kinds of model have: the embedding and the output softmax's logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Parameter(torch.empty(config.vocab_size, config.d_model))
        if not config.tie_embeddings:
            self.output = nn.Parameter(torch.empty(config.vocab_size, config.d_model))

    @torch.no_grad()
    def initialize(self) -> None:
        """Draw all parameters from torch's default generator."""
        initialize(self, self.config)
        self.embedding.normal_()
        if not self.config.tie_embeddings:
            fan_in_normal(self.output)

    def recompute_blocks(self) -> None:
        """Train in less memory and more time: keep only what enters each block, in every stack."""
        for module in self.modules():
            if isinstance(module, Stack):
                module.recompute = True

    def embed(self, tokens: Tensor) -> Tensor:
        """(B, T) -> (B, T, D)."""
        return F.embedding(tokens, self.embedding)

    @property
    def output_matrix(self) -> Tensor:
        """The output softmax's matrix (V, D): the embedding, where they are tied."""
        return self.embedding if self.config.tie_embeddings else self.output

    def step(self, tokens: Tensor, state: DecodingState) -> tuple[Tensor, DecodingState]:
        """Read one token a row (N,), 0 first, and return the next one's logits (N, V) in float32.

        The state is changed in place. Without dropout, whatever the mode.
        """
        if state.ready is None:
            features = state.step(self.embed(tokens).unsqueeze(1))
        else:
            features, state.ready = state.ready, None
        return state.logits(self.scaled(features)), state

    def scaled(self, features: Tensor) -> Tensor:
        """Final hidden states (..., D) as the output matrix takes them: if tied, by D^-0.5."""
        return features * self.config.d_model**-0.5 if self.config.tie_embeddings else features

    def head(self, features: Tensor) -> Tensor:
        """Logits (..., V) of final hidden states (..., D)."""
        return operations(features).linear(self.scaled(features), self.output_matrix)


class EncoderDecoder(Transformer):
    """An encoder reads the input, a causal decoder writes the target."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        if not config.layout.shared:
            self.encoder = Stack(config, config.num_layers, cross=False)
        self.decoder = Stack(config, config.num_decoder_layers, cross=True)

    @property
    def input_stack(self) -> Stack:
        """The stack that encodes; the decoder itself where both share parameters."""
        return self.decoder if self.config.layout.shared else self.encoder

    def blocks(self) -> list[tuple[Block, ...]]:
        """(encoder block, decoder block) from the bottom up: what unfreezes together.

        Where both stacks share parameters, each is alone. Raises ModelError for unequal depths.
        """
        if self.config.num_layers != self.config.num_decoder_layers:
            raise ModelError(
                f"blocks pair up by depth, but the encoder has {self.config.num_layers} and the "
                f"decoder {self.config.num_decoder_layers}"
            )
        pairs = zip(self.input_stack.blocks, self.decoder.blocks, strict=True)
        return [tuple(dict.fromkeys(pair)) for pair in pairs]  # type: ignore[arg-type]

    def encode(self, input_ids: Tensor, segments: Tensor) -> Tensor:
        """(B, S) ids and segment ids, 0 for padding -> (B, S, D)."""
        mask = operations(segments).visible(segments, segments)
        return self.input_stack(self.embed(input_ids), mask, bidirectional=True)

    def features(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Final hidden states (B, T, D) of the decoder, for a batch of encoder_* and decoder_*.

        Columns of padding at a batch's end are left out of the work; their states are 0.
        """
        segments, target_segments = batch["encoder_segment_ids"], batch["decoder_segment_ids"]
        run = operations(segments)
        source, target = run.used_length(segments), run.used_length(target_segments)
        every = target_segments
        segments, target_segments = segments[:, :source], target_segments[:, :target]
        memory = self.encode(batch["encoder_input_tokens"][:, :source], segments)
        features = self.decoder(
            self.embed(batch["decoder_input_tokens"][:, :target]),
            run.visible(target_segments, target_segments, causal=True),
            bidirectional=False,
            causal=True,
            memory=memory,
            memory_mask=run.visible(target_segments, segments),
        )
        return run.spread(features, every)

    def forward(
        self, input_ids: Tensor, decoder_input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> Tensor:
        """Logits (B, T, V) for (B, S) and (B, T); attention_mask (B, S) defaults to ids not 0."""
        real = (input_ids != 0 if attention_mask is None else attention_mask != 0).long()
        features = self.decoder(
            self.embed(decoder_input_ids),
            None,
            bidirectional=False,
            causal=True,
            memory=self.encode(input_ids, real),
            memory_mask=operations(real).visible(torch.ones_like(decoder_input_ids), real),
        )
        return self.head(features)

    def start(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> DecodingState:
        """Encode (N, S) ids, 0 or an attention_mask of 0 for padding, and be ready to write."""
        real = (input_ids != 0 if attention_mask is None else attention_mask != 0).long()
        state = DecodingState(self.decoder, self.config, len(input_ids), self.output_matrix)
        with evaluating(self):
            memory = self.encode(input_ids, real)
        state.remember(memory, operations(real).visible(torch.ones_like(real[:, :1]), real))
        return state


class LanguageModel(Transformer):
    """One stack over input and target in one row, causal but for a prefix LM's input."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.stack = Stack(config, config.num_layers, cross=False)

    def blocks(self) -> list[tuple[Block, ...]]:
        """(block,) from the bottom up; the unit of gradual unfreezing."""
        return [(block,) for block in self.stack.blocks]  # type: ignore[misc]

    def features(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Final hidden states (B, T, D) for a batch of decoder_*; 0 in closing padding."""
        segments = batch["decoder_segment_ids"]
        run = operations(segments)
        used = run.used_length(segments)
        prefix = batch.get("decoder_causal_attention")
        features = self.hidden(
            batch["decoder_input_tokens"][:, :used],
            segments[:, :used],
            None if prefix is None else prefix[:, :used],
        )
        return run.spread(features, segments)

    def forward(
        self,
        input_ids: Tensor,
        segment_ids: Tensor | None = None,
        causal_attention: Tensor | None = None,
    ) -> Tensor:
        """Logits (B, T, V) for ids that start with 0; `causal_attention` marks the prefix."""
        return self.head(self.hidden(input_ids, segment_ids, causal_attention))

    def hidden(
        self,
        input_ids: Tensor,
        segments: Tensor | None = None,
        causal_attention: Tensor | None = None,
    ) -> Tensor:
        """Final hidden states (B, T, D) of ids, segments and prefix marks (B, T)."""
        if segments is None:
            segments = torch.ones_like(input_ids)
        looks_both_ways = self.config.layout.prefix
        prefix = causal_attention if looks_both_ways else None
        causal = prefix is None
        return self.stack(
            self.embed(input_ids),
            operations(segments).visible(segments, segments, causal=causal, prefix=prefix),
            bidirectional=looks_both_ways,
            causal=causal,
        )

    def start(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> DecodingState:
        """Read (N, S) ids that end in EOS, 0 or an attention_mask of 0 for padding after them.

        Rows are aligned at their ends, so that all go on in the same column. The start token and
        the input are read whole; the first `step` gives what follows and reads nothing.
        """
        real = input_ids != 0 if attention_mask is None else attention_mask != 0
        real = F.pad(real, (1, 0), value=True)
        length = real.shape[1]
        padding = length - real.sum(1, keepdim=True)
        column = torch.arange(length, device=input_ids.device) - padding
        tokens = F.pad(input_ids, (1, 0)).gather(1, column.clamp(min=0))
        segments = (column >= 0).long()
        prefix = self.config.layout.prefix
        mask = additive(decoder_mask(None, segments, segments if prefix else None))
        state = DecodingState(self.stack, self.config, len(input_ids), self.output_matrix)
        hidden = segments == 0 if bool(padding.any()) else None
        with evaluating(self):
            state.read(self.embed(tokens), mask, hidden, causal=False)
        return state


def build_model(
    architecture: str = "encoder_decoder",
    size: str = "base",
    *,
    vocab_size: int = 32128,
    device: str | torch.device = "cpu",
    **overrides: Any,
) -> EncoderDecoder | LanguageModel:
    """Return a freshly initialized model; overrides are fields of ModelConfig.

    Parameters are drawn from torch's default generator; device "meta" draws and stores nothing.
    Raises ModelError for names and settings that do not exist or fit.
    """
    config = model_config(architecture, size, vocab_size=vocab_size, **overrides)
    return from_config(config, device=device)


def from_config(
    config: ModelConfig, *, device: str | torch.device = "cpu"
) -> EncoderDecoder | LanguageModel:
    """Return a freshly initialized model of these settings."""
    kind = EncoderDecoder if config.layout.encoder else LanguageModel
    with torch.device(device):
        model: EncoderDecoder | LanguageModel = kind(config)
        model.initialize()
    return model
