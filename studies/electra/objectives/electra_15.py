"""Detect replaced pieces among the drawn ones alone."""

from __future__ import annotations

from lab.encoder.pretraining.weights import DISCRIMINATOR_WEIGHT
from studies.electra.objective import Objective

objective = Objective(
    generator=True, answer="detection", where="drawn", weight=DISCRIMINATOR_WEIGHT
)
