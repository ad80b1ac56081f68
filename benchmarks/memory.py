"""Which sizes train where, by the memory that a plan states, and what trainings really take.

`python benchmarks/memory.py` prints the memory of one training step at the paper's lengths (512
input and 114 target tokens, bfloat16 products) for each size, with and without recomputing
activations, and what one device holds where 3B and 11B are spread over several.

`--run SIZE:ROWS ...` trains a few steps of each on this CPU, in a process of its own, with and
without recomputation, and prints what the plan states beside the tensors that were live at once
and beside the process's peak over what it had before the model. The process has more than its
tensors: libraries loaded on first use, the matrix library's buffers, gaps between blocks.

`--stages STORE ARGUMENT ...` gives the arguments to run.py with one worker, and prints by kind of
stage what the plan states beside the most that the worker's process had, libraries included:
`--stages /tmp/store study=electra pretrain.steps=50 finetune.steps=50`. What is finished in STORE
is read, not run again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
from collections import defaultdict
from itertools import accumulate
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from contestants import forget_peak, peak, resident
from contestants_t5 import T5Case, donor, ours_batch
from rich.console import Console
from rich.table import Table
from torch.profiler import ProfilerActivity, profile

from lab.allocator import keep_freed_memory
from lab.kernels.loss import CHUNK
from lab.memory import PROCESS
from lab.text_to_text.config import model_config
from lab.text_to_text.flops import parameters
from lab.text_to_text.memory import training_memory
from lab.text_to_text.module import TextToText
from lab.training.schedule import constant
from sweeps.digests import DESCRIPTION
from sweeps.hardware.memory import without_gaps
from sweeps.running.execute import PEAK

SIZES = ("small", "base", "large", "3b", "11b")
PLACES = {"24 GiB of RAM": without_gaps(24 * 2**30), "a 140 GiB GPU": 140 * 2**30}
"""Of a CPU's memory a third is left free, as a run leaves it."""
SOURCE, TARGET = 512, 114
SPREAD = (8, 16, 64)


def needs(size: str, batch: int, recompute: bool = False, devices: int = 1) -> int:
    """Bytes of one device, its process included."""
    memory = training_memory(
        model_config(size=size),
        source=SOURCE,
        target=TARGET,
        batch=batch,
        devices=devices,
        recompute=recompute,
    )
    return memory.total + PROCESS


def largest_batch(size: str, room: float, recompute: bool) -> int:
    """The most rows, in powers of two, that a step on one device can have; 0 for none."""
    batch = 0
    while needs(size, max(1, 2 * batch), recompute) <= room:
        batch = max(1, 2 * batch)
    return batch


def trained(
    pipe: Connection, size: str, rows: int, recompute: bool, threads: int, tensors: bool
) -> None:
    """A process: send the peak of some steps, and if asked of the tensors live in one, in bytes."""
    torch.set_num_threads(threads)
    keep_freed_memory()
    case = T5Case(
        size=size, vocab_size=32128, batch=rows, source=SOURCE, target=TARGET, precision="bf16"
    )
    before = resident()
    forget_peak(case)
    module = TextToText(donor(case, "broadcast"), schedule=constant(1e-3)).train()
    if recompute:
        module.model.recompute_blocks()
    optimizer = module.configure_optimizers()["optimizer"]
    batch = ours_batch(case, examples_a_row=1)

    def step() -> None:
        with case.autocast():
            loss = module.training_step(batch, 0)
        loss.backward()
        optimizer.step()
        module.zero_grad()

    step()
    step()
    most = peak(case, before)
    if not tensors:
        pipe.send((most, None))
        return
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        step()
    events: list[Any] = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    events.sort(key=lambda e: e.start_ns())
    held = 4 * sum(p.numel() for p in module.parameters())
    pipe.send((most, held + max(accumulate(e.nbytes() for e in events))))


def compare(runs: list[str], threads: int, tensors: bool) -> None:
    """Train each SIZE:ROWS, and print its memory beside the plan's."""
    print(
        f"MiB of one step, {SOURCE} + {TARGET} tokens a row, bf16, broadcast dropout 0.1, "
        f"threads: {threads}, torch {torch.__version__}\n"
    )
    print("| size | rows | recomputed | planned | tensors | planned / tensors | process |")
    print("|---|--:|---|--:|--:|--:|--:|", flush=True)
    context = multiprocessing.get_context("spawn")
    for run in runs:
        size, rows = run.split(":")
        for recompute in (False, True):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=trained, args=(theirs, size, int(rows), recompute, threads, tensors)
            )
            process.start()
            theirs.close()
            most, live = ours.recv()
            process.join()
            planned = training_memory(
                model_config(size=size),
                source=SOURCE,
                target=TARGET,
                batch=int(rows),
                recompute=recompute,
                logits=CHUNK["cpu"],
            ).total
            counted = f"{live / 2**20:,.0f} | {planned / live:.2f}" if tensors else " | "
            print(
                f"| {size} | {rows} | {'yes' if recompute else 'no'} | {planned / 2**20:,.0f} | "
                f"{counted} | {most / 2**20:,.0f} |",
                flush=True,
            )


def compare_stages(store: str, *arguments: str) -> None:
    """Run stages by one worker, and print the memory of each kind beside the plan's."""
    run = Path(__file__).parents[1] / "run.py"
    command = [sys.executable, str(run), *arguments, f"store={store}", "workers=1", "threads=1"]
    planned = subprocess.run(
        [*command, "plan=true", "format=json"], check=True, capture_output=True, text=True
    )
    subprocess.run(command, check=True, stdout=sys.stderr)
    kinds: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for stage in json.loads(planned.stdout)["stages"]:
        place = Path(store, stage["name"], stage["key"], DESCRIPTION)
        most = json.loads(place.read_text()).get(PEAK)
        if most is not None:
            kinds[stage["name"]].append((stage["cost"]["memory_bytes"], most))
    print("| stage | of them | planned, MiB | measured, MiB | planned / measured |")
    print("|---|--:|--:|--:|--:|")
    for kind, pairs in kinds.items():
        columns = (*zip(*pairs, strict=True), [plan / most for plan, most in pairs])
        forms = ("{:,.0f}", "{:,.0f}", "{:.2f}")
        scales = (2**20, 2**20, 1)
        cells = [
            " to ".join(dict.fromkeys(form.format(end / scale) for end in (min(one), max(one))))
            for one, form, scale in zip(columns, forms, scales, strict=True)
        ]
        print(f"| {kind} | {len(pairs)} | {' | '.join(cells)} |")


def main() -> None:
    """Print what is planned, or compare it with real trainings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", nargs="+", metavar="SIZE:ROWS", help="train these, and compare")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--process-only",
        action="store_true",
        help="do not count tensors, which takes many times as long",
    )
    parser.add_argument(
        "--stages", nargs="+", metavar="ARGUMENT", help="a store, and what run.py is to run there"
    )
    options = parser.parse_args()
    if options.stages:
        compare_stages(*options.stages)
    elif options.run:
        compare(options.run, options.threads, not options.process_only)
    else:
        show()


def show() -> None:
    """Print two tables of what is planned."""
    console = Console(width=140)
    table = Table(
        title="One device: GiB at 1 row and 128 rows; the most rows", title_justify="left"
    )
    for heading in ("size", "parameters", "recomputed", "1 row", "128 rows", *PLACES):
        table.add_column(heading, justify="left" if heading == "size" else "right")
    for size in SIZES:
        count = f"{parameters(model_config(size=size)) / 1e6:,.0f} M"
        for recompute in (False, True):
            gib = [f"{needs(size, batch, recompute) / 2**30:,.1f}" for batch in (1, 128)]
            most = [str(largest_batch(size, room, recompute)) for room in PLACES.values()]
            table.add_row(size, count, "yes" if recompute else "no", *gib, *most)
    console.print(table)
    spread = Table(
        title="Spread over devices: GiB of each, at 8 rows a device", title_justify="left"
    )
    for heading in ("size", "recomputed", *(f"{n} devices" for n in SPREAD)):
        spread.add_column(heading, justify="left" if heading == "size" else "right")
    for size in ("3b", "11b"):
        for recompute in (False, True):
            gib = [f"{needs(size, 8, recompute, n) / 2**30:,.1f}" for n in SPREAD]
            spread.add_row(size, "yes" if recompute else "no", *gib)
    console.print(spread)


if __name__ == "__main__":
    main()
