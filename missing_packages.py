"""A required package that is missing is one line that says what to type, in place of a traceback.

What begins a command imports this module before any package: run.py, and the packages of which
`python -m` runs something. It needs nothing but Python's own library.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import TracebackType

_PROJECT = Path(__file__).with_name("pyproject.toml")
_INSTALLED_AS = {"hydra": "hydra-core", "sklearn": "scikit-learn", "yaml": "pyyaml"}
"""Packages that are imported by another name than the one they are installed by."""


def distribution(module: str) -> str:
    """The name by which the package of a module is installed: hydra-core of hydra.main."""
    top = module.partition(".")[0]
    return _INSTALLED_AS.get(top, top.replace("_", "-").lower())


def required(project: Path) -> frozenset[str]:
    """The packages that a pyproject.toml requires, by the names they are installed by."""
    import tomllib

    requirements = tomllib.loads(project.read_text("utf-8"))["project"]["dependencies"]
    return frozenset(re.split(r"[^\w.-]", one, maxsplit=1)[0].lower() for one in requirements)


def _explain(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """End with status 2 for a required package that is not there; else as Python would have."""
    # Installed otherwise than from a checkout, pip has seen to what is required.
    if isinstance(error, ModuleNotFoundError) and error.name and _PROJECT.is_file():
        package = distribution(error.name)
        if "." not in error.name and package in required(_PROJECT):
            print(
                f"The package {package} is missing in {sys.executable}. In {_PROJECT.parent} type "
                "`make install` once, then `. .venv/bin/activate`, and the command again.",
                file=sys.stderr,
            )
            sys.exit(2)
    _before(kind, error, traceback)


_before, sys.excepthook = sys.excepthook, _explain
