"""Predict the original piece at every position, behind a gate that copies the input."""

from __future__ import annotations

from studies.electra.objective import Objective

objective = Objective(generator=True, answer="gated_pieces", where="all", weight=1.0)
