"""Every reference case passes through the adapters, and the runner tells what does not."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def loaded() -> Any:
    """run.py as a module, once."""
    if "run" not in sys.modules:
        spec = importlib.util.spec_from_file_location("run", HERE / "run.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules["run"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["run"])
    return sys.modules["run"]


RUN = loaded()
CASES = [
    (file.parent.name, file.stem, case)
    for file in sorted((HERE / "cases").glob("*/*.json"))
    for case in RUN.cases(file)
]


@pytest.fixture(scope="module")
def adapters() -> Any:
    return RUN.adapters("t5study")


@pytest.mark.parametrize(
    ("study", "file", "case"),
    CASES,
    ids=lambda one: one if isinstance(one, str) else one["case"][:40],
)
def test_case(tmp_path, monkeypatch, study, file, case):
    """The study's function gives what is expected."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    assert RUN.failures(RUN.adapters(study), [case]) == []


def noise_mask(**expected: Any) -> dict[str, Any]:
    return {
        "area": "noise",
        "case": "random_spans_noise_mask without noise",
        "input": {"length": 6},
        "args": {"noise_density": 0.0, "mean_noise_span_length": 3.0},
        **expected,
    }


UNSEEN = [
    noise_mask(expected=[0, 0, 0, 0, 0, 0]),
    noise_mask(expected={"num_noise_tokens": 0, "any": False}),
    {
        "area": "lengths",
        "case": "random_spans_helper at one half",
        "input": {"inputs_length": 512},
        "args": {"noise_density": 0.5, "mean_noise_span_length": 1.0},
        "expected": [510, 512],
    },
    {
        "area": "lengths",
        "case": "random_spans_helper by mean length",
        "input": {},
        "args": {"inputs_length": 512, "noise_density": 0.15},
        "expected": {"2": [552, 126], "3": [568, 114], "5": [581, 105], "10": [591, 99]},
    },
    {
        "area": "noise",
        "case": "noise_token_to_random_token range",
        "input": {"tokens": [10, 11, 12], "noise_mask": [1, 0, 1]},
        "args": {"vocab_size": 20},
        "expected": {"non_noise_positions_unchanged": [1], "min": 3, "max": 19},
    },
    {
        "area": "lr",
        "case": "inverse square root",
        "input": [0, 10_000, 40_000],
        "args": {"warmup_steps": 10_000},
        "expected": [0.01, 0.01, 0.005],
    },
    {
        "area": "metrics",
        "case": "pearson",
        "input": {"targets": [1, 2, 3], "predictions": [2, 4, 6]},
        "args": {},
        "expected": {"pearson_corrcoef": 100.0},
    },
]


@pytest.mark.parametrize("case", UNSEEN, ids=lambda case: case["case"])
def test_other_cases_of_the_same_functions_run(adapters, case):
    """A case is matched by the function that it names, not by its whole text."""
    assert RUN.failures(adapters, [case]) == []


@pytest.mark.parametrize(
    "case",
    [
        {"area": "noise", "case": "whirl tokens", "input": {}, "args": {}, "expected": []},
        {"area": "weather", "case": "accuracy", "input": {}, "args": {}, "expected": []},
        noise_mask(expected={"mood": 3}),
    ],
    ids=["function", "area", "fact"],
)
def test_what_no_adapter_knows_never_passes(adapters, case):
    """It is told as not covered."""
    (line,) = RUN.failures(adapters, [case])
    assert line.startswith("NOT COVERED")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HERE / "run.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def test_command_line(tmp_path):
    """Failing cases with both values, the count last, and 1; a mistake is 2 and says what is."""
    right = {"area": "metrics", "case": "accuracy", "input": {"targets": [1], "predictions": [1]}}
    wrong = {**right, "expected": {"accuracy": 0.0}}
    right["expected"] = {"accuracy": 100.0}
    (tmp_path / "cases.json").write_text(json.dumps([right, wrong]))
    (tmp_path / "broken.json").write_text("{")
    done = run("t5study", tmp_path / "cases.json")
    assert done.returncode == 1
    assert "FAILED metrics: accuracy" in done.stdout
    assert "{'accuracy': 100.0}" in done.stdout
    assert "{'accuracy': 0.0}" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 of 2 cases pass"
    mistakes = {
        ("t5study", tmp_path / "broken.json"): "broken.json",
        ("t5", tmp_path / "cases.json"): "t5study",
    }
    for arguments, told in mistakes.items():
        done = run(*arguments)
        assert (done.returncode, told in done.stderr) == (2, True)
