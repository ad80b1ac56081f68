"""Batches of rows whose masks are drawn anew each time.

Letters: B rows, T positions, N drawn slots.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from studies.electra.masking import Ids, candidates, draw, how_many, shown
from studies.electra.objective import Objective


@dataclass(frozen=True, kw_only=True)
class Special:
    """Ids of the pieces that are no words."""

    cls: int
    sep: int
    mask: int

    @property
    def all(self) -> Collection[int]:
        """Those that are never drawn."""
        return (self.cls, self.sep, self.mask)


def masked_batch(
    tokens: Ids,
    real: np.ndarray,
    objective: Objective,
    rng: np.random.Generator,
    *,
    special: Special,
    vocabulary: int,
    rate: float = 0.15,
    replacement: bool = False,
) -> dict[str, np.ndarray]:
    """What `networks.loss` reads, of pieces (B, T) of which some are `real` (B, T)."""
    allowed = candidates(tokens, real.astype(bool), special.all)
    longest = tokens.shape[1]
    counts = np.array([how_many(int(n), rate, longest) for n in real.sum(1)])
    drawn, used = draw(allowed, counts, rng, replacement=replacement)
    targets = np.take_along_axis(tokens, drawn, 1)
    seen = shown(
        targets,
        rng,
        mask=special.mask,
        vocabulary=vocabulary,
        masked=objective.masked,
        random=objective.random,
    )
    other, _ = draw(allowed, counts, rng)
    rows = len(tokens)
    return {
        "tokens": tokens,
        "real": real.astype(np.int64),
        "drawn": drawn,
        "used": used,
        "seen": seen,
        "other": other,
        "slots": np.full(rows, used.sum(), dtype=np.float32),
        "length": np.full(rows, real.sum(), dtype=np.float32),
        "share": np.full(rows, 1 / rows, dtype=np.float32),
    }
