"""The objective that asks for the order of shuffled tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from t5study.objectives.objective import Corrupted, Objective, register
from t5study.objectives.spans import TokenRows, permute


@register
@dataclass(frozen=True, kw_only=True)
class Deshuffling(Objective):
    """Inputs are all tokens of the text in random order, targets the text (3.3.1)."""

    name: ClassVar[str] = "deshuffling"
    joins_documents: ClassVar[bool] = False

    def _corrupt(self, rows: TokenRows, rng: np.random.Generator) -> Corrupted:
        return Corrupted.of(permute(rows, rng), rows)
