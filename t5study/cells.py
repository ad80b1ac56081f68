"""From a cell's configuration to the stages that score it, and the columns of its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.columns import Column
from lab.corpora import is_own
from lab.errors import StudyError
from lab.stage import Stage
from t5study import impossible, strategies, texts
from t5study.config import Schema, Suite
from t5study.given_model import unread
from t5study.resolved import Resolved
from t5study.stages import Stages
from t5study.tasks.suites import SUITES
from t5study.trainings import selects
from t5study.units import UnitSettings

CONSTANT = {"label": "Best constant answer", "file": "constant.json"}


def cell(config: Schema) -> dict[str, Any]:
    """The stages that score a cell, by task, and the columns of its suite's table.

    Raises StudyError with a line for each thing that is impossible about them.
    """
    resolved = Resolved(config)
    if complaints := impossible.of_cell(resolved):
        raise StudyError("\n".join(complaints))
    stages, strategy = Stages(resolved), strategies.get(config.strategy.name)
    scores: dict[str, Stage] = {}
    decoding: dict[str, Stage] = {}
    for unit in resolved.units:
        evaluate = stages.evaluate(unit, strategies.members(stages, strategy, unit))
        scores |= dict.fromkeys(unit.evaluate, evaluate)
        decoding[unit.name] = evaluate
    trainings = [
        training
        for evaluate in scores.values()
        for role, training in evaluate.inputs.items()
        if role != "vocabulary"
    ]
    selection = {
        "best": "best checkpoint for each task on validation",
        "best_together": "best checkpoint for the average of a training's tasks on validation",
        "last": "last checkpoint",
    }[config.selection if all(map(selects, trainings)) else "last"]
    made = columns(config.suite)
    return {
        "scores": scores,
        "columns": made,
        "references": [CONSTANT],
        "selection": f"{selection}; {_splits(resolved.units)}",
        "unread": unread(config),
        "footnotes": [*_footnotes(resolved), _decoding(_by_column(resolved.units, decoding, made))],
        "remarks": texts.remarks(resolved, decoding.values()),
    }


def _splits(units: Iterable[UnitSettings]) -> str:
    """Which split the scores are from, or which tasks' are from which."""
    tasks: dict[str, list[str]] = {}
    for unit in units:
        tasks.setdefault(unit.split, []).extend(unit.evaluate)
    if len(tasks) == 1:
        return f"scores on the {next(iter(tasks))} split"
    return "; ".join(f"{', '.join(names)} on the {split} split" for split, names in tasks.items())


def _by_column(
    units: Iterable[UnitSettings], evaluations: Mapping[str, Stage], columns: Iterable[Column]
) -> dict[str, Stage]:
    """The evaluations by the column that is of their unit's tasks; by the unit where none is."""
    names = {
        frozenset(task for group in column.terms for task, _ in group): column.name
        for column in columns
    }
    return {names.get(frozenset(u.evaluate), u.name): evaluations[u.name] for u in units}


def _decoding(evaluations: Mapping[str, Stage]) -> str:
    """How answers were written, and how long they may be at most, by what they are for."""
    ways: dict[str, dict[int, list[str]]] = {}
    for unit, stage in evaluations.items():
        width, alpha = stage.config["beam_width"], stage.config["length_penalty"]
        how = "greedy" if width == 1 else f"beam search of width {width}, alpha {alpha:g}"
        ways.setdefault(how, {}).setdefault(stage.config["max_length"], []).append(unit)
    parts = [
        f"{how}, at most "
        + "; ".join(f"{most} tokens for {', '.join(names)}" for most, names in lengths.items())
        for how, lengths in ways.items()
    ]
    return f"Decoding: {'; '.join(parts)}."


def _footnotes(resolved: Resolved) -> list[str]:
    if resolved.given is not None:
        return texts.given(resolved)
    dataset = resolved.config.dataset
    if dataset.corpus == dataset.name:
        return []
    corpus = texts.without_folders(dataset.corpus)
    if is_own(dataset.corpus):
        return [f"Pre-training reads {corpus}."]
    return [f"dataset={dataset.name} reads the corpus {corpus} here."]


def columns(suite: Suite) -> list[Column]:
    """The suite's columns with `task.metric` taken apart, and their average."""
    if suite.columns is None:
        known = SUITES[suite.name]
        return list(known["full_columns" if suite.full else "columns"])
    made = [
        Column(
            name=column.name,
            terms=[[term.rsplit(".", 1) for term in group] for group in column.terms],
            kind=column.kind,
            paper=column.paper,
            decimals=column.decimals,
        )
        for column in suite.columns
    ]
    if suite.average and len(made) > 1:
        # Columns of the same tasks, such as two metrics of one, count as one.
        alike: dict[frozenset[str], list[Sequence[str]]] = {}
        for column in made:
            flat = [term for group in column.terms for term in group]
            alike.setdefault(frozenset(task for task, _ in flat), []).extend(flat)
        if len(alike) > 1:
            groups = list(alike.values())
            made.append(Column(name=suite.average, terms=groups, kind="average", average=True))
    return made
