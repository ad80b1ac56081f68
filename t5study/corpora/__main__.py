"""`python -m t5study.corpora`: the command line of lab.corpora."""

import sys

from lab.corpora.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
