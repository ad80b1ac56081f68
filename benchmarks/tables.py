"""Time from 10,000 result files to a table, beside the same files read into pandas.

`python benchmarks/tables.py` writes a store into a temporary folder and prints one table.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TASKS = 8
ROOT = Path(__file__).parents[1]
INTO_TABLE = (
    "import sys; from pathlib import Path; from reports.reading.collect import collect; "
    "from reports.render import render; render(collect(Path(sys.argv[1]), 'many'), 'markdown')"
)
INTO_PANDAS = (
    "import json, sys; from pathlib import Path; import pandas; "
    "record = json.loads((Path(sys.argv[1]) / 'sweeps/many.json').read_text()); "
    "scores = [(row['label'], cell['seed'], task, value) for row in record['rows'] "
    "for cell in row['cells'] for task, key in cell['scores'].items() for value in "
    "json.loads((Path(sys.argv[1]) / 'evaluate' / key / 'scores.json').read_text())"
    "[task].values()]; frame = pandas.DataFrame(scores, columns=['row', 'seed', 'task', 'v']); "
    "frame.pivot_table(index='row', columns='task', values='v', sort=False).to_string()"
)


def main() -> None:
    """Write the store, time each way in a process of its own, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=int, default=10_000, help="result files")
    count = parser.parse_args().results
    if count < TASKS:
        parser.error(f"--results {count}: a row has {TASKS} of them; give {TASKS} or more")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        write_store(store, count)
        index = store / "index"
        print(f"{count:,} result files, seconds of a whole process, best of three\n")
        print(f"{'way':<42}{'seconds':>9}")
        print(f"{'reports, no index yet':<42}{best(INTO_TABLE, store, lambda: wipe(index)):>9.2f}")
        print(f"{'reports, with its index':<42}{best(INTO_TABLE, store):>9.2f}")
        print(f"{'scores.json into a pandas pivot':<42}{best(INTO_PANDAS, store):>9.2f}")


def best(code: str, store: Path, before: Callable[[], None] = lambda: None) -> float:
    """Seconds of the fastest of three processes."""
    times = []
    for _ in range(3):
        before()
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, str(store)], check=True, cwd=ROOT)
        times.append(time.perf_counter() - start)
    return min(times)


def wipe(index: Path) -> None:
    """Remove the index, so that every file is read."""
    for path in index.glob("*"):
        path.unlink()


def write_store(store: Path, count: int) -> None:
    """A sweep of count / TASKS rows, each task scored by a stage of its own."""
    tasks = [f"task{t}" for t in range(TASKS)]
    stages, rows = {}, []
    for i in range(count // TASKS):
        scores = {}
        for t, task in enumerate(tasks):
            key = hashlib.sha256(f"{i} {task}".encode()).hexdigest()[:20]
            scores[task] = key
            stages[key] = {"name": "evaluate", "inputs": {}}
            place = store / "evaluate" / key
            place.mkdir(parents=True)
            value = {task: {"acc": 50 + (i * 7 + t * 13) % 400 / 10}}
            (place / "scores.json").write_text(json.dumps(value))
            (place / "constant.json").write_text(json.dumps({task: {"acc": 50.0}}))
            stage = {
                "name": "evaluate",
                "key": key,
                "provenance": {"git_commit": "0" * 40, "packages": {"torch": "2.13.0"}},
                "wall_seconds": 1.0,
                "facts": {"flops": 1e9},
            }
            (place / "stage.json").write_text(json.dumps(stage))
        cell = {"seed": 0, "config": {}, "scores": scores, "stages": list(scores.values())}
        rows.append(
            {"label": f"row {i}", "overrides": [], "baseline": not i, "cells": [cell]},
        )
    record = {
        "schema": 1,
        "id": "many",
        "title": "Many results",
        "created": "2026-01-01T00:00:00+00:00",
        "rows": rows,
        "columns": [{"name": task, "terms": [[[task, "acc"]]], "decimals": 2} for task in tasks],
        "references": [{"label": "Best constant answer", "file": "constant.json"}],
        "stages": stages,
    }
    (store / "sweeps").mkdir()
    (store / "sweeps/many.json").write_text(json.dumps(record))


if __name__ == "__main__":
    main()
