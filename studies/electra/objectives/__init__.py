"""What the encoders of this study are pre-trained on, a file each: its name is the file's."""

from __future__ import annotations

from lab.errors import StudyError, unknown
from lab.named import modules_of
from studies.electra.objective import Objective


def objective_names() -> list[str]:
    """The known objectives, sorted."""
    return sorted(_known())


def get_objective(name: str) -> Objective:
    """The objective of this name. Raises StudyError."""
    known = _known()
    if name not in known:
        raise StudyError(unknown("objective", name, known))
    return known[name]


def _known() -> dict[str, Objective]:
    return {m.__name__.rpartition(".")[2]: m.objective for m in modules_of(__name__)}
