"""Detect replaced pieces at every position."""

from __future__ import annotations

from lab.encoder.pretraining.weights import DISCRIMINATOR_WEIGHT
from studies.electra.objective import Objective

objective = Objective(generator=True, answer="detection", where="all", weight=DISCRIMINATOR_WEIGHT)
