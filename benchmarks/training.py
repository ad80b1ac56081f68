"""Training speed, ours beside Hugging Face's models, in turn in one run.

    python benchmarks/training.py [--study t5study] [--device cpu] [--modes 1x2 2x1]
        [--precisions fp32 bf16]

Every contestant trains in processes of its own; in each repeat each has a turn of a few steps
while the others wait, and the table shows medians over repeats. A mode is processes x threads: all
processes of a contestant train at once, and their tokens are added up. contestants.py says what
they share, contestants_t5.py and contestants_electra.py what they train.

On a CPU a peer is there twice: as a user's script runs it, and with freed memory kept as our stages
keep it. With one thread the processes' own time is taken, so that a busy machine does not show;
more threads need an idle machine. `--stage` runs whole stages instead, from data to a checkpoint,
beside scripts around a Trainer (whole_stages.py). On a GPU the precision is bfloat16, and each
contestant has all its turns before the next one starts, with half of the rows as often as it needs
to fit.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import torch
from contestants import Case, Comparison, Contestant, Ready, serve
from rich.console import Console
from rich.table import Table

STUDIES = {
    "t5study": "contestants_t5",
    "electra": "contestants_electra",
    "albert": "contestants_albert",
}
"""Study -> the module that makes comparisons of the options, `on_cpu` and `on_gpu`."""
AIM = 1.5
"""Times the best peer, on a GPU."""
SHEETS = {"H200": 989e12, "H100": 989e12, "A100": 312e12}
"""Dense bfloat16 FLOP/s by the makers' sheets."""


@dataclass
class Entry:
    """One contestant's processes and what they have shown."""

    contestant: Contestant
    case: Case
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
    together: bool,
) -> list[Entry]:
    """Give each contestant `repeats` turns of about `seconds`; all must be the same model.

    `together`, all are there at once and take turns; else each is done before the next one starts.
    """
    own = case.device == "cpu" and threads == 1
    entries: list[Entry] = []
    if together:
        entries = [start(case, contestant, processes, threads) for contestant in contestants]
        steps = {id(e): max(1, round(seconds / turn(e, 1, own=own)[0])) for e in entries}
        for _ in range(repeats):
            for entry in entries:
                take(entry, steps[id(entry)], own=own)
        for entry in entries:
            stop(entry)
    else:
        for contestant in contestants:
            entry = start(case, contestant, processes, threads)
            count = max(1, round(seconds / turn(entry, 1, own=own)[0]))
            for _ in range(repeats):
                take(entry, count, own=own)
            stop(entry)
            entries.append(entry)
            # Whoever is stopped before the table has what was measured by then.
            rate = entry.rate * entry.case.batch
            print(f"{entry.case.described}: {contestant.name}: {rate:,.0f} sequences/s", flush=True)
    alike = [e for e in entries if e.contestant.case(case) == case]
    for entry in alike:
        # Of fewer rows the loss is another.
        other = not entry.contestant.comparable or entry.case.batch < case.batch
        same = other or abs(entry.ready.loss - alike[0].ready.loss) < case.tolerance
        if entry.ready.parameters != alike[0].ready.parameters or not same:
            raise SystemExit(f"not the same model: {alike[0].ready} and {entry.ready}")
    return entries


def start(case: Case, contestant: Contestant, processes: int, threads: int) -> Entry:
    """Start a contestant's processes and wait until they have made their first steps."""
    case = contestant.case(case)
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
    if None not in ready:
        return Entry(contestant, case, pipes, running, ready[0], [])
    for process in running:
        process.join()
    if case.batch == 1:
        raise SystemExit(f"{contestant.name}: not even one row fits into the GPU's memory")
    return start(replace(case, batch=case.batch // 2), contestant, processes, threads)


def take(entry: Entry, steps: int, *, own: bool) -> None:
    """One timed turn of an entry."""
    taken, entry.memory = turn(entry, steps, own=own)
    entry.rates.append(len(entry.pipes) * steps / taken)


def stop(entry: Entry) -> None:
    """End an entry's processes."""
    for pipe, process in zip(entry.pipes, entry.processes, strict=True):
        pipe.send(0)
        process.join()


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
    peers = [e for e in entries if not e.contestant.ours]
    best = max(e.rate * e.case.batch for e in peers if not e.contestant.keeps_memory)
    kept = max((e.rate * e.case.batch for e in peers if e.contestant.keeps_memory), default=None)
    table = Table(title=title, title_justify="left")
    table.add_column("program", justify="left", no_wrap=True)
    for column in ("rows", "tokens/s", "sequences/s", "s a step", "of peak", "MiB"):
        table.add_column(column, justify="right")
    table.add_column("of best peer", justify="right")
    if kept is not None:
        table.add_column("memory kept", justify="right")
    for entry in entries:
        one = entry.case
        sequences = entry.rate * one.batch
        table.add_row(
            entry.contestant.name,
            str(one.batch),
            f"{entry.rate * one.tokens:,.0f}",
            f"{sequences:,.0f}",
            f"{len(entry.pipes) / entry.rate:.3f}",
            f"{entry.rate * one.flops / peak[0]:.1%}",
            f"{entry.memory / 2**20:,.0f}",
            f"{sequences / best:.2f}x",
            *([] if kept is None else [f"{sequences / kept:.2f}x"]),
        )
    console = Console(width=120)
    console.print(table)
    console.print(
        f"peak: {peak[0] / 1e12:.3g} TFLOP/s, {peak[1]}; spread of the repeats: {spread(entries)}"
    )


def spread(entries: list[Entry]) -> str:
    """How far the repeats of any contestant lie apart."""
    return f"{max((max(e.rates) - min(e.rates)) / e.rate for e in entries):.0%}"


def marks(case: Case, entries: list[Entry], device: str) -> list[str]:
    """Whether our fastest entry reaches what is aimed at on a GPU."""
    rates = {e.contestant.name: e.rate * e.case.batch for e in entries}
    ours = max((e.contestant.name for e in entries if e.contestant.ours), key=rates.__getitem__)
    best = max(rates[e.contestant.name] for e in entries if not e.contestant.ours)
    aims = [(f"{AIM} times the best peer", AIM * best), *case.aims(device)]
    return [
        f"{'reached' if rates[ours] >= aim else 'missed'}: {name}, {aim:,.0f} sequences/s; "
        f"{ours}: {rates[ours]:,.0f}"
        for name, aim in aims
    ]


def main() -> None:
    """Print a table for each mode, precision and case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", default="t5study", choices=STUDIES)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--modes", nargs="+", default=["1x2", "2x1"], help="processes x threads")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"], help="on a CPU")
    parser.add_argument("--sizes", nargs="+", help="of a study's models, where it has several")
    parser.add_argument("--nanot5", action="store_true", help="v1.1 without dropout, as nanoT5")
    parser.add_argument("--compiled", action="store_true", help="on a CPU too, the compiled peer")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="programs with one in the name")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="about, for each turn")
    parser.add_argument("--stage", action="store_true", help="whole stages of T5, on a CPU")
    parser.add_argument(
        "--updates",
        nargs=2,
        type=int,
        default=(1500, 400),
        metavar=("PRETRAINING", "FINETUNING"),
        help="of whole stages",
    )
    parser.add_argument("--threads", type=int, default=1, help="of whole stages")
    parser.add_argument("--store", help="of whole stages: for their vocabulary and corpus")
    parser.add_argument(
        "settings", nargs="*", metavar="SETTING", help="of whole stages: size=micro"
    )
    options = parser.parse_args()
    if options.stage:
        import whole_stages

        whole_stages.compare(
            options.settings,
            updates=options.updates,
            threads=options.threads,
            store=options.store,
        )
        return
    timing: dict[str, Any] = {"repeats": options.repeats, "seconds": options.seconds}
    timing["together"] = options.device == "cpu"
    study = importlib.import_module(STUDIES[options.study])
    if options.device == "cpu":
        for mode in options.modes:
            processes, threads = map(int, mode.split("x"))
            for precision in options.precisions:
                for one in study.on_cpu(options):
                    case = replace(one.case, precision=precision)
                    peak = peak_flops(case, processes, threads)
                    entries = compare(
                        case,
                        chosen(one, options.only),
                        processes=processes,
                        threads=threads,
                        **timing,
                    )
                    show(case, entries, f"{described(case)}, {one.kind}, {mode}", peak)
        return
    for one in study.on_gpu(options):
        case = replace(one.case, precision="bf16", device=options.device)
        peak = peak_flops(case, 1, 1)
        entries = compare(case, chosen(one, options.only), processes=1, threads=1, **timing)
        show(case, entries, f"{described(case)}, {one.kind}", peak)
        print(*marks(case, entries, torch.cuda.get_device_name()), sep="\n")


def chosen(one: Comparison, words: Sequence[str] | None) -> Sequence[Contestant]:
    """Those with one of the words in their names; a table needs a peer and one of ours."""
    found = [c for c in one.contestants if words is None or any(word in c.name for word in words)]
    if len({contestant.ours for contestant in found}) < 2:
        names = ", ".join(f"'{contestant.name}'" for contestant in one.contestants)
        raise SystemExit(f"--only: name a peer and one of ours. There are {names}.")
    return found


def described(case: Case) -> str:
    return f"{case.described}, {case.precision}, {case.device}, torch {torch.__version__}"


if __name__ == "__main__":
    main()
