"""Batches of rows whose masks are drawn anew each time.

Letters: B rows, T positions, N drawn slots.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.encoder.pretraining.batches import RowBatches
from lab.encoder.pretraining.drawing import draw, how_many
from lab.encoder.pretraining.masking import Ids, candidates, shown
from studies.electra.objective import Objective


def masked_batch(
    tokens: Ids,
    real: np.ndarray,
    objective: Objective,
    rng: np.random.Generator,
    *,
    pieces: Any,
    longest: int,
    types: np.ndarray | None = None,
    rate: float = 0.15,
    replacement: bool = False,
) -> dict[str, np.ndarray]:
    """What `networks.loss` reads, of rows (B, T) of which some positions are `real` (B, T).

    `tokens`, `real` and `types` (B, T); `drawn`, `used`, `seen` and `other` (B, N): positions,
    which slots are used, what is shown there, and positions drawn apart; `slots` and `length` (B,):
    used slots and real tokens of the whole batch; `share` (B,): what a row is of the batch. N
    depends on T alone. Of the vocabulary, `pieces`, its `size`, `mask` and `special` are read.
    """
    allowed = candidates(tokens, real.astype(bool), pieces.special)
    counts = how_many(real.sum(1), rate, longest)
    slots = int(how_many(tokens.shape[1], rate, longest))
    drawn, used = draw(allowed, counts, rng, slots=slots, replacement=replacement)
    targets = np.take_along_axis(tokens, drawn, 1)
    seen = shown(
        targets,
        rng,
        mask=pieces.mask,
        vocabulary=pieces.size,
        masked=objective.masked,
        random=objective.random,
    )
    other, _ = draw(allowed, counts, rng, slots=slots)
    rows = len(tokens)
    return {
        "tokens": tokens,
        "real": real.astype(np.int64),
        "types": np.zeros_like(tokens) if types is None else types,
        "drawn": drawn,
        "used": used,
        "seen": seen,
        "other": other,
        "slots": np.full(rows, used.sum(), dtype=np.float32),
        "length": np.full(rows, real.sum(), dtype=np.float32),
        "share": np.full(rows, 1 / rows, dtype=np.float32),
    }


class MaskedBatches(RowBatches):
    """Batches of rows with positions drawn for an objective."""

    def __init__(
        self,
        rows: Any,
        objective: Objective,
        pieces: Any,
        *,
        longest: int,
        batch_size: int,
        rate: float,
        replacement: bool,
        seed: int,
    ) -> None:
        super().__init__(rows, longest=longest, batch_size=batch_size, seed=seed)
        self._objective, self._pieces = objective, pieces
        self._rate, self._replacement = rate, replacement

    def arrays(
        self, read: dict[str, np.ndarray], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """See masked_batch."""
        return masked_batch(
            read["tokens"],
            read["real"],
            self._objective,
            rng,
            pieces=self._pieces,
            longest=self._longest,
            types=read["types"],
            rate=self._rate,
            replacement=self._replacement,
        )
