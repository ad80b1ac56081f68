"""Tasks of a suite that are given as a list, or by the YAML file that defines them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lab.datasets.written import is_definition, name_of
from lab.errors import StudyError
from t5study.config import Column, Schema, Suite, Unit
from t5study.tasks import get_task, task_names
from t5study.tasks.chosen import FILE
from t5study.tasks.defined import load_task
from t5study.tasks.task import Task

OWN = "tasks"
"""What the suite of a list of tasks is called."""


def with_given_tasks(config: Schema) -> Schema:
    """The configuration with a task's name in place of its file, and units for a list of tasks.

    The file becomes a setting of the task. Raises StudyError for a file that defines no task, and
    for one that is called as another task.
    """
    suite = config.suite
    named = [*(suite.tasks or ()), *(n for u in suite.units.values() for n in _of_unit(u))]
    files = _files(named)
    tasks: dict[str, dict[str, Any]] = {**config.tasks}
    tasks |= {name: {**(tasks.get(name) or {}), FILE: file} for name, file in files.items()}
    units = {name: _without_files(unit) for name, unit in suite.units.items()}
    suite = replace(suite, units=units)
    if suite.tasks is not None:
        suite = _suite_of(suite, [_name(task) for task in suite.tasks], files)
    return replace(config, suite=suite, tasks=tasks)


def _name(task: str) -> str:
    return name_of(task) if is_definition(task) else task


def _of_unit(unit: Unit) -> list[str]:
    return [*(unit.train or ()), *(unit.evaluate or ())]


def _without_files(unit: Unit) -> Unit:
    train, evaluate = (names and [*map(_name, names)] for names in (unit.train, unit.evaluate))
    return replace(unit, train=train, evaluate=evaluate)


def _files(named: Iterable[str]) -> dict[str, str]:
    """The files by the names of their tasks."""
    files: dict[str, str] = {}
    for file in filter(is_definition, named):
        name = name_of(file)
        if files.setdefault(name, file) != file:
            raise StudyError(f"{files[name]} and {file}: two tasks of one name. Rename a file.")
        if name in task_names():
            raise StudyError(f"{file}: there is a task '{name}' already. Rename the file.")
    return files


def _suite_of(suite: Suite, names: list[str], files: dict[str, str]) -> Suite:
    """Each task for itself, and a column for each of its metrics."""
    if not names:
        raise StudyError("suite.tasks=[]: name a task, such as tasks=[my_task.yaml].")
    tasks = [load_task(files[name]) if name in files else get_task(name) for name in names]
    units = {task.name: Unit(train=[task.name]) for task in tasks}
    columns = [column for task in tasks for column in _columns(task)]
    return replace(suite, name=OWN, units=units, columns=columns, tasks=None)


def _columns(task: Task) -> list[Column]:
    title = task.title or task.name
    return [
        Column(
            name=title if len(task.metrics) == 1 else f"{title} {metric}",
            terms=[[f"{task.name}.{metric}"]],
            kind=task.kind.replace("_", " "),
        )
        for metric in task.metrics
    ]
