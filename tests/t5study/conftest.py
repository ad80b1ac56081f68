"""The embedded preset's resolved configuration, composed once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeps.asking.compose import Composer, search_path

CONF = Path(__file__).parents[2] / "conf/t5study"


@pytest.fixture(scope="session")
def composed() -> dict[str, Any]:
    with search_path(CONF):
        return Composer("config").resolved([])


@pytest.fixture
def configured(composed: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """A copy of the baseline's configuration with dotted keys set."""

    def make(**changes: Any) -> dict[str, Any]:
        config = copy.deepcopy(composed)
        for dotted, value in changes.items():
            *parents, last = dotted.split("__")
            node = config
            for parent in parents:
                node = node[parent]
            assert last in node, dotted
            node[last] = value
        return config

    return make
