"""What a stage is does not follow from where its code lies: every plan's keys, as written down."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

TESTS = Path(__file__).parent
WRITTEN = {
    "t5study": TESTS / "t5study/plan_keys.json",
    "electra": TESTS / "studies/electra/plan_keys.json",
    "albert": TESTS / "studies/albert/plan_keys.json",
}


@pytest.fixture(scope="module")
def plan_keys() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plan_keys", TESTS / "plan_keys.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("study", "sweep", "preset"),
    [
        ("t5study", "table06", "smoke"),
        ("t5study", "table14", "paper"),
        ("electra", "table05", "smoke"),
        ("electra", "table02", "paper"),
        ("albert", "table05", "smoke"),
        ("albert", "table10", "paper"),
    ],
)
def test_keys_are_the_written_ones(plan_keys: ModuleType, study: str, sweep: str, preset: str):
    written = json.loads(WRITTEN[study].read_text())
    assert plan_keys.keys_hash(sweep, preset, study) == written[sweep][preset]


@pytest.mark.slow
@pytest.mark.parametrize("study", WRITTEN)
def test_all_keys_are_the_written_ones(plan_keys: ModuleType, study: str):
    """Where one differs a stage's meaning changed: raise its version, then write them anew."""
    assert plan_keys.all_hashes(study) == json.loads(WRITTEN[study].read_text())
