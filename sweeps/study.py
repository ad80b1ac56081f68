"""The border to a study: the only thing sweeps/ knows of one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps import constraints
from sweeps.columns import Column, adopt_columns
from sweeps.errors import ConfigurationError, SweepError
from sweeps.stage import Stage, adopt_all
from sweeps.studies import find_study


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One resolved configuration with one seed, and the stages that score it."""

    seed: int
    config: Mapping[str, Any]
    scores: Mapping[str, Stage]
    """The stage that publishes each task's scores."""
    columns: tuple[Column, ...]
    references: tuple[Mapping[str, Any], ...] = ()
    selection: str | None = None
    footnotes: tuple[str, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    """Why a task of a column has no stage, by task."""
    remarks: tuple[str, ...] = ()
    """What a plan says of it beside its stages and their cost."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Keys and groups that nothing of it reads, with what is in them, and why not."""

    @property
    def identity(self) -> tuple[tuple[str, str], ...]:
        """The tasks and the keys behind their scores: equal for cells that ask the same."""
        return tuple(sorted((task, stage.key) for task, stage in self.scores.items()))


class Study:
    """A module with `cell(config)`, and what it likes of the others.

    - `cell(config) -> {"scores": {task: stage}, "columns": [...], ...}`: the stages of one cell
    - `Schema`: a dataclass of its keys, which the configuration must fit; each `config` is then an
      instance of it, and the bounds in its fields' metadata hold (see sweeps/constraints.py)
    - `complaints(config) -> list[str]`: what is impossible about a configuration
    - `prepare(configs, wanted, say)`: fetch what these cells' stages `wanted`, the ones that are
      not finished, read from outside of the store
    - `outside(configs, wanted) -> {name: file}`: what `prepare` fetched, to be taken elsewhere
    - `bring(folder)`: put the files that `outside` named where `prepare` finds them
    - `huggingface(name, config, folder, inputs, out) -> list[str]`: write the model of a finished
      stage, by its name and configuration, its folder and its inputs' ones by role, into the folder
      `out` as Hugging Face's library loads it; what is to be said of it
    - `Error`: what it raises on purpose; shown as it is, without a traceback
    """

    def __init__(self, name: str) -> None:
        self._module = importlib.import_module(find_study(name).module)
        self.name = name
        if not callable(getattr(self._module, "cell", None)):
            raise SweepError(f"study={name}: the module has no function cell(config).")

    @property
    def schema(self) -> type | None:
        return getattr(self._module, "Schema", None)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what the study raises on purpose into what a user reads."""
        try:
            yield
        except getattr(self._module, "Error", ()) as error:
            raise ConfigurationError(str(error).splitlines()) from error

    def settings(self, config: Mapping[str, Any]) -> Any:
        """The configuration as the study reads it: its Schema's instance, or the plain values."""
        return config if self.schema is None else constraints.instance(self.schema, config)

    def prepare(
        self,
        configs: Iterable[Mapping[str, Any]],
        wanted: Iterable[Stage],
        say: Callable[[str], None],
    ) -> None:
        """Fetch what the wanted stages of these cells will read from outside of the store.

        Raises ConfigurationError where that cannot be had.
        """
        prepare = getattr(self._module, "prepare", None)
        if prepare:
            with self._errors():
                prepare([self.settings(config) for config in configs], list(wanted), say)

    def outside(
        self, configs: Iterable[Mapping[str, Any]], wanted: Iterable[Stage]
    ) -> Mapping[str, Path]:
        """The files that these stages read from outside of the store, by names with slashes.

        Raises ConfigurationError where one is not to be had.
        """
        outside = getattr(self._module, "outside", None)
        if not outside:
            return {}
        with self._errors():
            return outside([self.settings(config) for config in configs], list(wanted))

    def bring(self, folder: Path) -> None:
        """Take in files that `outside` named on another machine. Raises ConfigurationError."""
        bring = getattr(self._module, "bring", None)
        if not bring:
            raise SweepError(f"study={self.name} takes in no files from outside of a store.")
        with self._errors():
            bring(folder)

    def huggingface(
        self,
        name: str,
        config: Mapping[str, Any],
        folder: Path,
        inputs: Mapping[str, Path],
        out: Path,
    ) -> list[str]:
        """Write the model of a finished stage into `out` as Hugging Face's library loads it.

        Gives what is to be said of it. Raises SweepError where the study or the stage has none.
        """
        write = getattr(self._module, "huggingface", None)
        if not write:
            raise SweepError(f"study={self.name} writes no models for Hugging Face's library.")
        with self._errors():
            said: list[str] = write(name, config, folder, inputs, out)
        return said

    def cell(self, config: Mapping[str, Any]) -> Cell:
        """The stages and columns of one cell. Raises ConfigurationError with its complaints."""
        settings = self.settings(config)
        complaints = constraints.complaints(self.schema, config) if self.schema else []
        check: Callable[[Any], list[str]] | None = getattr(self._module, "complaints", None)
        with self._errors():
            complaints += check(settings) if check else []
        if complaints:
            raise ConfigurationError(complaints)
        with self._errors():
            given = self._module.cell(settings)
        return Cell(
            seed=int(config.get("seed", 0)),
            config=config,
            scores=dict(zip(given["scores"], adopt_all(given["scores"].values()), strict=True)),
            columns=adopt_columns(self.name, given["columns"]),
            references=tuple(given.get("references", ())),
            selection=given.get("selection"),
            footnotes=tuple(given.get("footnotes", ())),
            absent=dict(given.get("absent", {})),
            remarks=tuple(given.get("remarks", ())),
            unread=dict(given.get("unread", {})),
        )
