"""What an encoder is asked of two segments, as plain values (sections 3.1 and 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class SentenceLoss:
    """How second segments come about, and which of that is asked: label 1 is what is not in order.

    The labels of all tasks mean the same, so that a head that learned one is scored on another.
    """

    foreign: float = 0.0
    """Share of pairs whose second segment is from another document."""
    swapped: float = 0.0
    """Share of the other pairs whose segments change places."""
    trained: bool = True
    """Whether there is a loss."""

    def label(self, foreign: NDArray[np.bool_], swapped: NDArray[np.bool_]) -> NDArray[np.int64]:
        """1 where a pair is not what follows one another, by which of that is asked."""
        # A foreign second segment is out of order too: the release has some in its swaps.
        asked = foreign | swapped if self.swapped else foreign & bool(self.foreign)
        return asked.astype("int64")
