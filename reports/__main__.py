"""`python -m reports ID|last`: a sweep's table from its store, at any time."""

from __future__ import annotations

import sys

from reports.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
