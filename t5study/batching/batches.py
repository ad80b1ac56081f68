"""Batches of a mixture of sources; pre-training and fine-tuning are such mixtures."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from lab.batching.order import Order
from lab.batching.ragged import Ragged
from lab.corpora.tokenized import TokenizedCorpus
from t5study.batching.layout import Batch, BatchError, Layout, padding_share
from t5study.batching.sources import CorpusRows, ExampleRows, Examples, Pairs, Rows
from t5study.objectives.objective import Objective

MULTIPLE = 8
"""Rows that need not be full are padded to the longest of a batch, rounded up to this."""
DRAWN_TOGETHER = 32
"""Rows of a batch that one random generator serves."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What some batches were like."""

    examples: int
    padding_share: float
    """Share of all positions that hold no token."""
    padding_by_side: dict[str, float]
    """The same of the encoder's positions and of the decoder's."""
    truncated_inputs: int
    truncated_targets: int
    """Examples of which a side was cut to its length."""
    overflowed: int
    """Examples that ran out of sentinels and kept their last runs uncorrupted."""


class Batches:
    """Batches of `batch_size` rows drawn from sources, each batch a function of (seed, index).

    `rates` are shares of examples. A source's rows come in epochs, each in an order of its own.
    Every `DRAWN_TOGETHER` rows have a random generator of their own, so that a rank makes its rows
    without the others'.
    """

    def __init__(
        self,
        sources: Mapping[str, Rows],
        rates: Mapping[str, float],
        layout: Layout,
        *,
        batch_size: int,
        seed: int,
    ) -> None:
        wanted = [name for name in sources if rates.get(name, 0) > 0]
        if set(rates) - set(sources) or not wanted or batch_size < 1:
            raise BatchError(
                f"rates {dict(rates)} and batch_size={batch_size} for the sources "
                f"{', '.join(sources) or 'none'}: give known names, a rate above 0 and a batch of "
                "at least 1."
            )
        self.sources = {name: sources[name] for name in wanted}
        self.layout = layout
        self.batch_size = batch_size
        self._seed = seed
        self._rows = list(self.sources.values())
        # A row of short examples holds many of them, so it is drawn less often.
        weights = [rates[n] * len(s) / s.examples for n, s in self.sources.items()]
        self._shares = [weight / sum(weights) for weight in weights]
        self._order = Order(self._shares, [len(rows) for rows in self._rows], seed)
        self._rank, self._world = 0, 1

    def shard(self, rank: int, world: int) -> Self:
        """The same batches, of which this rank makes its consecutive share of the rows.

        Raises BatchError where the ranks' shares would differ.
        """
        if self.batch_size % world or not 0 <= rank < world:
            raise BatchError(
                f"rank {rank} of {world} with batches of {self.batch_size} rows: the number of "
                "ranks must divide the batch."
            )
        view = copy.copy(self)
        view._rank, view._world = rank, world
        return view

    @property
    def fixed_widths(self) -> bool:
        """Whether every batch has the layout's full widths."""
        return all(rows.full_width for rows in self._rows)

    def epochs(self, steps: int, source: str | None = None) -> float:
        """How often `steps` batches go through a source, the first one where none is named."""
        position = 0 if source is None else list(self.sources).index(source)
        return steps * self.batch_size * self._shares[position] / len(self._rows[position])

    def __getitem__(self, index: int) -> Batch:
        start, stop = self._bounds()
        first = start - start % DRAWN_TOGETHER
        last = min(self.batch_size, -(-stop // DRAWN_TOGETHER) * DRAWN_TOGETHER)
        chosen = self._chosen(index)
        batch = self.layout.empty(last - first, self._widths(chosen))
        placed: dict[int, list[tuple[np.ndarray, Examples]]] = {}
        for source, rows, examples in self._examples(index, chosen, first, last):
            placed.setdefault(source, []).append((rows[examples.rows] - first, examples))
        for parts in placed.values():
            inputs, targets = self.layout.close(
                Ragged.joined([examples.inputs for _, examples in parts]),
                Ragged.joined([examples.targets for _, examples in parts]),
            )
            self.layout.place(batch, inputs, targets, np.concatenate([rows for rows, _ in parts]))
        if (first, last) != (start, stop):
            batch = {name: array[start - first : stop - first] for name, array in batch.items()}
        return self.layout.finish(batch)

    def measure(self, indices: Iterable[int]) -> Measured:
        """Padding, truncation and overflow of some batches, all ranks' rows together."""
        whole = self.shard(0, 1)
        count = inputs = targets = overflowed = 0
        sides = ("encoder", "decoder") if self.layout.encoder else ("decoder",)
        padding = []
        for index in indices:
            batch = whole[index]
            padding.append([padding_share(batch), *(padding_share(batch, one) for one in sides)])
            chosen = self._chosen(index)
            for _, _, examples in self._examples(index, chosen, 0, self.batch_size):
                count += len(examples.rows)
                inputs += int((examples.inputs.lengths >= self.layout.inputs_length).sum())
                targets += int((examples.targets.lengths >= self.layout.targets_length).sum())
                overflowed += examples.overflowed
        share, *by_side = np.mean(padding, axis=0).tolist()
        return Measured(
            examples=count,
            padding_share=share,
            padding_by_side=dict(zip(sides, by_side, strict=True)),
            truncated_inputs=inputs,
            truncated_targets=targets,
            overflowed=overflowed,
        )

    def _bounds(self) -> tuple[int, int]:
        share = self.batch_size // self._world
        return self._rank * share, (self._rank + 1) * share

    def _chosen(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Each row's source (B,) and its row there (B,)."""
        if index < 0:
            raise IndexError(f"batch {index}: batches are counted from 0")
        begin = index * self.batch_size
        return self._order.draws(begin, begin + self.batch_size)

    def _widths(self, chosen: tuple[np.ndarray, np.ndarray]) -> list[int]:
        sources, rows = chosen
        # Of the whole batch, so that all ranks agree on how wide it is.
        widest = np.max(
            [self._rows[p].widest(rows[sources == p]) for p in np.unique(sources)], axis=0
        )
        return [
            min(limit, -(-int(width) // MULTIPLE) * MULTIPLE)
            for width, limit in zip(widest, self.layout.widths, strict=True)
        ]

    def _examples(
        self, index: int, chosen: tuple[np.ndarray, np.ndarray], first: int, last: int
    ) -> Iterable[tuple[int, np.ndarray, Examples]]:
        """(source, rows of the batch, examples) of rows first .. last - 1, from a block's start."""
        sources, rows = chosen
        for start in range(first, last, DRAWN_TOGETHER):
            rng = np.random.default_rng((self._seed, index, start // DRAWN_TOGETHER))
            block = np.arange(start, min(start + DRAWN_TOGETHER, self.batch_size))
            for source in np.unique(sources[block]).tolist():
                mine = block[sources[block] == source]
                yield source, mine, self._rows[source].read(rows[mine], rng)


class PretrainBatches(Batches):
    """Corrupted pieces of a corpus, or of several (corpus, rate) by name (sections 3.1.4, 3.4).

    The targets length is the objective's own for `inputs_length`.
    """

    def __init__(
        self,
        corpus: TokenizedCorpus | Mapping[str, tuple[TokenizedCorpus, float]],
        objective: Objective,
        *,
        architecture: str,
        inputs_length: int,
        batch_size: int,
        seed: int,
        loss_on_inputs: bool = False,
    ) -> None:
        corpora = {"corpus": (corpus, 1.0)} if isinstance(corpus, TokenizedCorpus) else corpus
        raw_length, targets_length = objective.lengths(inputs_length)
        layout = Layout(
            architecture=architecture,
            inputs_length=inputs_length,
            targets_length=targets_length,
            row_length=objective.row_length(inputs_length),
            loss_on_inputs=loss_on_inputs,
        )
        super().__init__(
            {n: CorpusRows(c, objective, layout, raw_length) for n, (c, _) in corpora.items()},
            {name: rate for name, (_, rate) in corpora.items()},
            layout,
            batch_size=batch_size,
            seed=seed,
        )


class FinetuneBatches(Batches):
    """Examples of tasks, drawn by their rates (sections 2.4, 3.5.2).

    Packed, a row holds as many of a task's examples as fit; else one, and a batch is as wide as
    its longest example.
    """

    def __init__(
        self,
        examples: Mapping[str, Pairs],
        rates: Mapping[str, float],
        *,
        architecture: str,
        inputs_length: int,
        targets_length: int,
        batch_size: int,
        seed: int,
        packing: bool = False,
        loss_on_inputs: bool = False,
    ) -> None:
        layout = Layout(
            architecture=architecture,
            inputs_length=inputs_length,
            targets_length=targets_length,
            loss_on_inputs=loss_on_inputs,
        )
        sources = {
            name: ExampleRows(pairs, layout, packing=packing, seed=seed)
            for name, pairs in examples.items()
        }
        super().__init__(sources, rates, layout, batch_size=batch_size, seed=seed)
