"""From a cell's configuration to the stages that score it, and the columns of its table."""

from __future__ import annotations

from typing import Any

from lab.columns import Column
from lab.encoder.given import unread
from lab.encoder.suite.saying import CONSTANT, footnotes, selection
from lab.stage import Stage
from studies.electra import remarks
from studies.electra.columns import columns
from studies.electra.config import Schema
from studies.electra.resolved import Resolved
from studies.electra.stages import Stages

UNREAD = (
    *("generator", "tying", "algorithm", "size", "length", "temperature", "masking", "model"),
    *("evaluate.intrinsic", "evaluate.rows"),
    *("objective.weight", "objective.masked", "objective.random"),
)
"""What an encoder that is given was made by elsewhere."""


def cell(config: Schema) -> dict[str, Any]:
    """The stages that score a cell, by task, and the columns of its suite's table."""
    resolved = Resolved(config)
    stages = Stages(resolved)
    scores: dict[str, Stage] = {
        data.name: stages.evaluate(unit, data.name)
        for unit in resolved.units
        for data in unit.evaluate
    }
    shown: list[Column] = columns(resolved)
    if config.evaluate.intrinsic and stages.intrinsic:
        scores["intrinsic"] = stages.intrinsic
    if config.evaluate.cost:
        scores["cost"] = stages.counted
    return {
        "scores": scores,
        "columns": shown,
        "absent": dict(config.suite.absent),
        "references": [CONSTANT],
        "selection": selection(config),
        "footnotes": footnotes(config) + (remarks.of_cell(resolved) if resolved.given else []),
        # objective=none is read: it draws the encoder anew.
        "unread": unread(
            config, config.pretrain, (*UNREAD, *(["objective"] if resolved.pretrains else []))
        ),
        "remarks": remarks.of_cell(resolved),
    }
