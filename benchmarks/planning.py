"""Seconds from a command line to the plan of a whole study, process start included.

`python benchmarks/planning.py [--repeats 3] [--studies star,electra]` plans all sweep files of each
study at each preset, without training, into a store that does not exist, and prints one table of
medians: the wall's seconds, and the processor's, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sweeps.asking.sweepnames import sweep_names
from sweeps.studies import find_study, study_names

ROOT = Path(__file__).parents[1]
PRESETS = ("paper", "embedded", "smoke")


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--studies", default=",".join(study_names()))
    parser.add_argument("--presets", default=",".join(PRESETS))
    given = parser.parse_args()
    table = Table(title="Planning all sweep files", title_justify="left")
    left = ("study", "preset")
    for heading in (*left, "files", "cells", "distinct stages", "seconds", "of a processor"):
        table.add_column(heading, justify="left" if heading in left else "right")
    for study in given.studies.split(","):
        for preset in given.presets.split(","):
            if (find_study(study).conf / f"preset/{preset}.yaml").is_file():
                table.add_row(study, preset, *measured(study, preset, given.repeats))
    Console().print(table)


def measured(study: str, preset: str, repeats: int) -> list[str]:
    """Sweep files, cells, distinct stages, and the medians of seconds, as text."""
    walls, busy = [], []
    with tempfile.TemporaryDirectory() as folder:
        words = [f"study={study}", "sweep=all", f"preset={preset}", "plan=true", "format=json"]
        for _ in range(repeats):
            began, before = time.perf_counter(), processor_seconds()
            done = subprocess.run(
                [sys.executable, "run.py", *words, f"store={folder}/store"],
                cwd=ROOT,
                capture_output=True,
                check=True,
            )
            walls.append(time.perf_counter() - began)
            busy.append(processor_seconds() - before)
    plan = json.loads(done.stdout)
    counts = [len(sweep_names(study)), len(plan["cells"]), len(plan["stages"])]
    medians = [statistics.median(seconds) for seconds in (walls, busy)]
    return [*(f"{count:,}" for count in counts), *(f"{seconds:.2f}" for seconds in medians)]


def processor_seconds() -> float:
    """User and system time of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
