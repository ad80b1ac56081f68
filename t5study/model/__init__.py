"""The models of the study; importing this package imports no torch until a name is used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from t5study.model.ensemble import Ensemble
    from t5study.model.huggingface import load_huggingface, save_huggingface
    from t5study.model.relpos import relative_position_bucket
    from t5study.model.transformer import build_model

__all__ = [
    "Ensemble",
    "build_model",
    "load_huggingface",
    "relative_position_bucket",
    "save_huggingface",
]

_HOMES = {
    "Ensemble": "ensemble",
    "build_model": "transformer",
    "load_huggingface": "huggingface",
    "relative_position_bucket": "relpos",
    "save_huggingface": "huggingface",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
