"""What every objective of pre-training has: an encoder with what it is trained with."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from lab.encoder.encoder import Encoder
from lab.encoder.initialization import initialize
from lab.encoder.pretraining.networks import EncoderNetworks


class Pretraining(EncoderNetworks):
    """Called with rows of `batches.DrawnBatches`: their share of the batch's loss, in nats."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def begin(self, last: list[nn.Module]) -> None:
        """Draw all parameters; maps of tables, and the layers `last`, as ELECTRA's release."""
        maps = [one.map for one in self.modules() if isinstance(one, Encoder) and one.map]
        initialize(self, self.encoder.config.initializer_range, glorot=[*maps, *last])


def loss(networks: Pretraining, rows: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The share of these rows in the batch's loss, and the same to report."""
    found: Tensor = networks(rows)
    return found, found.detach().unsqueeze(0)
