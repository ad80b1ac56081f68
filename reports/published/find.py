"""The studies whose published numbers are to be had, by name."""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable

from reports.errors import ReportError
from reports.published.study import TABLES, PublishedStudy
from sweeps import studies as packages
from sweeps.errors import SweepError, nearest
from sweeps.product import PRODUCT
from sweeps.studies import study_names


def studies() -> list[str]:
    """The studies whose published numbers are to be had, the default one first."""
    return sorted(_folders(), key=lambda name: (name != PRODUCT.default_study, name))


def find_study(name: str | None = None) -> PublishedStudy:
    """A study by name; the default one without. Raises ReportError."""
    name = name or PRODUCT.default_study
    folder = _folders(name).get(name)
    if folder is None:
        known = studies()
        raise ReportError(f"No published numbers of study {name!r}. {nearest(name, known)}")
    return PublishedStudy(name, folder)


def _folders(*more: str) -> dict[str, Traversable]:
    """Where published numbers lie, by study: here, or in the package of the study itself."""
    found: dict[str, Traversable] = {}
    for name in (*study_names(), *more):
        with suppress(SweepError):
            found[name] = packages.find_study(name).published
    found |= {folder.name: folder for folder in files("reports.published").iterdir()}
    return {name: folder for name, folder in found.items() if (folder / TABLES).is_file()}
