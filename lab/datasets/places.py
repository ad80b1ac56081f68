"""What a configuration gives in place of a data set's rows: folders and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.datasets.dataset import DataSet
from lab.datasets.source import TaskError

OVERRIDES = ("data_dir", "data_files")


def places(data: DataSet, settings: Mapping[str, Any], data_dir: str | None) -> dict[str, Any]:
    """Keywords of DataSet.load: the data set's own data_dir or data_files, else the common folder.

    `data_dir` is that of all hub data sets. Raises TaskError for what names no files.
    """
    given = {key: settings[key] for key in OVERRIDES if key in settings}
    for key, value in given.items():
        _check(f"tasks.{data.name}.{key}", key, value)
    files = given.get("data_files")
    if files is not None and not isinstance(files, Mapping) and len(data.splits) > 1:
        *others, last = data.splits
        raise TaskError(
            f"tasks.{data.name}.data_files: one list would be {', '.join(others)} and {last} "
            f"alike. Name the split: tasks.{data.name}.data_files={{validation: [FILE]}}."
        )
    if not given and data_dir and data.source.path is not None:
        return {"data_dir": data_dir}
    return given


def _check(where: str, key: str, given: Any) -> None:
    """Raise TaskError unless a configuration gives a folder, or files, as texts."""
    if given is None or isinstance(given, str):
        return
    by_split = given.values() if isinstance(given, Mapping) else [given]
    named = [one for of in by_split for one in (of if isinstance(of, list | tuple) else [of])]
    if key == "data_dir" or not all(isinstance(one, str) for one in named):
        accepted = {
            "data_dir": "a folder",
            "data_files": "a file, a list of files, or either by split: {validation: [FILE]}",
        }[key]
        raise TaskError(
            f"{where}={given}: accepted is {accepted}; a name that is a number stands in quotes."
        )
