"""The embedded preset's resolved configuration, with all tasks, composed once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from sweeps.asking.compose import Composer, search_path
from sweeps.constraints import instance
from sweeps.errors import ConfigurationError
from sweeps.study import Study
from t5study.config import Schema

CONF = Path(__file__).parents[2] / "conf/t5study"


@pytest.fixture(scope="session")
def composed() -> Schema:
    with search_path(CONF):
        settings: Schema = instance(Schema, Composer("config").resolved(["suite=embedded_all"]))
        return settings


@pytest.fixture
def configured(composed: Schema) -> Callable[..., Schema]:
    """A copy of the baseline's configuration with dotted keys set."""

    def make(**changes: Any) -> Schema:
        config = copy.deepcopy(composed)
        for dotted, value in changes.items():
            *parents, last = dotted.split("__")
            node: Any = config
            for parent in parents:
                node = getattr(node, parent)
            assert hasattr(node, last), dotted
            setattr(node, last, value)
        return config

    return make


@pytest.fixture
def complaints() -> Callable[[Schema], list[str]]:
    """What the engine and the study find impossible about a configuration."""

    def found(config: Schema) -> list[str]:
        try:
            Study("t5study").cell(asdict(config))
        except ConfigurationError as error:
            return error.complaints
        return []

    return found
