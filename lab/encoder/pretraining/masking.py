"""Which positions may be predicted, and what a masked language model sees at those that are.

Letters: B rows, T positions, N drawn slots.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


def candidates(ids: Ids, real: NDArray[np.bool_], special: Collection[int]) -> NDArray[np.bool_]:
    """Of pieces (B, T), those that may be drawn: neither padding nor special."""
    return real & ~np.isin(ids, list(special))


def write(ids: Ids, positions: Ids, values: Ids | int) -> Ids:
    """Pieces (B, T) with values at positions (B, N), but for position 0, which stays.

    Of several values for one position the last one stands.
    """
    changed = ids.copy()
    rows = np.arange(len(ids))[:, None]
    changed[rows, positions] = values
    changed[:, 0] = ids[:, 0]
    return changed


def shown(
    targets: Ids,
    rng: np.random.Generator,
    *,
    mask: int,
    vocabulary: int,
    masked: float = 0.85,
    random: float = 0.0,
) -> Ids:
    """What a model sees at drawn positions, of whose pieces `targets` (B, N) holds the right ones.

    A share `masked` is the piece [MASK], a share `random` any piece, the rest is the right one:
    85, 0 and 15% in the released code; 80, 10 and 10% in BERT (Devlin et al. 2019, section 3.1).
    """
    draws = rng.random(targets.shape)
    anything = rng.integers(vocabulary, size=targets.shape)
    seen = np.where(draws < masked + random, anything, targets)
    return np.where(draws < masked, mask, seen)
