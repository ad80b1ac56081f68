"""The kinds of encoders that taggers stand on, a file each: `build` makes one of its shape.

An encoder has its `config`, and gives vectors (B, N, D) of pieces (B, T) at the columns `at`
(B, N), of rows whose real pieces are 1 in `segments` (B, T).
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, cast

from lab.encoder.config import EncoderConfig
from lab.errors import StudyError, unknown

if TYPE_CHECKING:
    from lab.encoder.encoder import Encoder


def kinds() -> list[str]:
    """The known kinds, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def build(kind: str, config: EncoderConfig) -> Encoder:
    """A new encoder whose parameters are still to be drawn. Raises StudyError."""
    if kind not in kinds():
        raise StudyError(unknown("kind of encoder", kind, kinds()))
    module = importlib.import_module(f"{__name__}.{kind}")
    return cast("Encoder", module.build(config))
