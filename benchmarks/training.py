"""Training speed, ours beside Hugging Face's T5, in turn in one run.

    python benchmarks/training.py [--device cpu] [--modes 1x2 2x1] [--precisions fp32 bf16]

Every contestant trains in processes of its own; in each repeat each has a turn of a few steps
while the others wait, and the table shows medians over repeats. A mode is processes x threads: all
processes of a contestant train at once, and their tokens are added up. On a CPU the model is the
small one of the study's CPU sizes; on a GPU the published sizes at 512 input and 114 target tokens
in bfloat16. See contestants.py for what they share. With one CPU thread the processes' own time is
taken, so that a busy machine does not show; more threads need an idle machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import torch
from contestants import Case, Contestant, Ready, serve
from rich.console import Console
from rich.table import Table

from t5study.model.config import SIZES, model_config
from t5study.model.flops import training_flops

HEADLINE = {"dropout_rate": 0.1}
NANO_T5 = {"dropout_rate": 0.0, "feed_forward": "gated_gelu", "tie_embeddings": False}
"""The setting that nanoT5 trains with: v1.1 without dropout."""

CPU_CASE = Case(size="micro", settings=HEADLINE)
CPU_CONTESTANTS = (
    Contestant(name="Hugging Face, eager", ours=False, attention="eager"),
    Contestant(name="Hugging Face, SDPA", ours=False),
    Contestant(name="ours, element-wise dropout", ours=True),
    Contestant(name="ours, masks broadcast over length", ours=True, dropout_form="broadcast"),
)
GPU_BATCHES = {"small": 256, "base": 128, "large": 48}
GPU_CONTESTANTS = (
    Contestant(name="Hugging Face, SDPA", ours=False),
    Contestant(name="Hugging Face, SDPA, torch.compile", ours=False, compiled=True),
    Contestant(name="ours", ours=True, dropout_form="broadcast"),
    Contestant(
        name="ours, 4 examples a row", ours=True, dropout_form="broadcast", examples_a_row=4
    ),
)
BASE_ON_H200 = (931.0, 1163.0)
"""Sequences a second of Base at 40% and 50% of an H200's 989 TFLOP/s: the aim and the goal."""

SHEETS = {"H200": 989e12, "H100": 989e12, "A100": 312e12}
"""Dense bfloat16 FLOP/s by the makers' sheets."""


@dataclass
class Entry:
    """One contestant's processes and what they have shown."""

    contestant: Contestant
    pipes: list[Connection]
    processes: list[Any]
    ready: Ready
    rates: list[float]
    memory: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def compare(
    case: Case,
    contestants: Sequence[Contestant],
    *,
    processes: int,
    threads: int,
    repeats: int,
    seconds: float,
) -> list[Entry]:
    """Give each contestant `repeats` turns of about `seconds`; all must be the same model."""
    entries = [start(case, contestant, processes, threads) for contestant in contestants]
    first = entries[0].ready
    for entry in entries:
        packed = entry.contestant.examples_a_row > 1
        same = packed or abs(entry.ready.loss - first.loss) < 0.02
        if entry.ready.parameters != first.parameters or not same:
            raise SystemExit(f"not the same model: {first} and {entry.ready}")
    own = case.device == "cpu" and threads == 1
    steps = {id(e): max(1, round(seconds / turn(e, 1, own=own)[0])) for e in entries}
    for _ in range(repeats):
        for entry in entries:
            taken, entry.memory = turn(entry, steps[id(entry)], own=own)
            entry.rates.append(processes * steps[id(entry)] / taken)
    for entry in entries:
        for pipe, process in zip(entry.pipes, entry.processes, strict=True):
            pipe.send(0)
            process.join()
    return entries


def start(case: Case, contestant: Contestant, processes: int, threads: int) -> Entry:
    """Start a contestant's processes and wait until they have made a first step."""
    context = multiprocessing.get_context("spawn")
    pipes, running = [], []
    for _ in range(processes):
        ours, theirs = context.Pipe()
        process = context.Process(
            target=serve, args=(theirs, case, contestant, threads), daemon=True
        )
        process.start()
        theirs.close()
        pipes.append(ours)
        running.append(process)
    ready = [pipe.recv() for pipe in pipes]
    return Entry(contestant, pipes, running, ready[0], [])


def turn(entry: Entry, steps: int, *, own: bool) -> tuple[float, int]:
    """Seconds until every process of an entry has made `steps`, and their memory together.

    `own` asks for the mean of the processes' own time instead.
    """
    begun = time.perf_counter()
    for pipe in entry.pipes:
        pipe.send(steps)
    answers = [pipe.recv() for pipe in entry.pipes]
    taken = time.perf_counter() - begun
    if own:
        taken = statistics.mean(spent for _, spent, _ in answers)
    return taken, sum(memory for *_, memory in answers)


def peak_flops(case: Case, processes: int, threads: int) -> tuple[float, str]:
    """FLOP/s that no program can pass here, and where the figure is from."""
    clock = time.process_time if case.device == "cpu" and threads == 1 else time.perf_counter
    if case.device != "cpu":
        name = torch.cuda.get_device_name()
        for known, figure in SHEETS.items():
            if known in name and case.precision == "bf16":
                return figure, f"{name}, by its sheet"
    dtype = torch.bfloat16 if case.precision == "bf16" else torch.float32
    if case.device == "cpu":
        torch.set_num_threads(threads)
    size = 2048 if case.device == "cpu" else 8192
    left, right = (torch.randn(size, size, device=case.device).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(8):
        if case.device != "cpu":
            torch.cuda.synchronize()
        begun = clock()
        if case.device == "cpu" and torch.backends.mkldnn.is_available():
            torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], "")
        else:
            left @ right
        if case.device != "cpu":
            torch.cuda.synchronize()
        best = min(best, clock() - begun)
    return processes * 2 * size**3 / best, f"the fastest of 8 products of {size} x {size}"


def show(case: Case, entries: list[Entry], title: str, peak: tuple[float, str]) -> None:
    """Print one comparison."""
    flops = training_flops(
        model_config(size=case.size, vocab_size=case.vocab_size, **case.settings),
        case.source,
        case.target,
    )
    best = max(entry.rate for entry in entries if not entry.contestant.ours)
    table = Table(title=title, title_justify="left")
    for column in ("program", "tokens/s", "sequences/s", "s a step", "share of peak", "memory"):
        table.add_column(column, justify="left" if column == "program" else "right")
    table.add_column("of the best peer", justify="right")
    for entry in entries:
        sequences = entry.rate * case.batch
        table.add_row(
            entry.contestant.name,
            f"{entry.rate * case.tokens:,.0f}",
            f"{sequences:,.0f}",
            f"{len(entry.pipes) / entry.rate:.3f}",
            f"{sequences * flops / peak[0]:.1%}",
            f"{entry.memory / 2**20:,.0f} MiB",
            f"{entry.rate / best:.2f}x",
        )
    console = Console(width=120)
    console.print(table)
    console.print(
        f"peak: {peak[0] / 1e12:.3g} TFLOP/s, {peak[1]}; spread of the repeats: {spread(entries)}"
    )


def spread(entries: list[Entry]) -> str:
    """How far the repeats of any contestant lie apart."""
    return f"{max((max(e.rates) - min(e.rates)) / e.rate for e in entries):.0%}"


def main() -> None:
    """Print a table for each mode and precision, or for each size on a GPU."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--modes", nargs="+", default=["1x2", "2x1"], help="processes x threads")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--sizes", nargs="+", default=list(GPU_BATCHES), choices=SIZES)
    parser.add_argument("--nanot5", action="store_true", help="v1.1 without dropout, as nanoT5")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="about, for each turn")
    options = parser.parse_args()
    timing = {"repeats": options.repeats, "seconds": options.seconds}
    settings = NANO_T5 if options.nanot5 else HEADLINE
    kind = "v1.1 without dropout" if options.nanot5 else "dropout 0.1"
    if options.device == "cpu":
        for mode in options.modes:
            processes, threads = map(int, mode.split("x"))
            for precision in options.precisions:
                case = replace(CPU_CASE, precision=precision, settings=settings)
                peak = peak_flops(case, processes, threads)
                entries = compare(
                    case, CPU_CONTESTANTS, processes=processes, threads=threads, **timing
                )
                show(case, entries, f"{described(case)}, {kind}, {mode}", peak)
        return
    for size in options.sizes:
        case = Case(
            size=size,
            vocab_size=32128,
            batch=GPU_BATCHES.get(size, 32),
            source=512,
            target=114,
            precision="bf16",
            device=options.device,
            settings=settings,
        )
        peak = peak_flops(case, 1, 1)
        entries = compare(case, GPU_CONTESTANTS, processes=1, threads=1, **timing)
        show(case, entries, f"{described(case)}, {kind}", peak)
        if size == "base":
            print(
                f"aim on an H200: {BASE_ON_H200[0]:,.0f} sequences/s; goal {BASE_ON_H200[1]:,.0f}"
            )


def described(case: Case) -> str:
    return (
        f"{case.size}, V {case.vocab_size}, {case.batch} x ({case.source} + {case.target}) tokens, "
        f"{case.precision}, {case.device}, torch {torch.__version__}"
    )


if __name__ == "__main__":
    main()
