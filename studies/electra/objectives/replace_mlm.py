"""Predict the original pieces where samples of a generator stand; no [MASK] is seen."""

from __future__ import annotations

from studies.electra.objective import Objective

objective = Objective(generator=True, answer="pieces", where="drawn", weight=1.0)
