"""How a training is carried out: no part of its key, counted in what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.memory import PROCESS, READING_PROCESS, pieces_process
from lab.text_to_text.memory import training_memory
from t5study.cells import cell
from t5study.config import Schema
from t5study.resolved import Resolved
from t5study.stages import Stages

Configured = Callable[..., Schema]
LESS = {"training__activation_checkpointing": True, "training__micro_batch_size": 16}


def pretrain(config: Schema) -> Any:
    return Stages(Resolved(config)).pretrain(seed=0)


def test_how_it_is_carried_out_is_no_part_of_a_key(configured: Configured):
    """Every stage of the cell has the configuration that it had; trainings are told how."""
    seen = []
    for config in (configured(), configured(**LESS)):
        stages: dict[str, Any] = {}
        stack = list(cell(config)["scores"].values())
        while stack:
            stage = stack.pop()
            stages[stage.name] = stage
            stack += stage.inputs.values()
        seen.append(stages)
    usual, thrifty = seen
    assert [s.config for s in usual.values()] == [s.config for s in thrifty.values()]
    told = {"activation_checkpointing": True, "micro_batch_size": 16}
    assert {name for name, s in thrifty.items() if s.execution == told} == {"pretrain", "finetune"}


def test_what_to_type_takes_what_it_says(configured: Configured):
    """Micro-batches before recomputing, each with less than now; typed, it costs just that."""
    stage = pretrain(configured())
    ways = stage.cost.thriftier
    assert list(ways)[:5] == [f"training.micro_batch_size={n}" for n in (16, 8, 4, 2, 1)]
    assert list(ways)[5] == "training.activation_checkpointing=true"
    assert list(ways)[-1] == "training.activation_checkpointing=true training.micro_batch_size=1"
    assert max(ways.values()) < stage.cost.memory_bytes
    both = pretrain(configured(**LESS)).cost
    assert (
        both.memory_bytes
        == ways["training.activation_checkpointing=true training.micro_batch_size=16"]
    )
    assert list(both.thriftier) == [f"training.micro_batch_size={n}" for n in (8, 4, 2, 1)]
    assert both.flops == stage.cost.flops
    half = pretrain(configured(training__micro_batch_size=16)).cost
    assert list(half.thriftier) == [
        *(f"training.micro_batch_size={n}" for n in (8, 4, 2, 1)),
        "training.activation_checkpointing=true",
        *(
            f"training.activation_checkpointing=true training.micro_batch_size={n}"
            for n in (8, 4, 2, 1)
        ),
    ]


def test_memory_is_that_of_a_micro_batch(configured: Configured):
    """With the gradients of the ones before beside it."""
    config = configured(training__micro_batch_size=16)
    stage = pretrain(config)
    settings = stage.config
    memory = training_memory(
        Resolved(config).model,
        source=settings["inputs_length"],
        target=settings["targets_length"],
        batch=settings["batch_size"],
        precision=settings["precision"],
        micro_batch_size=16,
    )
    assert stage.cost.memory_bytes == memory.total + PROCESS
    assert memory.accumulated


def test_every_kind_of_stage_states_its_memory(configured: Configured):
    """Those without a model too: a worker is a process with its libraries and the text it reads."""
    stages: dict[str, Any] = {}
    stack = list(cell(configured())["scores"].values())
    while stack:
        stage = stack.pop()
        stages[stage.name] = stage
        stack += stage.inputs.values()
    stated = {name: stage.cost.memory_bytes for name, stage in stages.items()}
    lines = configured().vocabulary.lines
    assert stated["vocabulary"] == pieces_process(lines)
    assert pieces_process(128_000) / 2**20 == pytest.approx(542, rel=0.25)  # as measured
    assert stated["corpus"] / 2**20 == pytest.approx(156, rel=0.25)  # as measured
    assert min(stated[name] for name in ("pretrain", "finetune")) > PROCESS
    assert stated["evaluate"] > READING_PROCESS
    assert len(stated) == 5
