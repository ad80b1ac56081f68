"""The names of the product around this engine, as data: no line of code here knows a study."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Product:
    default_study: str
    """The study of a command that names none; its sweeps go by their files' bare names."""
    store_variable: str
    """The environment variable that names the store where no option does."""


PRODUCT = Product(**json.loads(Path(__file__).with_name("product.json").read_text("utf-8")))
