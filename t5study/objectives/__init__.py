"""Unsupervised objectives: raw text becomes inputs and targets (sections 3.2.3, 3.3, 3.1.4).

numpy only. Each objective is one class, known by its name once its module is imported here.
"""

from __future__ import annotations

from t5study.objectives import (  # noqa: F401
    deshuffling,
    dropping,
    language_modeling,
    span_replacement,
    token_replacement,
)
from t5study.objectives.objective import (
    Corrupted,
    Objective,
    ObjectiveError,
    get_objective,
    objective_names,
    objective_settings,
    sentinels_needed,
)

__all__ = [
    "Corrupted",
    "Objective",
    "ObjectiveError",
    "get_objective",
    "objective_names",
    "objective_settings",
    "sentinels_needed",
]
