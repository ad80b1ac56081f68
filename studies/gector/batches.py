"""Batches of rows of text with positions drawn, for any objective.

Letters: B rows, T positions, N drawn slots.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.encoder.pretraining.batches import RowBatches
from lab.encoder.pretraining.drawing import draw, how_many
from lab.encoder.pretraining.masking import candidates, shown

MASKED, RANDOM = 0.8, 0.1
"""Shares of drawn positions at which [MASK] and any piece is shown (Devlin et al. 2019)."""


class DrawnBatches(RowBatches):
    """Batches of rows, in each of which a share `rate` of the positions is drawn."""

    def __init__(
        self, rows: Any, pieces: Any, *, longest: int, batch_size: int, rate: float, seed: int
    ) -> None:
        super().__init__(rows, longest=longest, batch_size=batch_size, seed=seed)
        self._pieces, self._rate = pieces, rate

    def arrays(
        self, read: dict[str, np.ndarray], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """`tokens` and `real` (B, T); `drawn`, `used` and `seen` (B, N), what is shown there.

        And of the whole batch, (B,): `slots` that are used, `length` real pieces, `following` those
        with one before them; `share`, what a row is of it.
        """
        tokens, real, pieces = read["tokens"], read["real"].astype(bool), self._pieces
        allowed = candidates(tokens, real, pieces.special)
        drawn, used = draw(
            allowed,
            how_many(real.sum(1), self._rate, self._longest),
            rng,
            slots=int(how_many(tokens.shape[1], self._rate, self._longest)),
        )
        seen = shown(
            np.take_along_axis(tokens, drawn, 1),
            rng,
            mask=pieces.mask,
            vocabulary=pieces.size,
            masked=MASKED,
            random=RANDOM,
        )
        rows = len(tokens)
        counts = {
            "slots": used.sum(),
            "length": real.sum(),
            "following": real[:, 1:].sum(),
            "share": 1 / rows,
        }
        return {
            "tokens": tokens,
            "real": real.astype(np.int64),
            "drawn": drawn,
            "used": used,
            "seen": seen,
            **{name: np.full(rows, value, dtype=np.float32) for name, value in counts.items()},
        }
