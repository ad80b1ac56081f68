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
        import numpy as np

        asked = np.zeros(foreign.shape, dtype=bool)
        if self.foreign:
            asked |= foreign
        if self.swapped:
            # A foreign second segment is out of order too: the release has some in its swaps.
            asked |= swapped | foreign
        return asked.astype(np.int64)
