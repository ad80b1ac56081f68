"""What the typed configurations of studies are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING, DictConfig


def by_name(values: Any) -> Any:
    """An empty mapping that takes any name; others refuse what is not there without a +."""
    return DictConfig({}, key_type=str, element_type=values, flags={"struct": False})


@dataclass
class Named:
    """An axis of which nothing but the option's name is read."""

    name: str = MISSING
