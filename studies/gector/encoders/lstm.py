"""A bidirectional LSTM on a table of pieces that nothing was trained on (Table 6).

How deep and wide the paper's is, and whether it reads both ways, is not said.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import taken
from lab.errors import ModelError


class LstmEncoder(nn.Module):
    """Both directions together are as wide as the shape says. Raises ModelError for odd widths."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        if config.width % 2:
            raise ModelError(f"encoder.width={config.width}: two directions halve it. Give 2 n.")
        self.config = config
        self.word = nn.Embedding(config.vocabulary, config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(
            config.embedding,
            config.width // 2,
            config.layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )

    def forward(
        self,
        tokens: Tensor,
        types: Tensor | None = None,
        segments: Tensor | None = None,
        positions: Tensor | None = None,
        at: Tensor | None = None,
    ) -> Tensor:
        """As of any encoder; types and positions are not read."""
        lengths = torch.full((len(tokens),), tokens.shape[1])
        if segments is not None:
            lengths = segments.sum(1).cpu()
        packed = pack_padded_sequence(
            self.dropout(self.word(tokens)), lengths, batch_first=True, enforce_sorted=False
        )
        # In float32: each step has other rows, and in bfloat16 a CPU keeps code for every shape.
        with torch.autocast(tokens.device.type, enabled=False):
            found, _ = self.lstm(packed)
        x, _ = pad_packed_sequence(found, batch_first=True, total_length=tokens.shape[1])
        return x if at is None else taken(x, at)


build = LstmEncoder
