"""What a stage is does not follow from where its code lies: every plan's keys, as written down."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "plan_keys.py"
WRITTEN = json.loads(Path(__file__).with_name("plan_keys.json").read_text())


@pytest.fixture(scope="module")
def plan_keys() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plan_keys", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("sweep", "preset"), [("table06", "smoke"), ("table14", "paper")])
def test_keys_are_the_written_ones(plan_keys: ModuleType, sweep: str, preset: str):
    assert plan_keys.keys_hash(sweep, preset) == WRITTEN[sweep][preset]


@pytest.mark.slow
def test_all_keys_are_the_written_ones(plan_keys: ModuleType):
    """Where one differs a stage's meaning changed: raise its version, then write them anew."""
    assert plan_keys.all_hashes() == WRITTEN
