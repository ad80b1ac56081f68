"""From a cell's configuration to the stages that score it, and the columns of its table."""

from __future__ import annotations

from typing import Any

from lab.encoder.given import unread
from lab.encoder.suite.saying import CONSTANT, footnotes, selection, started
from lab.stage import Stage
from studies.albert.columns import columns
from studies.albert.config import Schema
from studies.albert.resolved import Resolved
from studies.albert.stages import Stages
from studies.albert.tasks import INTRINSIC, LAYERS, task_after

UNREAD = (
    *("embedding", "sharing", "sentence_loss", "size", "dropout", "length", "masking", "model"),
    *("evaluate.intrinsic", "evaluate.curve", "evaluate.layers", "evaluate.rows"),
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
    if resolved.given is None:
        scores |= _of_pretraining(resolved, stages)
    if config.evaluate.cost:
        scores["cost"] = stages.counted
    given = [] if resolved.given is None else [started(resolved.given, drawn=False)]
    return {
        "scores": scores,
        "columns": columns(resolved),
        "absent": dict(config.suite.absent),
        "references": [CONSTANT],
        "selection": selection(config) if resolved.units else None,
        "footnotes": [*footnotes(config), *given],
        "remarks": given or [_cost(resolved)],
        "unread": unread(config, config.pretrain, UNREAD),
    }


def _of_pretraining(resolved: Resolved, stages: Stages) -> dict[str, Stage]:
    """The stages that say how pre-training itself did, as far as columns show it."""
    evaluate, scores = resolved.config.evaluate, {}
    if evaluate.intrinsic or evaluate.curve:
        scores[INTRINSIC] = stages.intrinsic
    if evaluate.curve:
        for updates in resolved.kept:
            scores[task_after(updates)] = stages.intrinsic_after(updates)
    if evaluate.layers:
        scores[LAYERS] = stages.layers
    return scores


def _cost(resolved: Resolved) -> str:
    config = resolved.config
    return (
        f"size={config.size.name} embedding={config.embedding.width} sharing={config.sharing.name} "
        f"sentence_loss={config.sentence_loss.name}: {resolved.parameters / 1e6:.4g}M parameters, "
        f"{resolved.steps:,} updates, peak {resolved.rate:.3g}."
    )
