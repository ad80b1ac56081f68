"""The entry point: `python run.py -m objective=span,iid corruption=0.15,0.25`."""

import gc
import sys
from pathlib import Path

import missing_packages  # noqa: F401

# isort: split
from omegaconf import DictConfig

from sweeps.asking.preflight import check
from sweeps.asking.start import start
from sweeps.screen import screen


def show_table(finished: DictConfig) -> None:
    """Print the table of a sweep whose stages are finished; Hydra calls us once a sweep."""
    import reports

    reports.show(Path(finished.store), finished.sweep)


if __name__ == "__main__":
    # What a command makes stays to its end: to look for garbage often is to find none.
    gc.set_threshold(500_000)
    try:
        with screen():
            conf = check(sys.argv)
            start(sys.argv, conf, show_table)
    except KeyboardInterrupt:
        # Ctrl-C while stages run is the launcher's; here nothing has begun, or all is done.
        sys.exit(130)
