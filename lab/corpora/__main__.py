"""`python -m lab.corpora VERB`: what can be done with pre-training text on its own."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from lab.screen import replace_what_cannot_be_shown

VERBS = ("lab.corpora.command", "lab.corpora.crawl.command", "lab.corpora.wikipedia")
"""Modules that add verbs: `add_arguments(verbs)` sets `run(arguments) -> exit status`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb of the command line; returns the exit status."""
    replace_what_cannot_be_shown()
    parser = argparse.ArgumentParser(prog="python -m lab.corpora", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for module in VERBS:
        importlib.import_module(module).add_arguments(verbs)
    chosen = parser.parse_args(arguments)
    return chosen.run(chosen)


if __name__ == "__main__":
    sys.exit(main())
