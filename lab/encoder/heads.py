"""What is read off an encoder's vectors: pieces, whether a piece is real, labels, spans.

Letters: B rows, T positions, N chosen ones, D width, E width of the tables, V pieces, L labels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lab.encoder.config import ACTIVATIONS, EncoderConfig
from lab.encoder.encoder import Embeddings
from lab.kernels.dense import Linear
from lab.kernels.operations import operations

SPAN_WIDTH = 512
"""Inner width of the heads that read a span's end and whether there is an answer."""


class MaskedLanguageModel(nn.Module):
    """Logits of pieces: dense, GELU, norm, the table of words once more, and a bias a piece."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = Linear(config.width, config.embedding)
        self.norm = nn.LayerNorm(config.embedding, eps=config.epsilon)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.form = ACTIVATIONS[config.activation]

    def forward(self, vectors: Tensor, embeddings: Embeddings) -> Tensor:
        """(N, D) -> (N, V)."""
        inner = self.norm(F.gelu(self.dense(vectors), approximate=self.form))
        logits: Tensor = operations(inner).linear(inner, embeddings.word, self.bias)
        return logits


class Detection(nn.Module):
    """The logit that a piece is not the original one: dense, GELU, dense to 1."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = Linear(config.width, config.width)
        self.out = Linear(config.width, 1)
        self.form = ACTIVATIONS[config.activation]

    def forward(self, vectors: Tensor) -> Tensor:
        """(..., D) -> (...)."""
        logits: Tensor = self.out(F.gelu(self.dense(vectors), approximate=self.form))
        return logits.squeeze(-1)


class Pooler(nn.Module):
    """A vector for a row: tanh of a dense layer on its first position."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = Linear(config.width, config.width)

    def forward(self, vectors: Tensor) -> Tensor:
        """The first positions' vectors (B, D) -> (B, D)."""
        return torch.tanh(self.dense(vectors))


class Labels(nn.Module):
    """Dropout and one dense layer: a row's label, a number (one label), or a label a token."""

    def __init__(self, config: EncoderConfig, labels: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.out = Linear(config.width, labels)

    def forward(self, vectors: Tensor) -> Tensor:
        """(..., D) -> (..., L)."""
        logits: Tensor = self.out(self.dropout(vectors))
        return logits


class Spans(nn.Module):
    """Start and end of an answer, each read off its own position (Devlin et al. 2019)."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.out = Linear(config.width, 2)

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) -> logits of starts (B, T) and of ends (B, T)."""
        start, end = self.out(vectors).unbind(-1)
        return start, end


class JointSpans(nn.Module):
    """The end given the start, and whether there is an answer at all (Yang et al. 2019).

    So Clark et al. (2020) answer SQuAD, and Lan et al. (2020) SQuAD 2.0.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.start = Linear(config.width, 1)
        self.end = nn.Sequential(
            Linear(2 * config.width, SPAN_WIDTH), nn.GELU(), Linear(SPAN_WIDTH, 1)
        )
        self.impossible = nn.Sequential(
            Linear(2 * config.width, SPAN_WIDTH), nn.GELU(), Linear(SPAN_WIDTH, 1)
        )

    def starts(self, vectors: Tensor) -> Tensor:
        """(B, T, D) -> (B, T)."""
        logits: Tensor = self.start(vectors)
        return logits.squeeze(-1)

    def ends(self, vectors: Tensor, starts: Tensor) -> Tensor:
        """Vectors (B, T, D), start positions (B, S) -> logits of the ends given each (B, S, T)."""
        chosen = torch.gather(vectors, 1, starts.unsqueeze(-1).expand(-1, -1, vectors.shape[-1]))
        # The dense layer of [start ; position] is a sum, of which each half is worked out once.
        inward, outward = self.end[0], self.end[2]
        assert isinstance(inward, nn.Linear)
        of_start, of_position = inward.weight.chunk(2, dim=1)
        linear = operations(vectors).linear
        given = linear(chosen, of_start, inward.bias)
        own = linear(vectors, of_position)
        each = (F.gelu(own + given[:, number, None]) for number in range(starts.shape[1]))
        return torch.cat([outward(inner) for inner in each], -1).transpose(1, 2)

    def no_answer(self, vectors: Tensor, start_logits: Tensor) -> Tensor:
        """Logits (B,) that nothing answers, by the first position and the mean over starts."""
        mean = torch.einsum("bt,btd->bd", start_logits.softmax(-1), vectors)
        logits: Tensor = self.impossible(torch.cat([vectors[:, 0], mean], dim=-1))
        return logits.squeeze(-1)
