"""A task as a configuration wants it: with its settings, and with files in the hub's place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from t5study.by_content import note_file, noted_file
from t5study.errors import DataError
from t5study.tasks import get_task
from t5study.tasks.source import TaskError
from t5study.tasks.task import Example, Task

OVERRIDES = ("data_dir", "data_files")


def chosen(name: str, config: Mapping[str, Any]) -> tuple[Task, dict[str, Any]]:
    """Return the task with its settings of `config["tasks"]`, and what replaces its data.

    The latter are keywords of Task.load: the task's own data_dir or data_files, else the data_dir
    of all hub tasks. Raises TaskError for a setting that the task does not have.
    """
    settings = dict(config["tasks"].get(name) or {})
    overrides = {key: settings.pop(key) for key in OVERRIDES if key in settings}
    task = get_task(name, **settings)
    if not overrides and config["data_dir"] and task.source.path is not None:
        overrides = {"data_dir": config["data_dir"]}
    return task, overrides


def describe(name: str, split: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values that name the task's settings and exactly the data of `split`."""
    task, overrides = chosen(name, config)
    return {"settings": dict(task.settings), "data": task.identity(split, **overrides)}


def described(name: str, description: Mapping[str, Any]) -> Task:
    """Return the task that `describe` told of."""
    return get_task(name, **description["settings"])


def examples(name: str, split: str, description: Mapping[str, Any]) -> Iterator[Example]:
    """Yield the preprocessed examples of what `describe` told of.

    Files are read from where `keep_files` noted them. Raises TaskError where they are not there.
    """
    task = described(name, description)
    hashes = description["data"].get("sha256")
    if not hashes:
        return task.examples(split)
    return task.examples(split, data_files=[_noted(name, sha256) for sha256 in hashes])


def keep_files(name: str, split: str, config: Mapping[str, Any]) -> None:
    """Note in the cache where the local files of a split lie, by their content.

    A stage knows the content and not the place, which may differ from machine to machine.
    """
    task, overrides = chosen(name, config)
    for file in (task.source.files(name, split, **overrides) or []) if overrides else []:
        note_file(file, file.suffix)


def _noted(name: str, sha256: str) -> Path:
    try:
        return noted_file(sha256, f"data_dir=FOLDER or tasks.{name}.data_files=[...]")
    except DataError as error:
        raise TaskError(f"Task '{name}': {error}") from error
