"""The downstream tasks, found by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from lab.datasets.source import Source, TaskError, nearest
from t5study.tasks import embedded, generation, glue, qa, registry, superglue, wsc
from t5study.tasks.task import Task

__all__ = ["Source", "Task", "TaskError", "get_task", "task_names"]

# Each family module has TASKS: name -> function of keyword settings that returns the task.
FAMILIES: tuple[ModuleType, ...] = (glue, superglue, wsc, qa, generation, embedded, registry)


def _builders() -> Mapping[str, Callable[..., Task]]:
    return {name: build for family in FAMILIES for name, build in family.TASKS.items()}


def task_names() -> list[str]:
    """Return the names of all tasks, in the order of their families."""
    return list(_builders())


def get_task(name: str, **settings: Any) -> Task:
    """Return the task called `name`; settings choose where the paper and its code differ.

    Raises TaskError for an unknown name or setting, with the nearest known one.
    """
    builders = _builders()
    if name not in builders:
        raise TaskError(
            f"Unknown task '{name}'.{nearest(name, builders)} Known: {', '.join(builders)}."
        )
    known = inspect.signature(builders[name]).parameters
    for setting in settings:
        if setting not in known:
            raise TaskError(
                f"Task '{name}' has no setting '{setting}'.{nearest(setting, known)} "
                f"Known: {', '.join(known) or 'none'}."
            )
    return builders[name](**settings)
