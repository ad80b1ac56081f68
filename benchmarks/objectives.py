"""Raw tokens a second on one core: each objective of ours beside a collator's way of doing it.

    python benchmarks/objectives.py [--batch 128] [--inputs-length 512] [--seconds 1]

For random and i.i.d. spans the peer is the collator of Hugging Face's Flax T5 example, written anew
from its description: it draws the mask of one example after another (the segments of random spans
by shuffling a vector of flags), then replaces runs in the whole batch through an array of sentinel
ids, and takes what is left of all rows at once where they are equally long (random spans). It never
had the other objectives; there the peer is the same numpy for one example after another. Its
results have the same distribution as ours. Neither side adds EOS.

The last lines are an encoder's: ours reads rows of two segments from the text and draws their
masks for BERT; the peer is transformers' DataCollatorForLanguageModeling over the same rows, which
it has as lists of numbers at hand, in the faster of its two forms, torch's tensors and numpy's
arrays. Ours also notes which slots are drawn, and draws as many other positions.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from encoder_rows import masked_rows
from rich.console import Console
from rich.table import Table

from t5study.objectives import get_objective, objective_names

VOCAB_SIZE = 32100
DENSITY, MEAN_SPAN = 0.15, 3.0


def shuffled_segments(items: int, segments: int) -> np.ndarray:
    """Sizes of the parts of `items`, from flags in random order."""
    flags = np.arange(items - 1) < segments - 1
    np.random.shuffle(flags)
    part = np.cumsum(np.concatenate([[False], flags]))
    return np.unique(part, return_counts=True)[1]


def span_mask(length: int) -> np.ndarray:
    """Random spans of one example."""
    noise = min(max(int(np.round(length * DENSITY)), 1), length - 1)
    spans = max(int(np.round(noise / MEAN_SPAN)), 1)
    sizes = np.stack(
        [shuffled_segments(length - noise, spans), shuffled_segments(noise, spans)], axis=1
    ).ravel()
    turns = np.zeros(length, dtype=np.int8)
    turns[np.cumsum(sizes)[:-1]] = 1
    return np.cumsum(turns) % 2 == 1


def iid_mask(length: int) -> np.ndarray:
    """I.i.d. noise of one example."""
    return np.random.random(length) < DENSITY


def sentinel_ids(mask: np.ndarray, size: int) -> np.ndarray:
    """A sentinel of `size` ids where a run begins, -1 on its other tokens, 0 elsewhere."""
    flags = mask.astype(np.int8)
    begins = flags - np.roll(flags, 1, axis=-1) * flags
    begins[:, 0] = flags[:, 0]
    numbered = np.where(begins != 0, np.cumsum(begins, axis=-1), begins)
    ids = np.where(numbered != 0, size - numbered, 0)
    return ids - (flags - begins)


def spans_replaced(
    draw: Callable[[int], np.ndarray], *, equally_long: bool, size: int = VOCAB_SIZE
) -> Callable[[np.ndarray], list[Any]]:
    """Inputs and targets with sentinels, from masks drawn one by one."""

    def collate(tokens: np.ndarray) -> list[Any]:
        masks = np.stack([draw(tokens.shape[1]) for _ in tokens])
        sides: list[Any] = []
        for mask in (masks, ~masks):
            ids = sentinel_ids(mask, size)
            whole = np.where(ids != 0, ids, tokens)
            if equally_long:
                sides.append(whole[whole >= 0].reshape(len(tokens), -1))
            else:
                sides.append([row[row >= 0] for row in whole])
        return sides

    return collate


def each(example: Callable[[np.ndarray], object]) -> Callable[[np.ndarray], object]:
    """One example after another."""
    return lambda tokens: [example(row) for row in tokens]


def bert_example(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """BERT-style corruption of one example."""
    noise = iid_mask(len(row))
    replacement = np.where(
        np.random.random(len(row)) < 0.1,
        np.random.randint(3, VOCAB_SIZE - 100, len(row)),
        VOCAB_SIZE - 1,
    )
    return np.where(noise, replacement, row), row.copy()


def drop_example(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dropping the noise of one example."""
    noise = iid_mask(len(row))
    return row[~noise], row[noise]


def prefix_example(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cutting one example in two."""
    cut = np.random.randint(1, len(row))
    return row[:cut].copy(), row[cut:].copy()


PEERS: dict[str, Callable[[np.ndarray], object]] = {
    "span": spans_replaced(span_mask, equally_long=True),
    "iid": spans_replaced(iid_mask, equally_long=False),
    "bert": each(bert_example),
    "mass": each(lambda row: (np.where(iid_mask(len(row)), VOCAB_SIZE - 1, row), row.copy())),
    "drop": each(drop_example),
    "deshuffling": each(lambda row: (np.random.permutation(row), row.copy())),
    "prefix_lm": each(prefix_example),
    "lm": each(lambda row: (row[:0], row.copy())),
}


def tokens_a_second(work: Callable[[], object], tokens: int, seconds: float) -> float:
    """By the median of the calls within `seconds` of the thread's own time.

    All is numpy in this one thread, so that its time is the clock's where nothing else runs, and
    nearly the same where something does.
    """
    work()
    spent: list[float] = []
    while sum(spent) < seconds:
        start = time.thread_time()
        work()
        spent.append(time.thread_time() - start)
    return tokens / statistics.median(spent)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128, help="examples in a batch")
    parser.add_argument("--inputs-length", type=int, default=512, help="tokens with EOS")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    table = Table(title=f"Millions of raw tokens a second, one core, {options.batch} examples")
    for column in ("objective", "raw tokens", "ours", "collator", "ratio"):
        table.add_column(column, justify="left" if column == "objective" else "right")
    # As in any process that has once held a large array, the allocator keeps smaller ones' memory
    # instead of returning it to the system after each call. It helps both sides.
    np.empty(2**24, dtype=np.uint8)
    rng = np.random.default_rng(0)
    np.random.seed(0)
    for name in objective_names():
        objective = get_objective(name, vocab_size=VOCAB_SIZE)
        length, _ = objective.lengths(options.inputs_length)
        tokens = rng.integers(3, 32000, size=(options.batch, length), dtype=np.int32)
        ours = tokens_a_second(
            lambda batch=tokens, objective=objective: objective.corrupt_batch(batch, rng),
            tokens.size,
            options.seconds,
        )
        peer = tokens_a_second(
            lambda batch=tokens, name=name: PEERS[name](batch), tokens.size, options.seconds
        )
        table.add_row(
            name, str(length), f"{ours / 1e6:.1f}", f"{peer / 1e6:.1f}", f"{ours / peer:.1f}x"
        )
    for longest in (64, 128, options.inputs_length):
        masked = masked_rows(options.batch, longest)
        ours, *peers = (
            tokens_a_second(work, masked.tokens, options.seconds)
            for work in (masked.ours, *masked.collators)
        )
        best = max(peers)
        table.add_row(
            "encoder's rows",
            str(longest),
            f"{ours / 1e6:.1f}",
            f"{best / 1e6:.1f}",
            f"{ours / best:.1f}x",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
