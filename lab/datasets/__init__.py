"""Labelled data, found by name: how rows are fetched, read, split and scored."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from lab.errors import unknown
from lab.named import installed, modules_of

if TYPE_CHECKING:
    from lab.datasets.dataset import DataSet

GROUP = "lab.datasets"
"""The entry points that other packages add data sets by."""


@functools.cache
def _datasets() -> dict[str, DataSet]:
    found = {
        data.name: data for module in modules_of("lab.datasets.named") for data in module.DATASETS
    }
    return {**installed(GROUP), **found}


def dataset_names() -> list[str]:
    """Return the names of all data sets, file by file."""
    return list(_datasets())


def get_dataset(name: str) -> DataSet:
    """Return the data set called `name`. Raises TaskError with the nearest known name."""
    from lab.datasets.source import TaskError

    if name not in _datasets():
        raise TaskError(unknown("data set", name, _datasets()))
    return _datasets()[name]
