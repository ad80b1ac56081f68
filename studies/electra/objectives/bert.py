"""BERT without next-sentence prediction: 80% [MASK], 10% a random piece, 10% the right one."""

from __future__ import annotations

from studies.electra.objective import Objective

objective = Objective(
    generator=False, answer="pieces", where="drawn", weight=1.0, masked=0.8, random=0.1
)
