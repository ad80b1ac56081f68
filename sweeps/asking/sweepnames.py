"""What sweep files there are, and which one is meant by a name or a path."""

from __future__ import annotations

import difflib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from sweeps.errors import SweepError, nearest
from sweeps.product import PRODUCT
from sweeps.studies import find_study, study_names

_ENDINGS = (".yaml", ".yml")


def sweep_name(study: str, name: str) -> str:
    """What a sweep is called: studies beside the default one stand in front."""
    return name if study == PRODUCT.default_study else f"{study}/{name}"


def sweep_names(*studies: str) -> list[str]:
    """The sweep files of these studies (the default one's), by the names to type."""
    places = [find_study(study) for study in studies or (PRODUCT.default_study,)]
    return [
        sweep_name(place.name, path.stem)
        for place in places
        for path in sorted(place.sweeps.glob("*.yaml"))
    ]


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """Where a sweep file lies, before anyone has checked it."""

    path: Path
    study: str
    """The study whose sweep it is; of a path that does not say so, the one it was asked of."""
    named: bool
    """Whether it was asked for by a name; else by a path."""


def find_sweep_file(asked: str, study: str = PRODUCT.default_study) -> FoundFile:
    """The file of a name (`table05` of the study, `NAME/table05` of another one) or a path.

    Raises SweepError with the nearest name of any study.
    """

    def near_name(name: str) -> str:
        return nearest(name, sweep_names(*dict.fromkeys([study, *study_names()])))

    if asked.endswith(_ENDINGS):
        path = Path(asked)
        if not path.is_file():
            where = f"file {path.absolute()}" if path.name == asked else "sweep"
            near = _near_file(path) or near_name(asked.removesuffix(".yaml"))
            raise SweepError(f"sweep={asked}: no such {where}. {near}")
        return FoundFile(path=path, study=_study_in(path) or study, named=False)
    folder, _, stem = asked.rpartition("/")
    with suppress(SweepError):
        path = find_study(folder or study).sweeps / f"{stem}.yaml"
        if path.is_file():
            return FoundFile(path=path, study=folder or study, named=True)
    for file in (f"{asked}{ending}" for ending in _ENDINGS):
        if Path(file).is_file():
            raise SweepError(f"sweep={asked}: no such sweep. Did you mean sweep={file}?")
    raise SweepError(f"sweep={asked}: no such sweep. {near_name(asked)}")


def _near_file(path: Path) -> str:
    """The question for the file beside a path whose name is nearest; nothing where none is."""
    beside = [str(file) for end in _ENDINGS for file in path.parent.glob(f"*{end}")]
    close = difflib.get_close_matches(str(path), beside, n=1, cutoff=0.8)
    return f"Did you mean {close[0]!r}?" if close else ""


def _study_in(path: Path) -> str | None:
    """The study that a file names; what is wrong with the file is said when it is read."""
    with suppress(yaml.YAMLError, ValueError, RecursionError):
        content = yaml.safe_load(path.read_bytes())
        if isinstance(content, dict) and isinstance(content.get("study"), str):
            return str(content["study"])
    return None
