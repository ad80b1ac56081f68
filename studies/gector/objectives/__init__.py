"""What encoders are pre-trained on before any tag, a file each: its name is the objective's."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from lab.errors import StudyError, unknown

if TYPE_CHECKING:
    from lab.encoder.encoder import Encoder
    from studies.gector.pretraining import Pretraining


def objective_names() -> list[str]:
    """The known objectives, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def networks_of(name: str, encoder: Encoder, settings: Mapping[str, Any]) -> Pretraining:
    """New networks of an objective around an encoder. Raises StudyError."""
    if name not in objective_names():
        raise StudyError(unknown("objective", name, objective_names()))
    module = importlib.import_module(f"{__name__}.{name}")
    return cast("Pretraining", module.build(encoder, settings))
