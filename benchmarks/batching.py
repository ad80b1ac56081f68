"""Raw tokens a second from a tokenized corpus into collated tensors, end to end.

    python benchmarks/batching.py [--batch 128] [--inputs-length 512] [--seconds 5]

In the training process itself, by that process's own time, and with two worker processes, by the
clock. The peer is what common pre-training scripts do: a torch DataLoader over chunks of the same
files, shuffled by its sampler, whose collator corrupts one example after another (`objectives.py`
has its corruption).

A second table says how much of the rows is padding, for every objective.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from objectives import PEERS, VOCAB_SIZE
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader, Dataset

from lab.corpora.tokenized import TokenizedCorpus, write_tokens
from t5study.batching import PretrainBatches, loader
from t5study.objectives import get_objective, objective_names, sentinels_needed

PIECES = 32_000
DOCUMENTS, MEAN_LENGTH = 40_000, 500


class Chunks(Dataset[np.ndarray]):
    """The corpus in chunks of one length, from a memory-mapped array."""

    def __init__(self, corpus: TokenizedCorpus, length: int) -> None:
        self._tokens, self._length = corpus.shards[0], length

    def __len__(self) -> int:
        return len(self._tokens) // self._length

    def __getitem__(self, index: int) -> np.ndarray:
        return self._tokens[index * self._length : (index + 1) * self._length].astype(np.int64)


class Collator:
    """Corrupts examples one by one and pads them into tensors."""

    def __init__(self, name: str, inputs_length: int, targets_length: int) -> None:
        self._name, self._widths = name, (inputs_length, targets_length)

    def __call__(self, rows: list[np.ndarray]) -> list[torch.Tensor]:
        tensors = []
        for side, width in zip(PEERS[self._name](np.stack(rows)), self._widths, strict=True):
            padded = np.zeros((len(side), width), dtype=np.int64)
            for row, tokens in enumerate(side):
                tokens = np.append(tokens[: width - 1], 1)
                padded[row, : len(tokens)] = tokens
            tensors += [torch.from_numpy(padded), torch.from_numpy((padded > 0).astype(np.int64))]
        shifted = torch.zeros_like(tensors[2])
        shifted[:, 1:] = tensors[2][:, :-1]
        return [*tensors, shifted]


def batches_a_second(
    batches: Iterable[object], seconds: float, clock: Callable[[], float]
) -> float:
    """After the first few, which start the workers."""
    waiting = iter(batches)
    for _ in islice(waiting, 5):
        pass
    count, start = 0, clock()
    while (spent := clock() - start) < seconds and next(waiting, None) is not None:
        count += 1
    return count / spent


def padding(corpus: TokenizedCorpus, inputs_length: int, rows: int) -> Table:
    """Shares of positions without a token, of ten batches."""
    table = Table(title=f"Padding, {inputs_length} inputs")
    for column in ("objective", "model", "row", "encoder", "decoder", "both", "examples a row"):
        table.add_column(column, justify="left" if column in ("objective", "model") else "right")
    for name in objective_names():
        needed = sentinels_needed(name, inputs_length)
        objective = get_objective(
            name, vocab_size=PIECES + needed + 1, num_sentinels=max(needed, 1)
        )
        for architecture in ("encoder_decoder", "prefix_lm", "language_model"):
            if architecture not in objective.architectures:
                continue
            batches = PretrainBatches(
                corpus,
                objective,
                architecture=architecture,
                inputs_length=inputs_length,
                batch_size=rows,
                seed=0,
            )
            measured = batches.measure(range(10))
            sides = {"encoder": None} | measured.padding_by_side
            table.add_row(
                name,
                architecture,
                " + ".join(map(str, batches.layout.widths)),
                *("" if side is None else f"{side:.1%}" for side in sides.values()),
                f"{measured.padding_share:.1%}",
                f"{measured.examples / (10 * rows):.2f}",
            )
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128, help="rows in a batch")
    parser.add_argument("--inputs-length", type=int, default=512, help="tokens with EOS")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    table = Table(
        title=f"Millions of raw tokens a second, {options.batch} rows, "
        f"{options.inputs_length} inputs"
    )
    columns = ("objective", "one process", "peer", "two workers", "peer, two workers")
    for column in columns:
        table.add_column(column, justify="left" if column == "objective" else "right")
    with tempfile.TemporaryDirectory() as folder:
        lengths = rng.geometric(1 / MEAN_LENGTH, DOCUMENTS)
        documents = (rng.integers(3, PIECES, length) for length in lengths)
        write_tokens(documents, Path(folder), pieces=PIECES)
        start = time.perf_counter()
        corpus = TokenizedCorpus.open(Path(folder))
        opened = time.perf_counter() - start
        for name in ("span", "iid"):
            objective = get_objective(name, vocab_size=VOCAB_SIZE)
            raw, targets_length = objective.lengths(options.inputs_length)
            batches = PretrainBatches(
                corpus,
                objective,
                architecture="encoder_decoder",
                inputs_length=options.inputs_length,
                batch_size=options.batch,
                seed=0,
            )
            chunks = Chunks(corpus, raw)
            collator = Collator(name, options.inputs_length, targets_length)
            rates = [
                batches_a_second(made, options.seconds, clock) * options.batch * raw / 1e6
                for workers, clock in ((0, time.process_time), (2, time.perf_counter))
                for made in (
                    loader(batches, 0, 10**6, workers=workers),
                    DataLoader(
                        chunks,
                        options.batch,
                        shuffle=True,
                        collate_fn=collator,
                        num_workers=workers,
                    ),
                )
            ]
            table.add_row(name, *(f"{rate:.1f}" for rate in rates))
        Console().print(table)
        Console().print(padding(corpus, options.inputs_length, options.batch))
        Console().print(f"{len(corpus):,} tokens opened in {opened * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
