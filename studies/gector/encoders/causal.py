"""The same blocks where each position sees itself and what stands before it, as GPT-2 (Table 6)."""

from __future__ import annotations

from torch import Tensor

from lab.encoder.encoder import Encoder, taken
from lab.kernels.operations import operations


class CausalEncoder(Encoder):
    """An encoder that reads from left to right."""

    def forward(
        self,
        tokens: Tensor,
        types: Tensor | None = None,
        segments: Tensor | None = None,
        positions: Tensor | None = None,
        at: Tensor | None = None,
    ) -> Tensor:
        """As of any encoder; a row's padding, `segments` 0, stands behind its pieces."""
        x = self.embedded(tokens, types, positions)
        real = tokens.new_ones(tokens.shape) if segments is None else segments
        mask = operations(x).before(real)
        for attention, feed_forward in self.config.parts:
            x = self._through(self.attentions[attention], x, mask)
            x = self._through(self.feed_forwards[feed_forward], x)
        return x if at is None else taken(x, at)


build = CausalEncoder
