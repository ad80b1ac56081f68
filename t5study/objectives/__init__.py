"""Unsupervised objectives: raw text becomes inputs and targets (sections 3.2.3, 3.3, 3.1.4).

numpy only. Each objective is one class in a module of this folder, or in another package that names
the class as an entry point of the group t5study.objectives (docs/adding.md).
"""

from __future__ import annotations

from lab.named import modules_of
from t5study.objectives.objective import (
    Corrupted,
    Objective,
    ObjectiveError,
    get_objective,
    objective_names,
    objective_settings,
    objective_source,
    sentinels_needed,
)

__all__ = [
    "Corrupted",
    "Objective",
    "ObjectiveError",
    "get_objective",
    "objective_names",
    "objective_settings",
    "objective_source",
    "sentinels_needed",
]

# Each module makes its objectives known when it is imported.
modules_of(__name__)
