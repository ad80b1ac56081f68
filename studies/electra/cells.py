"""From a cell's configuration to the stages that score it, and the columns of its table."""

from __future__ import annotations

from typing import Any

from lab.columns import Column
from lab.corpora import is_own
from lab.stage import Stage
from studies.electra import remarks
from studies.electra.columns import columns
from studies.electra.config import Schema
from studies.electra.resolved import Resolved
from studies.electra.stages import Stages

CONSTANT = {"label": "Best constant answer", "file": "constant.json"}


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
        "selection": _selection(config),
        "footnotes": _footnotes(config),
        "remarks": remarks.of_cell(resolved),
    }


def _selection(config: Schema) -> str:
    finetune = config.finetune
    which = {"last": "last checkpoint", "best": "best checkpoint on validation"}
    found = which[finetune.selection]
    if finetune.seeds > 1:
        found += f"; the {finetune.summary} of {finetune.seeds} fine-tunings of one pre-training"
    return f"{found}; scores on the {config.evaluate.split} split"


def _footnotes(config: Schema) -> list[str]:
    shown = (config.suite.columns or ()) if config.suite.tasks is None else ()
    notes = [f"{column.name}: {column.note}." for column in shown if column.note]
    dataset = config.dataset
    if dataset.corpus != dataset.name:
        if is_own(dataset.corpus):
            notes.append(f"Pre-training reads {remarks.without_folders(dataset.corpus)}.")
        else:
            notes.append(f"dataset={dataset.name} reads the corpus {dataset.corpus} here.")
    return notes
