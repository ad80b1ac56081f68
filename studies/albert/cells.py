"""From a cell's configuration to the stages that score it, and the columns of its table."""

from __future__ import annotations

from typing import Any

from lab.encoder.suite.saying import CONSTANT, footnotes, selection
from lab.stage import Stage
from studies.albert.columns import columns
from studies.albert.config import Schema
from studies.albert.resolved import Resolved
from studies.albert.stages import Stages
from studies.albert.tasks import INTRINSIC, LAYERS, task_after


def cell(config: Schema) -> dict[str, Any]:
    """The stages that score a cell, by task, and the columns of its suite's table."""
    resolved = Resolved(config)
    stages = Stages(resolved)
    scores: dict[str, Stage] = {
        data.name: stages.evaluate(unit, data.name)
        for unit in resolved.units
        for data in unit.evaluate
    }
    if config.evaluate.intrinsic or config.evaluate.curve:
        scores[INTRINSIC] = stages.intrinsic
    if config.evaluate.curve:
        for updates in resolved.kept:
            scores[task_after(updates)] = stages.intrinsic_after(updates)
    if config.evaluate.layers:
        scores[LAYERS] = stages.layers
    if config.evaluate.cost:
        scores["cost"] = stages.counted
    return {
        "scores": scores,
        "columns": columns(resolved),
        "absent": dict(config.suite.absent),
        "references": [CONSTANT],
        "selection": selection(config) if resolved.units else None,
        "footnotes": footnotes(config),
        "remarks": [_cost(resolved)],
    }


def _cost(resolved: Resolved) -> str:
    config = resolved.config
    return (
        f"size={config.size.name} embedding={config.embedding.width} sharing={config.sharing.name} "
        f"sentence_loss={config.sentence_loss.name}: {resolved.parameters / 1e6:.4g}M parameters, "
        f"{resolved.steps:,} updates, peak {resolved.rate:.3g}."
    )
