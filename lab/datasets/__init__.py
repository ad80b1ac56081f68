"""Labelled data, found by name: how rows are fetched, read, split and scored."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lab.named import installed, modules_of

if TYPE_CHECKING:
    from lab.datasets.dataset import DataSet
    from lab.datasets.definition import Definition

GROUP = "lab.datasets"
"""The entry points that other packages add data sets by."""
FOLDER = Path(__file__).parent / "named"


@functools.cache
def definition_files() -> Mapping[str, Path]:
    """Return the YAML files that define data sets with a name, by it."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.yaml"))}


@functools.cache
def get_definition(name: str) -> Definition:
    """Return what the YAML file of a data set says, which is one of `definition_files`."""
    from lab.datasets.definition import Definition
    from lab.datasets.written import read_definition

    return Definition(name, read_definition(definition_files()[name]), folder=FOLDER)


@functools.cache
def _built() -> dict[str, DataSet]:
    """The data sets that a file of Python or another package makes."""
    found = {
        data.name: data for module in modules_of("lab.datasets.named") for data in module.DATASETS
    }
    return {**installed(GROUP), **found}


def dataset_names() -> list[str]:
    """Return the names of all data sets."""
    return sorted({*definition_files(), *_built()})


def get_dataset(name: str) -> DataSet:
    """Return the data set called `name`. Raises TaskError with the nearest known name."""
    from lab.datasets.source import TaskError
    from lab.datasets.written import unknown_but_defined

    if name in definition_files():
        return get_definition(name).dataset()
    if name not in _built():
        raise TaskError(unknown_but_defined("data set", name, dataset_names()))
    return _built()[name]
