"""The stages that a pre-training of the small corpus reads, and such pre-trainings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import small_text
from stage_context import Context, Interrupted

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Documents of four lines."""
    return small_text.written(tmp_path_factory.mktemp("electra"), 4)


@pytest.fixture
def train(tmp_path: Path, data: SimpleNamespace) -> Callable[..., Path]:
    """Pre-train to the end, interrupted after given numbers of steps; gives the folder."""
    from studies.electra.training import pretrain

    def go(
        config: dict[str, Any],
        name: str,
        *,
        stops: tuple[int, ...] = (),
        masked: Path | None = None,
        **execution: Any,
    ) -> Path:
        inputs = {"vocabulary": data.vocabulary, "lines": data.lines}
        if masked:
            inputs["masked"] = masked
        out = tmp_path / name / "out"
        out.mkdir(parents=True)
        earlier: list[Path] = []
        for attempt, stop in enumerate((*stops, 0)):
            work = tmp_path / name / f"work{attempt}"
            context = Context(work, earlier=list(earlier), stop_at=stop)
            context.execution |= execution
            earlier.insert(0, work)
            if stop:
                with pytest.raises(Interrupted):
                    pretrain.run(config, inputs, out, context)
            else:
                pretrain.run(config, inputs, out, context)
        return out

    return go
