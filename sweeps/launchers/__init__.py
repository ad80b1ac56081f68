"""What `hydra/launcher=NAME` chooses: each launcher is a file of this folder or an entry point."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points

from sweeps.errors import SweepError
from sweeps.launcher import StageLauncher

GROUP = "sweeps.launchers"
"""The entry points by which other packages add launchers: NAME = MODULE:CLASS."""


def launchers() -> dict[str, type[StageLauncher]]:
    """Every launcher by its name, which is its file's or its entry point's. Raises SweepError."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        # A file may import its base classes; its own launcher is the one that it defines.
        name = f"{__name__}.{module.name}"
        members = vars(importlib.import_module(name)).values()
        (found[module.name],) = (
            one for one in members if isinstance(one, type) and one.__module__ == name
        )
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = point.load()
        except Exception as error:
            raise SweepError(
                f"hydra/launcher={point.name}: {point.value} of another package cannot be "
                f"imported: {type(error).__name__}: {error}. Mend or uninstall that package."
            ) from error
    wrong = [
        name
        for name, one in found.items()
        if not (isinstance(one, type) and issubclass(one, StageLauncher))
    ]
    if wrong:
        raise SweepError(f"hydra/launcher={wrong[0]}: it is no sweeps.launcher.StageLauncher.")
    return found
