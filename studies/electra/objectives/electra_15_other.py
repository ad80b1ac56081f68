"""Detect replaced pieces at as many positions, drawn apart from those of the generator.

Were the two disjoint, all pieces there would be real, and a constant answer right.
"""

from __future__ import annotations

from lab.encoder.pretraining.weights import DISCRIMINATOR_WEIGHT
from studies.electra.objective import Objective

objective = Objective(
    generator=True, answer="detection", where="other", weight=DISCRIMINATOR_WEIGHT
)
