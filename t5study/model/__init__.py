"""The models of the study; importing this package imports no torch until a name is used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.text_to_text.relpos import relative_position_bucket
    from lab.text_to_text.transformer import build_model
    from t5study.model.ensemble import Ensemble
    from t5study.model.huggingface import load_huggingface, save_huggingface

__all__ = [
    "Ensemble",
    "build_model",
    "load_huggingface",
    "relative_position_bucket",
    "save_huggingface",
]

_HOMES = {
    "Ensemble": "t5study.model.ensemble",
    "build_model": "lab.text_to_text.transformer",
    "load_huggingface": "t5study.model.huggingface",
    "relative_position_bucket": "lab.text_to_text.relpos",
    "save_huggingface": "t5study.model.huggingface",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
