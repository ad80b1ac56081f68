"""Stages really train, and an interrupted run ends bit for bit where the whole one does."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from trained import losses, weights

from lab.errors import DivergedError
from lab.training.fit import newest_checkpoint
from t5study.training import evaluate, finetune, pretrain

TOY = {"toy_color": {"settings": {}, "data": {}}}


def same(one: Path, other: Path) -> bool:
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def inputs(data: SimpleNamespace, **more: Path) -> dict[str, Path]:
    return {"vocabulary": data.vocabulary, **more}


def test_pretraining_learns(
    train: Callable[..., Path], data: SimpleNamespace, pretrain_config: dict[str, Any]
) -> None:
    """The loss falls well below that of guessing evenly."""
    config = pretrain_config | {"steps": 120}
    out = train(pretrain.run, config, inputs(data, corpus=data.corpus), "learns")
    history = losses(out)
    assert history[0] > 3.5
    assert history[-1] < 3.0


def test_a_training_tells_what_one_looks_for(
    train: Callable[..., Path],
    data: SimpleNamespace,
    finetune_config: dict[str, Any],
    pretrain_config: dict[str, Any],
    toy_task: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Examples, losses, validation scores, the chosen checkpoint; none of Lightning's own words."""
    caplog.set_level("INFO")
    parent = train(pretrain.run, pretrain_config, inputs(data, corpus=data.corpus), "parent")
    out = train(finetune.run, finetune_config, inputs(data, pretrain=parent), "told")
    told = caplog.text
    for words in (" training examples", " validation examples", "update 30 of 30: loss "):
        assert words in told
    selection = json.loads((out / "selection.json").read_text())["toy_color"]
    for entry in selection["validation"]:
        assert f"validation of toy_color after update {entry['step']}: acc " in told
    best = selection["best"].removeprefix("step_").removesuffix(".pt")
    assert f"best on validation of toy_color: the checkpoint of update {best}" in told
    assert {record.name.partition(".")[0] for record in caplog.records} == {"lab", "t5study"}


def test_recomputing_activations_changes_nothing(
    train: Callable[..., Path], data: SimpleNamespace, pretrain_config: dict[str, Any]
) -> None:
    """Less memory, equal weights and losses: it is no part of a stage's identity."""
    config = pretrain_config | {"steps": 12}
    given = inputs(data, corpus=data.corpus)
    usual = train(pretrain.run, config, given, "usual")
    thrifty = train(pretrain.run, config, given, "thrifty", activation_checkpointing=True)
    assert same(usual / "model.pt", thrifty / "model.pt")
    assert losses(usual) == losses(thrifty)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("moves", [False, True], ids=["same-folder", "taken-over"])
def test_interrupted_pretraining_is_bit_identical(
    train: Callable[..., Path],
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    precision: str,
    moves: bool,
) -> None:
    """Stopped twice, once between two logged steps: equal weights, optimizer and losses."""
    config = pretrain_config | {"precision": precision}
    given = inputs(data, corpus=data.corpus)
    whole = train(pretrain.run, config, given, "whole")
    broken = train(pretrain.run, config, given, "broken", stops=(13, 9), moves=moves)
    assert same(whole / "model.pt", broken / "model.pt")
    assert losses(whole) == losses(broken)
    states = [torch.load(f / "model.pt", weights_only=False)["optimizer"] for f in (whole, broken)]
    for name, state in states[0].items():
        assert state["step"] == states[1][name]["step"] == 30
        assert torch.equal(state["second_moment"], states[1][name]["second_moment"])


def test_interrupted_finetuning_chooses_the_same(
    train: Callable[..., Path],
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    finetune_config: dict[str, Any],
    toy_task: Any,
    context: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed after a validation and taken over: equal checkpoints, history and scores."""
    parent = train(pretrain.run, pretrain_config, inputs(data, corpus=data.corpus), "parent")
    given = inputs(data, pretrain=parent)
    whole = train(finetune.run, finetune_config, given, "whole")
    broken = train(finetune.run, finetune_config, given, "broken", stops=(13, 9), moves=True)
    assert losses(whole) == losses(broken)
    first, second = (json.loads((f / "selection.json").read_text()) for f in (whole, broken))
    assert first == second
    assert [entry["step"] for entry in first["toy_color"]["validation"]] == [10, 20, 30]
    for name in {first["toy_color"]["best"], "last.pt"}:
        assert same(whole / name, broken / name)
    config = {
        "tasks": TOY,
        "split": "test",
        "train": TOY,
        "examples": 20,
        "selection": "best",
        "inputs_length": 16,
        "max_length": 4,
        "beam_width": 1,
        "length_penalty": None,
        "average": None,
        "precision": "32-true",
    }
    results = [
        train(evaluate.run, config, inputs(data, member_0=folder), f"scores_{folder.parent.name}")
        for folder in (whole, broken)
    ]
    answers = [(folder / "predictions.jsonl").read_text() for folder in results]
    assert answers[0] == answers[1]
    assert len(answers[0].splitlines()) == 20
    assert (results[0] / "scores.json").read_text() == (results[1] / "scores.json").read_text()
    assert json.loads((results[0] / "constant.json").read_text())["toy_color"]["acc"] > 50
    for ceiling, notes in (
        (100.0, None),
        (0.0, ["toy_color's acc says little: the right answers to its 20 examples score 0.0."]),
    ):
        monkeypatch.setattr(toy_task, "ceiling", lambda examples, given=ceiling: {"acc": given})
        context.facts.clear()
        evaluate.run(config, inputs(data, member_0=whole), results[0], context)
        assert context.facts.get("notes") == notes


def test_finetuning_goes_on_with_the_optimizer(
    train: Callable[..., Path],
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    finetune_config: dict[str, Any],
    toy_task: Any,
) -> None:
    """AdaFactor's memory carries over, unless it is to begin anew: as from a parent without it."""
    parent = train(pretrain.run, pretrain_config, inputs(data, corpus=data.corpus), "parent")
    bare = parent.parent / "bare"
    bare.mkdir()
    content = torch.load(parent / "model.pt", weights_only=False)
    torch.save({**content, "optimizer": {}}, bare / "model.pt")
    ends = [
        train(finetune.run, finetune_config, inputs(data, pretrain=p), p.name)
        for p in (parent, bare)
    ]
    anew = finetune_config | {"optimizer": "fresh"}
    ends.append(train(finetune.run, anew, inputs(data, pretrain=parent), "anew"))
    assert not same(ends[0] / "last.pt", ends[1] / "last.pt")
    assert same(ends[2] / "last.pt", ends[1] / "last.pt")


def test_other_seed_other_model(
    train: Callable[..., Path], data: SimpleNamespace, pretrain_config: dict[str, Any]
) -> None:
    """The seed decides the initialization and the order of the data."""
    given = inputs(data, corpus=data.corpus)
    one = train(pretrain.run, pretrain_config | {"steps": 2}, given, "one")
    other = train(pretrain.run, pretrain_config | {"steps": 2, "seed": 4}, given, "other")
    again = train(pretrain.run, pretrain_config | {"steps": 2}, given, "again")
    assert same(one / "model.pt", again / "model.pt")
    assert not same(one / "model.pt", other / "model.pt")


def test_loss_that_is_not_finite_is_diverged(
    train: Callable[..., Path], data: SimpleNamespace, pretrain_config: dict[str, Any]
) -> None:
    """A rate that blows up ends the stage with the kind that is never tried again."""
    config = copy.deepcopy(pretrain_config) | {"hold": 1e-30}
    with pytest.raises(DivergedError, match="at step 10") as caught:
        train(pretrain.run, config, inputs(data, corpus=data.corpus), "diverged")
    assert caught.value.failure_kind == "diverged"


def test_truncated_checkpoint_is_passed_over(tmp_path: Path) -> None:
    """The newest checkpoint that can be read whole is used, whatever lies before it."""
    broken, sound = tmp_path / "2", tmp_path / "1"
    for folder in (broken, sound):
        folder.mkdir()
        torch.save({"global_step": 4, "filler": torch.zeros(1000)}, folder / "last.ckpt")
    half = (broken / "last.ckpt").read_bytes()
    (broken / "last.ckpt").write_bytes(half[: len(half) // 2])
    found = newest_checkpoint([tmp_path / "3", broken, sound])
    assert found is not None
    assert found[0] == sound / "last.ckpt"
    assert found[1]["global_step"] == 4


def test_mixture_with_the_corpus_trains_and_selects(
    train: Callable[..., Path],
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    toy_task: Any,
) -> None:
    """Multi-task training draws from corpus and task, and keeps the task's best checkpoint."""
    mixture = {
        "tasks": TOY,
        "validation": TOY,
        "train_examples": None,
        "validation_examples": 12,
        "checkpoint_every": 10,
        "mixing": {"name": "proportional", "limit": 50, "temperature": 1.0},
        "unsupervised_examples": None,
        "packing": False,
        "inputs_length": 24,
        "targets_length": 16,
        "precision": "32-true",
    }
    config = pretrain_config | {"mixture": mixture}
    out = train(pretrain.run, config, inputs(data, corpus=data.corpus), "mixture")
    selection = json.loads((out / "selection.json").read_text())
    labels = [
        example["label"]
        for row in toy_task.load("validation")
        for example in toy_task.preprocess(row)
    ][:12]
    assert selection["toy_color"]["constant"] == pytest.approx(
        100 * max(labels.count(0), labels.count(1)) / 12
    )
    assert (out / selection["toy_color"]["best"]).is_file()
    assert len(selection["toy_color"]["validation"]) == 3


def test_lightnings_tips_stand_in_no_log_and_its_errors_once():
    """It prints them itself besides, which is taken from it; warnings of its modules are left."""
    program = (
        "import logging, warnings\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "import lab.training.fit\n"
        "logging.getLogger('lightning.pytorch.utilities.rank_zero').info('Tip: one message')\n"
        "logging.getLogger('lightning.pytorch').error('an error')\n"
        "warnings.warn_explicit('few workers', UserWarning, 'f.py', 1, 'lightning.pytorch.data')\n"
        "warnings.warn_explicit('another', UserWarning, 'f.py', 1, 'numpy')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Tip" not in done.stderr
    assert "few workers" not in done.stderr
    assert "another" in done.stderr
    assert done.stderr.count("an error") == 1
