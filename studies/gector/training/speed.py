"""The stage "speed": sentences a second that a system corrects (Table 8).

Its `config` holds what `systems.open_system` reads, and `sentences`, how many are corrected by
their number in a batch, and `repeats`; the inputs are the system's and "pairs".
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch

from lab.allocator import keep_freed_memory
from studies.gector.inference import Sentence
from studies.gector.judging import read_references
from studies.gector.systems import open_system

TASK = "speed"


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes scores.json: for batches of each size the fastest of the repeats."""
    keep_freed_memory()
    torch.set_num_threads(context.threads)
    sources = [[*one.source] for one in read_references(inputs["pairs"])]
    found = {}
    for size, count in config["sentences"].items():
        system = open_system({**config, "batch_size": int(size)}, inputs, context)
        sentences = [*islice(cycle(sources), count)]
        # Batches of one size come one after the other, as sentences that wait do.
        parts = [sentences[at : at + int(size)] for at in range(0, count, int(size))]
        seconds = fastest(system, parts, repeats=config["repeats"], clock=clock(context))
        found[f"at_{size}"] = count / seconds
    (out / "scores.json").write_text(json.dumps({TASK: found}, indent=1))
    context.record(device=context.device, threads=context.threads, speed=found)


def fastest(
    system: Callable[[list[Sentence]], list[Sentence]],
    parts: list[list[Sentence]],
    *,
    repeats: int,
    clock: Callable[[], float],
) -> float:
    """Seconds that the fastest of some repeats takes for all parts, after a first part unmeasured.

    What the first part compiles and allocates is there for all others.
    """
    system(parts[0])
    seconds = []
    for _ in range(repeats):
        start = clock()
        for part in parts:
            system(part)
        seconds.append(clock() - start)
    return min(seconds)


def clock(context: Any) -> Callable[[], float]:
    """Of one thread the processor's time, which other work on the machine does not stretch."""
    alone = context.device == "cpu" and context.threads == 1
    return time.process_time if alone else time.perf_counter
