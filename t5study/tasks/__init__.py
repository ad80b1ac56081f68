"""The downstream tasks, found by name."""

from __future__ import annotations

import functools
import inspect
import shlex
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from lab.datasets import definition_files
from lab.datasets.source import Source, TaskError, nearest
from lab.datasets.written import unknown_but_defined
from lab.named import installed, modules_of
from lab.rows import ending_of
from lab.sources import offered_source
from t5study.tasks.defined import named_builder
from t5study.tasks.task import Task

__all__ = ["Source", "Task", "TaskError", "get_task", "task_names", "task_source"]

GROUP = "t5study.tasks"
"""The entry points that other packages add tasks by: each a function that returns the task."""


@functools.cache
def _builders() -> Mapping[str, Callable[..., Task]]:
    """Name -> function of keyword settings: the `TASKS` of every file of this folder, and more."""
    builders: dict[str, Callable[..., Task]] = {}
    for module in modules_of("t5study.tasks"):
        builders |= getattr(module, "TASKS", {})
    for name, build in installed(GROUP).items():
        if name in builders or name in definition_files():
            raise TaskError(f"entry point {name} of group {GROUP}: there is a task of this name.")
        builders[name] = build
    return builders


def task_names() -> list[str]:
    """Return the names of all tasks: those of a YAML file, and those that are more than that."""
    return sorted({*definition_files(), *_builders()})


def get_task(name: str, **settings: Any) -> Task:
    """Return the task called `name`; settings choose where the paper and its code differ.

    Raises TaskError for an unknown name or setting, with the nearest known one.
    """
    if name in _builders():
        build = _builders()[name]
    elif name in definition_files():
        build = named_builder(name)
    elif ending_of(name):
        raise TaskError(
            f"'{name}' holds examples; a YAML file says what they are. Type: "
            f"python -m t5study.tasks draft {shlex.quote(name)}"
        )
    else:
        raise TaskError(unknown_but_defined("task", name, task_names()))
    known = _settings_of(build)
    for setting in settings:
        if setting not in known:
            raise TaskError(
                f"Task '{name}' has no setting '{setting}'.{nearest(setting, known)} "
                f"Known: {', '.join(known) or 'none'}."
            )
    plain = all(isinstance(value, Hashable) for value in settings.values())
    return _made(build, **settings) if plain else build(**settings)


@functools.cache
def _settings_of(build: Callable[..., Task]) -> tuple[str, ...]:
    return tuple(inspect.signature(build).parameters)


@functools.lru_cache(maxsize=None, typed=True)
def _made(build: Callable[..., Task], /, **settings: Any) -> Task:
    return build(**settings)


def task_source(name: str) -> str | None:
    """Return the sha256 of the code of a task that another package adds; None for one of ours."""
    build = installed(GROUP).get(name)
    return None if build is None else offered_source(GROUP, name, build)
