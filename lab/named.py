"""Things found by name: in the files of a folder, and in what other packages offer."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from importlib import metadata
from types import ModuleType
from typing import Any

from lab.errors import DataError


@functools.cache
def modules_of(package: str) -> tuple[ModuleType, ...]:
    """Return the modules of a package's folder, in the order of their names, each imported.

    Packages inside it and names that begin with "_" are left alone.
    """
    folder = importlib.import_module(package).__path__
    found = [info.name for info in pkgutil.iter_modules(folder) if not info.ispkg]
    names = sorted(name for name in found if not name.startswith("_"))
    return tuple(importlib.import_module(f"{package}.{name}") for name in names)


@functools.cache
def installed(group: str) -> dict[str, Any]:
    """Return what installed packages offer as entry points of `group`, by the entry points' names.

    Raises DataError for one that cannot be loaded, with the package that offers it.
    """
    found: dict[str, Any] = {}
    for entry in metadata.entry_points(group=group):
        offered = f"entry point {entry.name} = {entry.value} of group {group}"
        package = entry.dist.name if entry.dist else "an installed package"
        if entry.name in found:
            raise DataError(f"{offered}: two packages offer this name. Uninstall {package}.")
        try:
            found[entry.name] = entry.load()
        except (ImportError, AttributeError) as error:
            raise DataError(f"{offered} cannot be loaded: {error}. Mend {package}.") from error
    return found
