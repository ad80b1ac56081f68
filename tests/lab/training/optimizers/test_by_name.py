"""Optimizers are found by the files of their folder."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from lab import named
from lab.errors import StudyError
from lab.training import optimizers
from lab.training.optimizers import get_optimizer, optimizer_names


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One file more in the folder."""
    (tmp_path / "plain_sgd.py").write_text("import torch\n\noptimizer = torch.optim.SGD\n")
    monkeypatch.setattr(optimizers, "__path__", [*optimizers.__path__, str(tmp_path)])
    named.modules_of.cache_clear()
    importlib.invalidate_caches()
    yield
    named.modules_of.cache_clear()
    sys.modules.pop("lab.training.optimizers.plain_sgd", None)


def test_a_file_is_an_optimizer(added):
    """Its name is the file's, its settings are those of what the file calls `optimizer`."""
    assert {"adafactor", "plain_sgd"} <= set(optimizer_names())
    parameter = torch.nn.Parameter(torch.ones(2))
    made = get_optimizer("plain_sgd", [parameter], lr=0.5)
    parameter.grad = torch.ones(2)
    made.step()
    assert parameter.tolist() == [0.5, 0.5]


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(StudyError, match=r"adafactro.*Did you mean 'adafactor'"):
        get_optimizer("adafactro", [])


def test_the_optimizer_of_the_page_is_a_whole_file() -> None:
    """What docs/adding.md shows makes an optimizer that moves a parameter."""
    page = (Path(__file__).parents[4] / "docs/adding.md").read_text("utf-8")
    code = page.partition("## An optimizer")[2].partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.grad = torch.ones(3)
    names["optimizer"]([parameter], lr=0.1).step()
    assert (parameter < 1).all()
