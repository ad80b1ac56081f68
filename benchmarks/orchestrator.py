"""What a stage costs besides its work: ours against Hydra's own multirun, in one run.

`python benchmarks/orchestrator.py [--stages 100 1000]` runs stages that do nothing (each leased,
logged, synced to disk and published) on one worker and on one worker a core, and jobs that do
nothing through Hydra's BasicLauncher, one after the other in one process. "Seconds" include the
start of all processes; "ms each, warm" is the pace from the first one's end to the last one's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sweeps.graph import Graph
from sweeps.hardware.slots import available_cores
from sweeps.running.local import run_local
from sweeps.stage import Stage
from sweeps.store import Store

STUDY = "def run(config, inputs, out, context):\n    pass\n"
HYDRA_APP = """
import time
import hydra
from omegaconf import DictConfig

@hydra.main(version_base="1.3", config_path=None)
def app(config: DictConfig) -> None:
    with open("ends.txt", "a") as file:
        print(time.time(), file=file)

app()
"""


def ours(folder: Path, count: int, slots: int) -> tuple[float, list[float]]:
    """Seconds for `count` stages, and when each ended."""
    stages = [
        Stage(name="nothing", version=1, config={"number": number}, run="nothing_study.run")
        for number in range(count)
    ]
    store = Store(folder)
    began = time.perf_counter()
    outcome = run_local(Graph(stages), store, slots=slots, progress=False)
    seconds = time.perf_counter() - began
    assert outcome.status == 0
    described = [json.loads((path / "stage.json").read_text()) for _, _, path in store.finished()]
    return seconds, [datetime.fromisoformat(one["finished"]).timestamp() for one in described]


def hydras(folder: Path, count: int) -> tuple[float, list[float]]:
    """Seconds for `count` jobs of Hydra's own multirun, and when each ended."""
    folder.mkdir()
    (folder / "app.py").write_text(HYDRA_APP)
    numbers = ",".join(map(str, range(count)))
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "app.py", "-m", f"+number={numbers}"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - began
    return seconds, [float(line) for line in (folder / "ends.txt").read_text().split()]


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=int, nargs="+", default=[100, 1000])
    options = parser.parse_args()
    table = Table(title="Nothing, many times", title_justify="left")
    for heading in ("how", "times", "seconds", "ms each", "ms each, warm"):
        table.add_column(heading, justify="left" if heading == "how" else "right")
    with tempfile.TemporaryDirectory(dir=".", prefix=".orchestrator-") as name:
        folder = Path(name)
        (folder / "nothing_study.py").write_text(STUDY)
        sys.path.insert(0, str(folder.absolute()))
        cores = available_cores()
        for count in options.stages:
            rows = [
                ("our stages, one worker", ours(folder / f"one{count}", count, 1)),
                (f"our stages, {cores} workers", ours(folder / f"all{count}", count, cores)),
                ("Hydra's jobs, BasicLauncher", hydras(folder / f"hydra{count}", count)),
            ]
            for how, (seconds, ends) in rows:
                assert len(ends) == count
                warm = 1000 * (max(ends) - min(ends)) / (count - 1)
                each = 1000 * seconds / count
                table.add_row(how, f"{count:,}", f"{seconds:.2f}", f"{each:.1f}", f"{warm:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
