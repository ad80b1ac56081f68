"""What a batch asks of a study: where the rows come from and how examples stand in them.

Letters: B rows, N examples, F parts of a row with a width each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from lab.batching.ragged import Ragged
from lab.errors import StudyError

Batch = dict[str, np.ndarray]


class BatchError(StudyError, ValueError):
    """Settings or data that no batch can be made of."""


@dataclass(frozen=True)
class Examples:
    """N examples, field by field: token ids, labels, or whatever the layout puts into rows."""

    fields: tuple[Ragged, ...]
    """Each holds one sequence for each of the N examples."""

    @classmethod
    def of(cls, examples: Iterable[Sequence[Sequence[int] | np.ndarray]]) -> Self:
        """From the fields' sequences of one example after the other; at least one example."""
        return cls(tuple(Ragged.of(field) for field in zip(*examples, strict=True)))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All examples of several, in order; at least one part."""
        return cls(
            tuple(Ragged.joined(field) for field in zip(*(p.fields for p in parts), strict=True))
        )

    def __len__(self) -> int:
        return len(self.fields[0].lengths) if self.fields else 0

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for field in self.fields for array in field)


@dataclass(frozen=True)
class Drawn:
    """Examples that a source gave for some rows, not yet cut to the layout's lengths."""

    fields: tuple[Ragged, ...]
    rows: np.ndarray
    """(N,): which of the asked rows each example is in, in order."""
    overflowed: int = 0
    """Examples that the source could not make as its objective wants them."""


class Source(Protocol):
    """A fixed number of rows, each of whole examples and always of the same raw text."""

    full_width: bool
    """Whether the rows need the layout's widths, whichever rows are drawn."""

    def __len__(self) -> int:
        """How many rows an epoch has."""

    @property
    def examples(self) -> int:
        """How many examples all rows hold."""

    def read(self, rows: np.ndarray, rng: np.random.Generator) -> Drawn:
        """The examples of rows (N,)."""

    def widest(self, rows: np.ndarray) -> np.ndarray:
        """The widths (F,) that rows (N,) need, as the layout's `widths`."""


class Layout(Protocol):
    """The form of a batch: which arrays there are, and where an example's fields stand in them.

    A model with an encoder and a decoder has two widths, a single stack one; an encoder may put
    one or two segments into a row, with labels or masks beside them.
    """

    @property
    def widths(self) -> tuple[int, ...]:
        """Positions of the F parts of a row."""

    def lengths(self, *fields: np.ndarray) -> np.ndarray:
        """What examples take of a row, (N, F), whose fields have these lengths (N,) each."""

    def empty(self, rows: int, widths: Sequence[int]) -> Batch:
        """A batch of padding, its parts as wide as `widths` (F,)."""

    def write(self, batch: Batch, fields: Sequence[Ragged], rows: np.ndarray) -> None:
        """Cut examples to their lengths and put them into rows (N,); a row's stand together."""

    def finish(self, batch: Batch) -> Batch:
        """Add the arrays that follow from the others."""

    def occupied(self, batch: Batch) -> Mapping[str, tuple[int, int]]:
        """Positions that hold a token, and all positions, by the name of each part of a row."""

    def truncated(self, fields: Sequence[Ragged]) -> Mapping[str, int]:
        """How many examples lose an end in `write`, by the name of each field that is cut."""
