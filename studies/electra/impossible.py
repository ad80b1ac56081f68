"""What is impossible about a configuration beyond the bounds of single values.

The complaints use the words of the command line; each is one line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lab.encoder.finetuning import plan
from lab.errors import StudyError, nearest_path, unknown
from studies.electra import pairings
from studies.electra.config import Schema
from studies.electra.corpora import corpora_named
from studies.electra.objectives import objective_names
from studies.electra.resolved import NONE, Resolved

if TYPE_CHECKING:
    from lab.datasets.dataset import DataSet


def complaints(config: Schema) -> list[str]:
    """What is impossible about the configuration, all together."""
    values = [*_objective(config), *_lengths(config), *_places(config)]
    return [*values, *_of_cell(Resolved(config))]


def _of_cell(resolved: Resolved) -> list[str]:
    """What is impossible about the shapes, the updates and the data that a configuration makes."""
    found = [*_shapes(resolved), *_updates(resolved)]
    try:
        units = resolved.units
    except StudyError as error:
        return [*found, *str(error).splitlines()]
    names = [data.name for unit in units for data in unit.evaluate]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        suite = resolved.config.suite.name
        found.append(f"suite={suite}: {name} is scored by two units. Keep one.")
    read = {data.name: data for unit in units for data in unit.data_sets}
    there = [unit.name for unit in units]
    for unit in units:
        if unit.start is not None and unit.start not in there:
            wrong = unknown("unit", unit.start, there)
            found.append(f"suite.units.{unit.name}.start: {wrong}")
    known: dict[str, DataSet] = {}
    for name, one in read.items():
        try:
            known[name], _ = one.data, one.overrides
        except StudyError as error:
            found += str(error).splitlines()
    return [*found, *_data(resolved, known), *_columns(resolved, known)]


def _objective(config: Schema) -> Iterator[str]:
    """An objective that is not there, or whose generator does not fit it."""
    name = config.objective.name
    if name == NONE:
        return
    if name not in objective_names():
        yield f"objective.name={name}: {unknown('objective', name, [*objective_names(), NONE])}"
        return
    objective = Resolved(config).objective
    if objective.masked + objective.random > 1:
        yield (
            f"objective.masked={objective.masked:g} and objective.random={objective.random:g} are "
            "more than all drawn positions together: their sum is at most 1."
        )
    yield from pairings.complaints(config)


def _lengths(config: Schema) -> Iterator[str]:
    positions = config.model.positions
    for key, length in (
        ("rows.length", config.rows.length),
        ("finetune.length", config.finetune.length),
    ):
        if length > positions:
            yield (
                f"{key}={length}: the encoder has {positions} positions. Shorten the rows, or give "
                f"model.positions={length}."
            )
    for fraction in config.length.checkpoint_of:
        if not 0 < fraction < 1:
            yield (
                f"length.checkpoint_of: {fraction:g} is no checkpoint of a run: accepted are "
                "fractions between 0 and 1."
            )
    kept, fraction = config.length.checkpoint_of, config.length.fraction
    if kept and fraction != 1 and fraction not in kept:
        yield (
            f"length.fraction={fraction:g}: the run keeps {', '.join(f'{x:g}' for x in kept)}. "
            "Add it to length.checkpoint_of."
        )


def _places(config: Schema) -> Iterator[str]:
    from lab.corpora import get_corpus

    if config.data_dir and not os.path.isdir(os.path.expanduser(config.data_dir)):
        yield f"data_dir={config.data_dir}: no such folder.{nearest_path(config.data_dir)}"
    try:
        names = corpora_named(config)
    except StudyError:
        names = [config.dataset.corpus]
    for name in names:
        try:
            get_corpus(name)
        except StudyError as error:
            yield str(error)
    suite = config.suite
    if suite.tasks is None and not suite.units:
        yield (
            f"suite={suite.name}: no unit to fine-tune. Add one to conf/electra/suite/"
            f"{suite.name}.yaml: units: {{NAME: {{steps: 200}}}}, or give suite.tasks=[NAME]."
        )
    elif suite.tasks is not None and not suite.tasks:
        yield "suite.tasks=[]: name a data set, such as suite.tasks=[my_task.yaml]."


def _shapes(resolved: Resolved) -> Iterator[str]:
    """Shapes that are impossible, each said where it is typed."""
    try:
        shape = resolved.encoder
    except StudyError as error:
        yield from str(error).splitlines()
        return
    for line in shape.complaints():
        yield f"size={resolved.config.size.name}: {line}"
    if shape.complaints() or resolved.config.objective.name not in objective_names():
        return
    if resolved.generator and resolved.generator != shape:
        for line in resolved.generator.complaints():
            yield f"generator={resolved.config.generator.name}: {line}"


def _updates(resolved: Resolved) -> Iterator[str]:
    algorithm, steps = resolved.config.algorithm, resolved.config.pretrain.steps
    if algorithm.name == "two_stage" and round(steps * resolved.config.length.fraction) < 2:
        yield "algorithm=two_stage: 1 update has no two stages. Raise pretrain.steps."


def _data(resolved: Resolved, known: dict[str, DataSet]) -> Iterator[str]:
    """Data sets that an encoder cannot read, and splits that are not there."""
    for unit in resolved.units:
        for data in unit.data_sets:
            if data.name in known:
                orders = unit.orders if data is unit.train else 1
                yield from plan.complaints(known[data.name], orders=orders)
    for name in resolved.config.tasks:
        if name not in known:
            yield (
                f"tasks.{name}: no unit of suite={resolved.config.suite.name} reads it. "
                f"It has: {', '.join(sorted(known))}."
            )
    for unit in resolved.units:
        of_unit = resolved.config.suite.units.get(unit.name)
        own = of_unit is not None and of_unit.split is not None
        key = f"suite.units.{unit.name}.split" if own else "evaluate.split"
        for data in unit.evaluate:
            splits = known[data.name].splits if data.name in known else (unit.split,)
            if unit.split not in splits:
                yield (
                    f"{key}={unit.split}: {data.name} has no such split, only "
                    f"{' and '.join(splits)}. Type {key}={splits[-1]}."
                )


def _columns(resolved: Resolved, known: dict[str, DataSet]) -> Iterator[str]:
    """Columns of what nothing is scored by, which would stay empty."""
    suite = resolved.config.suite
    if suite.tasks is not None or suite.columns is None:
        return
    scored = {data.name for unit in resolved.units for data in unit.evaluate}
    names = [column.name for column in suite.columns]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"suite.columns: {names.count(name)} columns are named {name}. Give each its own."
    for column in suite.columns:
        for term in [term for group in column.terms for term in group]:
            task, _, metric = term.rpartition(".")
            where = f"suite.columns, {column.name}, {term}"
            if task in suite.absent:
                continue
            if task not in scored:
                yield f"{where}: a term is TASK.METRIC. {unknown('task', task, sorted(scored))}"
            elif task in known and metric not in known[task].metrics:
                yield f"{where}: {unknown(f'metric of {task}', metric, known[task].metrics)}"
