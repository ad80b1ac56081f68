"""The stages that a pre-training of the small corpus reads, and such pre-trainings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import small_text
from stage_context import Context

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Documents of six lines."""
    return small_text.written(tmp_path_factory.mktemp("albert"), 6)


@pytest.fixture
def train(tmp_path: Path, data: SimpleNamespace) -> Callable[..., Path]:
    """Pre-train to the end; gives the folder of what is published."""
    from studies.albert.training import pretrain

    def go(config: dict[str, Any], name: str, start: Path | None = None, **execution: Any) -> Path:
        inputs = {"vocabulary": data.vocabulary, "lines": data.lines}
        if start:
            inputs["start"] = start
        out = tmp_path / name / "out"
        out.mkdir(parents=True)
        context = Context(tmp_path / name / "work")
        context.execution |= execution
        pretrain.run(config, inputs, out, context)
        return out

    return go
