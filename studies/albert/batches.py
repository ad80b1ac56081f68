"""Batches of pairs, of whose words n-grams are masked anew each time.

Letters: B rows, T positions, N slots.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.encoder.pretraining.batches import RowBatches
from lab.encoder.pretraining.masking import shown, write
from studies.albert.masking import Masking


def masked_pairs(
    read: dict[str, np.ndarray],
    masking: Masking,
    rng: np.random.Generator,
    *,
    pieces: Any,
    begins: np.ndarray,
) -> dict[str, np.ndarray]:
    """What `networks.loss` reads, of rows that PairRows read.

    `tokens` (B, T) with what is shown at predicted positions, `types` and `real` (B, T); `drawn`,
    `used` and `targets` (B, N): positions, which slots are used, and the right pieces; `label`
    (B,); `slots` (B,): used slots of the whole batch; `share` (B,): what a row is of the batch.
    """
    tokens, real = read["tokens"], read["real"].astype(bool)
    drawn, used = masking.draw(tokens, real, begins, pieces.special, rng)
    targets = np.take_along_axis(tokens, drawn, 1)
    seen = shown(
        targets,
        rng,
        mask=pieces.mask,
        vocabulary=pieces.size,
        masked=masking.masked,
        random=masking.random,
    )
    rows = len(tokens)
    return {
        "tokens": write(tokens, drawn, seen),
        "types": read["types"],
        "real": real.astype(np.int64),
        "drawn": drawn,
        "used": used,
        "targets": np.where(used, targets, 0),
        "label": read["label"],
        "slots": np.full(rows, used.sum(), dtype=np.float32),
        "share": np.full(rows, 1 / rows, dtype=np.float32),
    }


class PairBatches(RowBatches):
    """Batches of rows of two segments."""

    def __init__(
        self,
        rows: Any,
        masking: Masking,
        pieces: Any,
        *,
        longest: int,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(rows, longest=longest, batch_size=batch_size, seed=seed)
        self._masking, self._pieces, self._begins = masking, pieces, pieces.starts_word()

    def arrays(
        self, read: dict[str, np.ndarray], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """See masked_pairs."""
        return masked_pairs(read, self._masking, rng, pieces=self._pieces, begins=self._begins)
