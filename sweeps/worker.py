"""`python -m sweeps.worker`, as jobs that were submitted earlier call it."""

import sys

from sweeps.running.worker import EXIT_CODES, main

__all__ = ["EXIT_CODES", "main"]

if __name__ == "__main__":
    sys.exit(main())
