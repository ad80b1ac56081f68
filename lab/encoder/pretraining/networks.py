"""What an encoder is pre-trained with, and the files that it is published in."""

from __future__ import annotations

from torch import nn

from lab.encoder.encoder import Encoder


class EncoderNetworks(nn.Module):
    """An encoder with what it is trained with."""

    encoder: Encoder

    @property
    def reports(self) -> list[str]:
        """What the loss function reports, in its order."""
        return ["loss"]

    def recompute_blocks(self) -> None:
        """Train in less memory and more time: keep only what enters each part of each encoder."""
        for module in self.modules():
            if isinstance(module, Encoder):
                module.recompute = True


def names(step: int | None = None) -> tuple[str, str]:
    """The files of an encoder and of all networks, after so many updates or after the last one."""
    ending = "" if step is None else f"_{step}"
    return f"encoder{ending}.pt", f"networks{ending}.pt"
