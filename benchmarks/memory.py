"""Which sizes train where, by the memory that a plan states; nothing is trained.

`python benchmarks/memory.py` prints the memory of one training step at the paper's lengths (512
input and 114 target tokens, bfloat16 products) for each size, with and without recomputing
activations, and what one device holds where 3B and 11B are spread over several.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from t5study.model.config import model_config
from t5study.model.flops import parameters
from t5study.model.memory import PROCESS, training_memory

SIZES = ("small", "base", "large", "3b", "11b")
PLACES = {"24 GiB of RAM": 24 * 2**30, "a 140 GiB GPU": 140 * 2**30}
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


def largest_batch(size: str, room: int, recompute: bool) -> int:
    """The most rows, in powers of two, that a step on one device can have; 0 for none."""
    batch = 0
    while needs(size, max(1, 2 * batch), recompute) <= room:
        batch = max(1, 2 * batch)
    return batch


def main() -> None:
    """Print two tables."""
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
