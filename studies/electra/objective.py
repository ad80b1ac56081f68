"""What an encoder of this study is pre-trained to do, as plain values (Table 5 and section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Objective:
    """One row of Table 5: what the main encoder reads, answers, and where."""

    generator: bool
    """Whether a generator's samples stand at the drawn positions; else [MASK] and the like."""
    answer: Literal["pieces", "gated_pieces", "detection"]
    """The original piece, the same behind a gate that copies the input, or whether it is real."""
    where: Literal["drawn", "all", "other"]
    """The positions that the loss is over; `other` are as many as were drawn, and none of them."""
    weight: float
    """Of the main encoder's loss, beside the generator's."""
    random: float = 0.0
    """Share of drawn positions at which a random piece is shown."""
    masked: float = 0.85
    """Share of drawn positions at which [MASK] is shown."""
