"""What stages really take on this machine's devices, for the plans that count their hours.

`python benchmarks/calibrate.py [--device cpu-core] [--write]` trains a few small models twice, a
short and a longer time, through run.py with one worker a core (or GPU). The difference of the two
is a model's pace by the kind of stage, what is left is what such a stage takes besides. So are
stages that prepare data, by what they write of a small corpus and of a larger one. A model
that was not part of it is then trained, and its stages' times are printed beside what the plan
says. `--write` puts the figures into sweeps/hardware/devices.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.table import Table

from sweeps.hardware.devices import FILE, Device
from sweeps.hardware.gpus import visible_gpus
from sweeps.hardware.memory import machine_memory
from sweeps.hardware.slots import available_cores
from sweeps.stage import Cost, Stage
from sweeps.store import Store

ROOT = Path(__file__).parents[1]
SIZES = ("pico", "nano", "micro", "milli")
HELD_OUT = "micro_deep"
STEPS = ((10, 8), (60, 40))
"""Of pre-training and fine-tuning: short, and longer."""
STEPS_HELD_OUT = (40, 30)
DATA = {
    "electra": (["dataset=everyday"], ["dataset=mixed"]),
    "gector": (["stages=one", "stages.settings.one.most=500"], ["stages=one"]),
}
"""By study, less data and more: lines, and pairs with their tags."""


class Timed(NamedTuple):
    """A finished stage: its name, its model, its cost as planned, and its wall time."""

    name: str
    model: str
    cost: dict[str, float]
    seconds: float


def run(store: Path, sizes: Iterable[str], pretrain: int, finetune: int) -> None:
    """Train and score each size on the smoke suite."""
    command = [sys.executable, "run.py", "-m", f"size={','.join(sizes)}", "preset=smoke"]
    command += [f"pretrain.steps={pretrain}", f"finetune.steps={finetune}", "baseline=none"]
    command += [f"finetune.checkpoint_every={finetune}", f"store={store}", "threads=1"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def prepare(store: Path, study: str, words: Iterable[str]) -> None:
    """Run the study's smallest row on these data."""
    command = [sys.executable, "run.py", f"study={study}", "preset=smoke", *words]
    command += ["baseline=none", "seed=0", f"store={store}", "threads=1"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def finished(store: Path) -> dict[str, Timed]:
    """The finished stages of a store by key; a model is told by its parents' configuration."""
    found = {}
    place = Store(store)
    specs = {spec["key"]: spec for spec in place.specs()}
    for name, key, folder in place.finished():
        spec = specs[key]
        while "model" not in spec["config"] and (parent := _trained_on(spec)):
            spec = specs[parent]
        model = json.dumps(spec["config"].get("model"), sort_keys=True)
        seconds = json.loads((folder / "stage.json").read_text())["wall_seconds"]
        found[key] = Timed(name, model, specs[key]["cost"], seconds)
    return found


def _trained_on(spec: dict[str, Any]) -> str | None:
    return spec["inputs"].get("pretrain") or spec["inputs"].get("member_0")


def fit(short: Iterable[Timed], longer: Iterable[Timed], best: float) -> dict[str, Any]:
    """Points and seconds for sweeps/hardware/devices.json from two runs of the same models.

    A pace above the peak `best` is a difference that was lost in noise: such a point is left out.
    """
    times: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for one in (*short, *longer):
        times[one.name, one.model].append((one.cost["flops"], one.seconds, one.cost["tokens"]))
    points: dict[str, list[list[float]]] = defaultdict(list)
    beside: dict[str, list[float]] = defaultdict(list)
    for (name, _), rows in times.items():
        flops = sum(row[0] for row in rows)
        if not flops:
            beside[name] += [row[1] for row in rows]
            continue
        pace, rest = line([(row[0], row[1]) for row in rows])
        if rest is not None:
            beside[name].append(rest)
        if pace <= best:
            points[name].append([flops / sum(row[2] for row in rows), pace])
    return {
        "points": {name: sorted(pairs) for name, pairs in points.items()},
        "seconds": {name: round(statistics.median(v), 3) for name, v in beside.items()},
    }


def fit_data(stages: Iterable[Timed]) -> dict[str, dict[str, float]]:
    """What stages that compute nothing write a second, and what they take besides.

    Those that write as much in every run say nothing of a pace: a stage has a time then.
    """
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in stages:
        if not one.cost["flops"]:
            times[one.name].append((one.cost["disk_bytes"], one.seconds))
    seconds, written = {}, {}
    for name, rows in times.items():
        pace, rest = line(rows)
        if rest is None:
            seconds[name] = round(statistics.median(time for _, time in rows), 3)
        else:
            seconds[name], written[name] = round(rest, 3), float(f"{pace:.3g}")
    return {"seconds": seconds, "written": written}


def line(rows: Sequence[tuple[float, float]]) -> tuple[float, float | None]:
    """The pace of work that was done in so many seconds, and the seconds that it takes besides.

    Of the lesser half of the work and the larger one; None besides where all is of one size.
    """
    low, high = min(work for work, _ in rows), max(work for work, _ in rows)
    half = (low + high) / 2
    parts = [[row for row in rows if row[0] <= half], [row for row in rows if row[0] > half]]
    if not parts[1]:
        return sum(work for work, _ in rows) / sum(time for _, time in rows), None
    (less, before), (more, after) = (
        [statistics.fmean(column) for column in zip(*part, strict=True)] for part in parts
    )
    pace = (more - less) / max(after - before, 1e-3)
    return pace, max(0.0, before - less / pace)


def peak(gpu: bool) -> float:
    """FLOP/s of the best of some large matrix products on one core, or one GPU in bfloat16."""
    torch.set_num_threads(1)
    side, device = (8192, "cuda") if gpu else (1024, "cpu")
    best = 0.0
    for dtype in (torch.bfloat16,) if gpu else (torch.float32, torch.bfloat16):
        a = torch.ones(side, side, device=device, dtype=dtype)
        for _ in range(10):
            began = time.perf_counter()
            a @ a
            if gpu:
                torch.cuda.synchronize()
            best = max(best, 2 * side**3 / (time.perf_counter() - began))
    return best


def processor(gpu: bool) -> str:
    """What this machine calls its device."""
    if gpu:
        return torch.cuda.get_device_name()
    names = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return names[0].partition(":")[2].strip() if names else platform.processor()


def main() -> None:
    """Measure, print, and write if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu-core", help="its name in the file")
    parser.add_argument("--write", action="store_true", help="put it into hardware/devices.json")
    options = parser.parse_args()
    gpu = bool(visible_gpus())
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        runs = []
        for sizes, steps in [(SIZES, STEPS[0]), (SIZES, STEPS[1]), ((HELD_OUT,), STEPS_HELD_OUT)]:
            before = set(finished(store)) if store.exists() else set()
            run(store, sizes, *steps)
            runs.append([one for key, one in finished(store).items() if key not in before])
        for study, amounts in DATA.items():
            for words in amounts:
                prepare(Path(folder) / study, study, words)
        prepared = [one for study in DATA for one in finished(Path(folder) / study).values()]
    best = peak(gpu)
    measured = fit(*runs[:2], best)
    data = fit_data(prepared)
    measured["seconds"] = {**data["seconds"], **measured["seconds"]}
    paces = [pace for pairs in measured["points"].values() for _, pace in pairs]
    machine = f"{processor(gpu)}, {available_cores()} cores"
    date = datetime.date.today().isoformat()
    entry = {
        "peak_flops": float(f"{best:.3g}"),
        "memory_bytes": float(_memory(gpu)),
        "share_of_peak": round(min(1.0, statistics.median(paces) / best), 3),
        "basis": f"measured on {date}: {machine}",
        "measured": {
            "points": {
                n: [[float(f"{v:.4g}") for v in p] for p in pairs]
                for n, pairs in measured["points"].items()
            },
            "seconds": measured["seconds"],
            "written": data["written"],
        },
    }
    device = Device(
        name=options.device,
        **{key: entry[key] for key in ("peak_flops", "memory_bytes", "share_of_peak", "basis")},  # type: ignore[arg-type]
        points={n: tuple((x, y) for x, y in pairs) for n, pairs in measured["points"].items()},
        seconds=measured["seconds"],
        written=data["written"],
    )
    Console().print(compare(device, runs[2]))
    print(json.dumps({options.device: entry}, indent=1))
    if options.write:
        known = json.loads(FILE.read_text())
        before = known.get(options.device, {})
        kept = {name: before[name] for name in ("start_seconds",) if name in before}
        FILE.write_text(json.dumps({**known, options.device: {**kept, **entry}}, indent=1) + "\n")


def compare(device: Device, stages: Iterable[Timed]) -> Table:
    """The held-out model's stages: what a plan says they take, and what they took."""
    table = Table(title=f"{HELD_OUT} on one {device.name}: {device.basis}", title_justify="left")
    for heading in ("stage", "GFLOPs", "planned seconds", "measured seconds", "planned / measured"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for one in stages:
        stage = Stage(name=one.name, version=1, config={}, run="a.b", cost=Cost(**one.cost))  # type: ignore[arg-type]
        planned = device.time(stage)
        ratio = f"{planned / one.seconds:.2f}"
        cells = (f"{one.cost['flops'] / 1e9:,.0f}", f"{planned:.1f}", f"{one.seconds:.1f}", ratio)
        table.add_row(one.name, *cells)
    return table


def _memory(gpu: bool) -> float:
    if gpu:
        return torch.cuda.get_device_properties(0).total_memory
    return machine_memory() / available_cores()


if __name__ == "__main__":
    main()
