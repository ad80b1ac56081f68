"""Which studies there are, and where each has its code, options, sweep files and numbers."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from sweeps.errors import SweepError, nearest
from sweeps.product import PRODUCT

ROOT = Path(__file__).parents[1]
"""The folder with conf/, sweeps/ and reports/ of the studies that come with this engine."""
GROUP = "sweeps.studies"
"""The entry points by which other packages add studies: NAME = MODULE."""
CONF = ROOT / "conf"
SHARED = CONF / "shared"
"""The options that mean the same to every study."""


@dataclass(frozen=True, kw_only=True)
class StudyPlace:
    """Where a study lives. A folder that it does not have is named all the same."""

    name: str
    module: str
    """The dotted path of its face (sweeps/study.py)."""
    conf: Path
    """config.yaml, its baseline, and a folder an axis."""
    sweeps: Path
    """Its sweep files."""
    published: Path
    """The numbers that a paper printed of it."""


def find_study(name: str) -> StudyPlace:
    """The study of this name: an entry point, a package of studies/, or any package.

    Its folders are those of this repository by its name, else those inside of its package.
    Imports nothing of the study. Raises SweepError.
    """
    registered = _registered()
    modules = [registered[name]] if name in registered else [f"studies.{name}", name]
    for module in modules:
        folder = _folder_of(module)
        if folder is None:
            continue

        def place(here: Path, kind: str, inside: Path = folder) -> Path:
            return here if here.is_dir() else inside / kind

        return StudyPlace(
            name=name,
            module=module,
            conf=place(CONF / name, "conf"),
            sweeps=place(ROOT / "sweeps" / name, "sweeps"),
            published=place(ROOT / "reports" / "published" / name, "published"),
        )
    raise SweepError(
        f"study={name}: no such study. {nearest(name, study_names())} A package that Python can "
        "import from here is a study too."
    )


def study_names() -> list[str]:
    """The studies with options of their own here, and those of entry points; the default first."""
    here = [path.parent.name for path in CONF.glob("*/config.yaml") if path.parent != SHARED]
    names = sorted({*here, *_registered()})
    return sorted(names, key=lambda name: name != PRODUCT.default_study)


def _registered() -> Mapping[str, str]:
    return _registered_on(tuple(sys.path))


@cache
def _registered_on(path: tuple[str, ...]) -> Mapping[str, str]:
    """The modules of entry points by their names, on Python's path: reading them takes time."""
    return {point.name: point.value for point in entry_points(group=GROUP)}


def _folder_of(module: str) -> Path | None:
    """The folder of a package, or the one that a module lies in; None where there is none."""
    if not all(part.isidentifier() for part in module.split(".")):
        return None
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin).parent if spec.has_location and spec.origin else None
