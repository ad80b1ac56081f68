"""Every architecture trains with every objective that fits it; frozen parameters stay put."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from trained import losses, weights

from lab.text_to_text.config import ARCHITECTURES
from t5study.model.adapters import is_adapter, is_norm
from t5study.objectives import get_objective, objective_names, objective_settings
from t5study.training import evaluate, finetune, pretrain

SETTINGS = {
    "noise_density": 0.15,
    "mean_noise_span_length": 3.0,
    "targets_style": "released",
}
FITTING = [
    (architecture, objective)
    for objective in objective_names()
    for architecture in ARCHITECTURES
    if architecture in get_objective(objective, vocab_size=1000).architectures
]


@pytest.mark.parametrize(("architecture", "objective"), FITTING)
def test_pair_trains(
    train: Callable[..., Path],
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    architecture: str,
    objective: str,
) -> None:
    """Two updates move every parameter's tensor and end with a loss near that of guessing."""
    model = pretrain_config["model"] | {"architecture": architecture}
    read = {name: SETTINGS[name] for name in objective_settings(objective) if name in SETTINGS}
    config = pretrain_config | {
        "model": model,
        "objective": {"name": objective, **read},
        "steps": 2,
    }
    if not ARCHITECTURES[architecture].encoder:
        config["loss_on_inputs"] = architecture == "language_model"
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    name = f"{architecture}-{objective}"
    out = train(pretrain.run, config, given, name)
    start = train(pretrain.run, config | {"hold": 1e30}, given, f"{name}-still")
    assert 2.0 < losses(out)[-1] < 8.0
    moved, still = weights(out / "model.pt"), weights(start / "model.pt")
    assert moved.keys() == still.keys()
    assert all(not torch.equal(moved[key], still[key]) for key in moved)


@pytest.fixture
def parent(
    train: Callable[..., Path], data: SimpleNamespace, pretrain_config: dict[str, Any]
) -> Path:
    """A pre-trained model of two blocks a stack."""
    model = pretrain_config["model"] | {"num_layers": 2, "num_decoder_layers": 2}
    config = pretrain_config | {"steps": 2, "model": model}
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    return train(pretrain.run, config, given, "parent")


def tuned(
    train: Callable[..., Path],
    data: SimpleNamespace,
    parent: Path,
    config: dict[str, Any],
    name: str,
) -> Path:
    return train(finetune.run, config, {"vocabulary": data.vocabulary, "pretrain": parent}, name)


def test_model_without_finetuning_is_scored_as_it_is(
    train: Callable[..., Path],
    data: SimpleNamespace,
    parent: Path,
    finetune_config: dict[str, Any],
    toy_task: Any,
) -> None:
    """Without a rule of selection a pre-training's own model answers, as one or as several."""
    settings = {
        "tasks": finetune_config["tasks"],
        "split": "test",
        "train": finetune_config["tasks"],
        "examples": 5,
        "selection": None,
        "inputs_length": 16,
        "max_length": 4,
        "beam_width": 1,
        "length_penalty": None,
        "average": None,
        "precision": "32-true",
    }
    given = {"vocabulary": data.vocabulary, "member_0": parent}
    alone = train(evaluate.run, settings, given, "alone")
    twice = train(
        evaluate.run, settings | {"average": "logits"}, {**given, "member_1": parent}, "twice"
    )
    lines = (alone / "predictions.jsonl").read_text()
    assert len(lines.splitlines()) == 5
    assert (twice / "predictions.jsonl").read_text() == lines


@pytest.mark.parametrize("norms", ["all", "own"])
def test_adapters_leave_the_model_alone(
    train: Callable[..., Path],
    data: SimpleNamespace,
    parent: Path,
    finetune_config: dict[str, Any],
    toy_task: Any,
    norms: str,
) -> None:
    """Only adapters and layer norms move; what is published decodes with them (3.5.1)."""
    method = {"name": "adapters", "adapter_dim": 4, "norms": norms}
    config = finetune_config | {"steps": 4, "checkpoint_every": 4, "method": method}
    out = tuned(train, data, parent, config, "adapters")
    before, after = weights(parent / "model.pt"), weights(out / "last.pt")
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {name for name in before if is_norm(name) and norms == "all"}
    added = after.keys() - before.keys()
    assert added
    assert all(is_adapter(name) for name in added)
    settings = {
        "tasks": finetune_config["tasks"],
        "split": "test",
        "train": finetune_config["tasks"],
        "examples": 4,
        "selection": "last",
        "inputs_length": 16,
        "max_length": 4,
        "beam_width": 1,
        "length_penalty": None,
        "average": None,
        "precision": "32-true",
    }
    given = {"vocabulary": data.vocabulary, "member_0": out}
    scored = train(evaluate.run, settings, given, "scored")
    assert len((scored / "predictions.jsonl").read_text().splitlines()) == 4


def test_unfreezing_goes_from_the_top_down(
    train: Callable[..., Path],
    data: SimpleNamespace,
    parent: Path,
    finetune_config: dict[str, Any],
    toy_task: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two blocks the lower ones wait for half of the steps; all else trains from the start."""
    # Equal scores throughout, so that the first checkpoint is the best one.
    monkeypatch.setattr(toy_task, "score", lambda targets, predictions: {"acc": 0.0})
    method = {"name": "gradual_unfreezing"}
    config = finetune_config | {"steps": 4, "checkpoint_every": 2, "method": method}
    out = tuned(train, data, parent, config, "unfrozen")
    before = weights(parent / "model.pt")
    half, end = weights(out / "step_2.pt"), weights(out / "last.pt")
    still = {name for name in before if torch.equal(before[name], half[name])}
    assert still == {name for name in before if ".blocks.0." in name}
    assert not {name for name in still if torch.equal(half[name], end[name])}
