"""The stages that a pre-training of the small corpus reads, and such pre-trainings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lab.encoder.lines import HELD_OUT, TRAIN, LinesWriter
from lab.encoder.vocabulary import open_vocabulary
from lab.vocabulary import train_vocabulary

sys.path.insert(0, str(Path(__file__).parent))
from small_albert import ENCODER, Context, sentences


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Folders of a vocabulary stage and a lines stage, and the vocabulary."""
    root = tmp_path_factory.mktemp("albert")
    rng = np.random.default_rng(0)
    documents = [sentences(rng) for _ in range(80)]
    (root / "vocabulary").mkdir()
    train_vocabulary((line for one in documents for line in one), 33, root / "vocabulary")
    pieces = open_vocabulary(root / "vocabulary")
    assert pieces.size == ENCODER.vocabulary
    special = {"pad": pieces.pad, "cls": pieces.cls, "sep": pieces.sep}
    for part, own in ((TRAIN, documents[:60]), (HELD_OUT, documents[60:])):
        (root / "lines" / part).mkdir(parents=True)
        with LinesWriter(root / "lines" / part, pieces=pieces.size, special=special) as writer:
            for one in own:
                writer.add(pieces.encode_arrays(one))
            writer.finish()
    return SimpleNamespace(vocabulary=root / "vocabulary", lines=root / "lines", pieces=pieces)


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
