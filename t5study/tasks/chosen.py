"""A task as a configuration wants it: with its settings, and with files in the hub's place."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from lab.by_content import note_file, noted_file
from lab.datasets.definition import Definition
from lab.datasets.places import OVERRIDES, places
from lab.datasets.source import TaskError, described_source
from lab.errors import DataError
from lab.rows import ending_of
from t5study.tasks import get_task, task_source
from t5study.tasks.defined import load_task, own_task
from t5study.tasks.inspection import looked_through
from t5study.tasks.task import Example, Tally, Task

FILE = "file"
"""The setting that names the YAML file of a task that is defined by one."""
LOOKED_AT = 1000
"""Training examples on the hub that are looked at before a run: such a split may be huge."""


class TaskSettings(Protocol):
    """Of a configuration, what says which form of a task is meant, and where its data lie."""

    tasks: dict[str, dict[str, Any]]
    data_dir: str | None


def chosen(name: str, config: TaskSettings) -> tuple[Task, dict[str, Any]]:
    """Return the task with its settings of `config.tasks`, and what replaces its data.

    The latter are keywords of Task.load: the task's own data_dir or data_files, else the data_dir
    of all hub tasks. Raises TaskError for a setting that the task does not have.
    """
    settings = dict(config.tasks.get(name) or {})
    file = settings.pop(FILE, None)
    overrides = {key: settings.pop(key) for key in OVERRIDES if key in settings}
    if file is not None and settings:
        raise TaskError(
            f"tasks.{name}: {', '.join(settings)}: {file} defines this task, and has such settings "
            "inside."
        )
    task = get_task(name, **settings) if file is None else load_task(file)
    return task, places(task, overrides, config.data_dir)


def describe(name: str, split: str, config: TaskSettings) -> dict[str, Any]:
    """Return plain values that say what the task is, and name exactly the data of `split`.

    Of files these say how many training rows are left out, where there are any. Raises TaskError
    for files with rows that cannot be what they should be.
    """
    task, overrides = chosen(name, config)
    data = task.identity(split, **overrides)
    if "sha256" in data:
        counts = looked_through(task, split, data, overrides)
        if split == "train" and counts["left_out"]:
            data |= counts
    if task.written is not None:
        return {"settings": dict(task.settings), "data": data, "definition": dict(task.written)}
    made = {"settings": dict(task.settings), "data": data, "definition": task.definition}
    # Nobody raises a version when the code of another package changes.
    return made | ({"source": source} if (source := task_source(name)) else {})


def described(name: str, description: Mapping[str, Any], split: str = "test") -> Task:
    """Return the task of a description that `describe` made of its data of `split`.

    One that is described by what a YAML file says is made of that. Its files are found by their
    content where `prepare_split` noted them. Raises TaskError where they are not there.
    """
    if "kind" not in description.get("definition", {}):
        return get_task(name, **description["settings"])
    data = description["data"]
    files = [_noted(name, split, sha256) for sha256 in data.get("sha256", ())]
    source = described_source(split, data, files)
    return own_task(Definition(name, description["definition"]), source)


def examples(
    name: str, split: str, description: Mapping[str, Any], tally: Tally | None = None
) -> Iterator[Example]:
    """Yield the preprocessed examples of a description that `describe` made.

    Rows are counted in the `tally`. Files are read from where `prepare_split` noted them. Raises
    TaskError where they are not there.
    """
    task = described(name, description, split)
    hashes = description["data"].get("sha256")
    if not hashes or task.written is not None:
        return task.examples(split, tally=tally)
    files = [_noted(name, split, sha256) for sha256 in hashes]
    source = described_source(split, description["data"], files)
    return replace(task, source=source).examples(split, tally=tally)


def prepare_split(name: str, split: str, config: TaskSettings) -> None:
    """Look at a split before a run: note where its files lie, or fetch it from the hub.

    A stage knows the content and not the place, which may differ from machine to machine. Raises
    TaskError where the examples cannot be read, or are to be scored and have no answers.
    """
    task, overrides = chosen(name, config)
    if task.source.pins is not None and not overrides:
        return  # What packages carry is made ready as a whole.
    files = task.source.files(name, split, **overrides)
    if files is None:
        task.load(split)
        if split == "train":
            deque(islice(task.examples(split), LOOKED_AT), maxlen=0)
            return
    for file in files or ():
        note_file(file, str(ending_of(file)))
    looked_through(task, split, task.identity(split, **overrides), overrides)


def _noted(name: str, split: str, sha256: str) -> Path:
    try:
        return noted_file(sha256, f"data_dir=FOLDER or tasks.{name}.data_files={{{split}: [FILE]}}")
    except DataError as error:
        raise TaskError(f"Task '{name}': {error}") from error
