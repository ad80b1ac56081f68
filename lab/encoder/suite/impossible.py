"""What is impossible about the text and the suite of a configuration, a line each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lab.encoder.finetuning import plan
from lab.encoder.given import GivenEncoder
from lab.encoder.suite.corpora import corpora_named
from lab.encoder.suite.settings import SuiteSchema
from lab.encoder.suite.units import UnitSettings, units_of
from lab.errors import StudyError, nearest_path, unknown

if TYPE_CHECKING:
    from lab.datasets.dataset import DataSet

Units = tuple[UnitSettings, ...]


def of_suite(config: SuiteSchema) -> list[str]:
    """Units, data sets and columns that do not go together."""
    try:
        units = units_of(config)
    except StudyError as error:
        return str(error).splitlines()
    found = []
    names = [data.name for unit in units for data in unit.evaluate]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        suite = config.suite.name
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
    return [*found, *_data(config, units, known), *_columns(config, units, known)]


def of_lengths(config: SuiteSchema, positions: int) -> Iterator[str]:
    """Rows that are longer than an encoder's table of positions."""
    lengths = {"rows.length": config.rows.length, "finetune.length": config.finetune.length}
    other = ", or give model.positions={}"
    if config.pretrain.from_ is not None:
        del lengths["rows.length"]
        other = ""
    for key, length in lengths.items():
        if length > positions:
            yield (
                f"{key}={length}: the encoder has {positions} positions. Shorten the rows"
                f"{other.format(length)}."
            )


def of_given(given: GivenEncoder, config: SuiteSchema) -> Iterator[str]:
    """What cannot be done with an encoder that is given."""
    yield from of_lengths(config, given.shape.positions)
    if given.shape.sharing != "none" and config.finetune.layer_decay != 1.0:
        yield (
            f"finetune.layer_decay={config.finetune.layer_decay:g}: layers of pretrain.from="
            f"{config.pretrain.from_} share their parameters and have one rate. Type "
            "finetune.layer_decay=1."
        )
    if config.evaluate.cost:
        yield (
            "evaluate.cost=true: what was spent on an encoder that is given by pretrain.from is "
            "not known. Type evaluate.cost=false."
        )


def of_text(config: SuiteSchema, study: str) -> Iterator[str]:
    """Corpora and folders that are not there, and suites of nothing."""
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
    # Without columns, nothing is meant to be fine-tuned.
    if suite.tasks is None and not suite.units and suite.columns != []:
        yield (
            f"suite={suite.name}: no unit to fine-tune. Add one to conf/{study}/suite/"
            f"{suite.name}.yaml: units: {{NAME: {{steps: 200}}}}, or give suite.tasks=[NAME]."
        )
    elif suite.tasks is not None and not suite.tasks:
        yield "suite.tasks=[]: name a data set, such as suite.tasks=[my_task.yaml]."


def _data(config: SuiteSchema, units: Units, known: dict[str, DataSet]) -> Iterator[str]:
    """Data sets that an encoder cannot read, and splits that are not there."""
    for unit in units:
        for data in unit.data_sets:
            if data.name in known:
                orders = unit.orders if data is unit.train else 1
                yield from plan.complaints(known[data.name], orders=orders)
    for name in config.tasks:
        if name not in known:
            yield (
                f"tasks.{name}: no unit of suite={config.suite.name} reads it. "
                f"It has: {', '.join(sorted(known))}."
            )
    for unit in units:
        of_unit = config.suite.units.get(unit.name)
        own = of_unit is not None and of_unit.split is not None
        key = f"suite.units.{unit.name}.split" if own else "evaluate.split"
        for data in unit.evaluate:
            splits = known[data.name].splits if data.name in known else (unit.split,)
            if unit.split not in splits:
                yield (
                    f"{key}={unit.split}: {data.name} has no such split, only "
                    f"{' and '.join(splits)}. Type {key}={splits[-1]}."
                )


def _columns(config: SuiteSchema, units: Units, known: dict[str, DataSet]) -> Iterator[str]:
    """Columns of what nothing is scored by, which would stay empty."""
    suite = config.suite
    if suite.tasks is not None or suite.columns is None:
        return
    scored = {data.name for unit in units for data in unit.evaluate}
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
