"""A data set as a configuration wants it: a name or a YAML file, with files in the hub's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lab.by_content import note_file, noted_file
from lab.datasets import get_dataset
from lab.datasets.dataset import DataSet
from lab.datasets.definition import Definition
from lab.datasets.places import places
from lab.datasets.segments import templates
from lab.datasets.source import TaskError, described_source
from lab.datasets.written import is_definition, name_of, read_definition
from lab.errors import DataError
from lab.rows import ending_of


@dataclass(frozen=True)
class Chosen:
    """A data set by its name, or by the YAML file that defines it, and where its rows lie instead.

    Raises TaskError for a name that nothing has, and for a file that defines nothing.
    """

    given: str
    """The name or the file, as it was typed."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Its own `data_dir` or `data_files`."""
    data_dir: str | None = None
    """A folder with hub data sets by name."""

    @property
    def name(self) -> str:
        """What it is called in scores."""
        return name_of(self.given) if is_definition(self.given) else self.given

    @cached_property
    def _definition(self) -> Definition | None:
        if not is_definition(self.given):
            return None
        file = Path(self.given).expanduser()
        return Definition(self.name, read_definition(file), folder=file.parent)

    @cached_property
    def data(self) -> DataSet:
        """The data set. Raises TaskError."""
        return self._definition.dataset() if self._definition else get_dataset(self.given)

    @cached_property
    def overrides(self) -> dict[str, Any]:
        """Keywords of DataSet.rows that replace its data. Raises TaskError."""
        return places(self.data, self.settings, self.data_dir)

    def describe(self, split: str) -> dict[str, Any]:
        """Plain values that say what it is and name exactly the data of `split`. Raises TaskError.

        A definition stands whole; a data set with a name by its fields, labels and metrics.
        """
        definition = self._definition.identity() if self._definition else _facts(self.data)
        return {
            "name": self.name,
            "data": self.data.identity(split, **self.overrides),
            "definition": definition | {"segments": list(templates(self.data))},
        }

    def prepare(self, split: str) -> None:
        """Have the rows of `split` at hand, or note where they lie. Raises TaskError.

        What packages carry is made ready as a whole elsewhere.
        """
        if self.data.source.pins is not None and not self.overrides:
            return
        files = self.data.source.files(self.name, split, **self.overrides)
        if files is None:
            self.data.load(split)
        for file in files or ():
            note_file(file, str(ending_of(file)))

    def rows(self, split: str) -> int:
        """How many rows `split` has: as published, else counted. Raises TaskError."""
        if not self.overrides and split in self.data.sizes:
            return self.data.sizes[split]
        return sum(1 for _ in self.data.placed(split, **self.overrides))


def described(description: Mapping[str, Any], split: str) -> DataSet:
    """The data set of a description that `Chosen.describe` made of its data of `split`.

    Files are found by their content, where `Chosen.prepare` noted them. Raises TaskError where
    they are not there.
    """
    name, data = description["name"], description["data"]
    written = {key: value for key, value in description["definition"].items() if key != "segments"}
    hashes = data.get("sha256", ())
    own = "kind" in written
    known = None if own else get_dataset(name)
    if known is not None and not hashes:
        return known
    files = [_noted(name, split, sha256) for sha256 in hashes]
    source = described_source(split, data, files)
    if known is not None:
        return replace(known, source=source, sizes={})
    segments = tuple(description["definition"]["segments"])
    return replace(Definition(name, written).dataset(source), segments=segments)


def _facts(data: DataSet) -> dict[str, Any]:
    """What of a named data set decides about answers and scores."""
    return {
        "fields": list(data.fields),
        "classes": list(data.classes),
        "labels": list(data.labels or ()),
        "metrics": list(data.metrics),
    }


def _noted(name: str, split: str, sha256: str) -> Path:
    try:
        return noted_file(sha256, f"data_dir=FOLDER or tasks.{name}.data_files={{{split}: [FILE]}}")
    except DataError as error:
        raise TaskError(f"Task '{name}': {error}") from error
