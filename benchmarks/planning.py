"""Seconds from a command line to the plan of the whole paper, process start included.

`python benchmarks/planning.py [--repeats 3]` plans all sweep files at each preset, without
training, into a store that does not exist, and prints one table of medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sweeps.asking.sweepnames import sweep_names

ROOT = Path(__file__).parents[1]
PRESETS = ("paper", "embedded", "smoke")


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    names = sweep_names()
    table = Table(title=f"Planning {len(names)} sweep files", title_justify="left")
    for heading in ("preset", "cells", "distinct stages", "seconds"):
        table.add_column(heading, justify="left" if heading == "preset" else "right")
    with tempfile.TemporaryDirectory() as folder:
        for preset in PRESETS:
            words = [f"sweep={','.join(names)}", f"preset={preset}", "plan=true", "format=json"]
            command = [sys.executable, "run.py", "-m", *words, f"store={folder}/store"]
            seconds = []
            for _ in range(repeats):
                began = time.perf_counter()
                done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
                seconds.append(time.perf_counter() - began)
            plan = json.loads(done.stdout)
            counts = [f"{len(plan[what]):,}" for what in ("cells", "stages")]
            table.add_row(preset, *counts, f"{statistics.median(seconds):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
