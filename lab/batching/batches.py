"""Batches of a mixture of sources, each a function of (seed, index).

Resuming is one integer, and the number of workers or processes changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lab.batching.layout import Batch, BatchError, Drawn, Layout, Source
from lab.batching.order import Order
from lab.batching.ragged import Ragged
from lab.batching.ranks import RankBatches

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
    """The same of each part of a row, by the layout's names."""
    truncated: dict[str, int]
    """Examples of which a field was cut to its length, by the layout's names."""
    overflowed: int
    """Examples that a source could not make as its objective wants them."""


class Batches(RankBatches):
    """Batches of `batch_size` rows drawn from sources, each batch a function of (seed, index).

    `rates` are shares of examples. A source's rows come in epochs, each in an order of its own.
    Every `DRAWN_TOGETHER` rows have a random generator of their own, so that a rank makes its rows
    without the others'.
    """

    @classmethod
    def of_one(
        cls, name: str, rows: Source, layout: Layout, *, batch_size: int, seed: int
    ) -> Batches:
        """Batches of a single source, by its name."""
        return cls({name: rows}, {name: 1.0}, layout, batch_size=batch_size, seed=seed)

    def __init__(
        self,
        sources: Mapping[str, Source],
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
        super().__init__(batch_size)
        self._seed = seed
        self._rows = list(self.sources.values())
        # A row of short examples holds many of them, so it is drawn less often.
        weights = [rates[n] * len(s) / s.examples for n, s in self.sources.items()]
        self._shares = [weight / sum(weights) for weight in weights]
        self._order = Order(self._shares, [len(rows) for rows in self._rows], seed)

    @property
    def fixed_widths(self) -> bool:
        """Whether every batch has the layout's full widths."""
        return all(rows.full_width for rows in self._rows)

    def epochs(self, steps: int, source: str | None = None) -> float:
        """How often `steps` batches go through a source, the first one where none is named."""
        position = 0 if source is None else list(self.sources).index(source)
        return steps * self.batch_size * self._shares[position] / len(self._rows[position])

    def __getitem__(self, index: int) -> Batch:
        start, stop = self.share.start, self.share.stop
        first = start - start % DRAWN_TOGETHER
        last = min(self.batch_size, -(-stop // DRAWN_TOGETHER) * DRAWN_TOGETHER)
        chosen = self._chosen(index)
        batch = self.layout.empty(last - first, self._widths(chosen))
        placed: dict[int, list[tuple[np.ndarray, Drawn]]] = {}
        for source, rows, drawn in self._drawn(index, chosen, first, last):
            placed.setdefault(source, []).append((rows[drawn.rows] - first, drawn))
        for parts in placed.values():
            fields = zip(*(drawn.fields for _, drawn in parts), strict=True)
            self.layout.write(
                batch,
                [Ragged.joined(field) for field in fields],
                np.concatenate([rows for rows, _ in parts]),
            )
        if (first, last) != (start, stop):
            batch = {name: array[start - first : stop - first] for name, array in batch.items()}
        return self.layout.finish(batch)

    def measure(self, indices: Iterable[int]) -> Measured:
        """Padding, truncation and overflow of some batches, all ranks' rows together."""
        whole = self.shard(0, 1)
        count = overflowed = 0
        truncated: Counter[str] = Counter()
        padding = []
        for index in indices:
            occupied = self.layout.occupied(whole[index])
            sides = [*occupied]
            all_sides = tuple(map(sum, zip(*occupied.values(), strict=True)))
            padding.append([1 - used / max(1, of) for used, of in (all_sides, *occupied.values())])
            chosen = self._chosen(index)
            for _, _, drawn in self._drawn(index, chosen, 0, self.batch_size):
                count += len(drawn.rows)
                truncated.update(self.layout.truncated(drawn.fields))
                overflowed += drawn.overflowed
        share, *by_side = np.mean(padding, axis=0).tolist()
        return Measured(
            examples=count,
            padding_share=share,
            padding_by_side=dict(zip(sides, by_side, strict=True)),
            truncated=dict(truncated),
            overflowed=overflowed,
        )

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

    def _drawn(
        self, index: int, chosen: tuple[np.ndarray, np.ndarray], first: int, last: int
    ) -> Iterable[tuple[int, np.ndarray, Drawn]]:
        """(source, rows of the batch, their examples) of rows first .. last - 1 of the batch."""
        sources, rows = chosen
        for start in range(first, last, DRAWN_TOGETHER):
            rng = np.random.default_rng((self._seed, index, start // DRAWN_TOGETHER))
            block = np.arange(start, min(start + DRAWN_TOGETHER, self.batch_size))
            for source in np.unique(sources[block]).tolist():
                mine = block[sources[block] == source]
                yield source, mine, self._rows[source].read(rows[mine], rng)
