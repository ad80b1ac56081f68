"""The text-to-text model: it learns the tagger's pairs, and its speed is measured as theirs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from stage_context import Context
from tiny_tagger import PAIRS, pairs

from lab.encoder.vocabulary import open_vocabulary
from lab.errors import DataError
from lab.text_to_text.config import model_config
from lab.vocabulary import train_vocabulary
from studies.gector.rewriter import open_rewriter
from studies.gector.training import rewrite, speed

WRITING = {"beam": 1, "alpha": 0.6, "longest": 24, "batch_size": 16, "precision": "32-true"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pairs, and pieces that spell them."""
    folder = tmp_path_factory.mktemp("rewriter")
    (folder / "vocabulary").mkdir()
    lines = [" ".join(["correct:", text]) for pair in PAIRS for text in pair]
    train_vocabulary(lines, 36, folder / "vocabulary")
    return {"pairs": pairs(folder / "pairs", PAIRS), "vocabulary": folder / "vocabulary"}


def trained(folder: Path, inputs: dict[str, Path], **changes: Any) -> Path:
    """Train a tiny model, and give the folder of what is published."""
    size = open_vocabulary(inputs["vocabulary"]).size
    config = {
        "model": asdict(model_config(size="pico", vocab_size=size, dropout_rate=0.0)),
        "correct": 1.0,
        "batch_size": 16,
        "updates": 250,
        "hold": 100,
        "longest": 24,
        "seed": 0,
        "precision": "32-true",
        **changes,
    }
    out = folder / "out"
    out.mkdir(parents=True)
    rewrite.run(config, inputs, out, Context(folder / "work"))
    return out


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, inputs: dict[str, Path]) -> Path:
    return trained(tmp_path_factory.mktemp("learned"), inputs)


@pytest.mark.parametrize("beam", [1, 3])
def test_it_rewrites_what_it_learned(learned: Path, beam: int) -> None:
    """In order, whatever the batches; few sentences may come out otherwise."""
    system = open_rewriter(learned, **{**WRITING, "beam": beam, "batch_size": 5})
    made = system.correct([wrong.split() for wrong, _ in PAIRS])
    right = [right.split() for _, right in PAIRS]
    assert sum(a == b for a, b in zip(made.sentences, right, strict=True)) >= 28
    assert sum(made.changes) >= 20


def test_a_later_stage_goes_on_from_an_earlier_one(
    tmp_path: Path, inputs: dict[str, Path], learned: Path
) -> None:
    """Of right sentences it reads the share that is asked for; without any pair it says so."""
    asked = {"updates": 1, "hold": 10**8, "correct": 0.0}
    out = trained(tmp_path / "more", {**inputs, "before": learned}, **asked)
    both = [open_rewriter(folder, **WRITING) for folder in (learned, out)]
    some = [wrong.split() for wrong, _ in PAIRS]
    assert both[0](some) == both[1](some)
    right = pairs(tmp_path / "right", [(right, right) for _, right in PAIRS])
    with pytest.raises(DataError, match="have no mistake"):
        trained(tmp_path / "none", {**inputs, "pairs": right}, **asked)


def test_sentences_a_second_are_of_the_fastest_repeat(
    tmp_path: Path, inputs: dict[str, Path], learned: Path
) -> None:
    """For each size of batches one number; a first part is not measured."""
    config = {**WRITING, "sentences": {"16": 32, "1": 2}, "repeats": 2}
    read = {"pairs": inputs["pairs"], "rewriter": learned}
    speed.run(config, read, tmp_path, Context(tmp_path / "work"))
    found = json.loads((tmp_path / "scores.json").read_text())["speed"]
    assert set(found) == {"at_16", "at_1"}
    ticks = iter([0.0, 5.0, 5.0, 7.0])
    calls: list[int] = []
    seconds = speed.fastest(
        lambda part: calls.append(len(part)) or part,
        [[["a"]] * 2, [["b"]]],
        repeats=2,
        clock=lambda: next(ticks),
    )
    assert seconds == 2.0
    assert calls == [2, 2, 1, 2, 1]
