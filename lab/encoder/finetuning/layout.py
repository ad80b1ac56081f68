"""How inputs stand in a batch: [CLS] first [SEP], and with a second segment that and [SEP] too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.batching.batches import MULTIPLE, Batches
from lab.batching.examples import ExampleRows
from lab.batching.layout import Batch, Examples
from lab.batching.placing import put
from lab.batching.ragged import Ragged, gather, ranges
from lab.encoder.finetuning.inputs import Inputs
from lab.encoder.vocabulary import Pieces


@dataclass(frozen=True, kw_only=True)
class SegmentLayout:
    """Rows of one input each: `tokens`, `types` and `real` (B, T), and its answers.

    Of several choices a row has an input for each, side by side in parts of one width: their first
    segments are the first fields of an example, then come their second ones.
    """

    pieces: Pieces
    length: int
    """The longest input, special pieces included."""
    answers: Mapping[str, np.ndarray]
    """By name, an array (N, ...) over all rows."""
    choices: int = 1

    @property
    def widths(self) -> tuple[int, ...]:
        """Positions of a row."""
        return (self.choices * self.length,)

    def lengths(self, *fields: np.ndarray) -> np.ndarray:
        """Positions that rows take, (N, 1): for each choice as many as for the longest."""
        taken = [
            2 + first + second + (second > 0)
            for first, second in zip(fields[: self.choices], fields[self.choices : -1], strict=True)
        ]
        longest = np.max(taken, axis=0)
        if self.choices > 1:
            longest = np.minimum(self.length, -(-longest // MULTIPLE) * MULTIPLE)
        return (self.choices * longest)[:, None]

    def empty(self, rows: int, widths: Sequence[int]) -> Batch:
        """A batch of padding."""
        batch = {name: np.zeros((rows, widths[0]), np.int64) for name in ("types", "real")}
        batch["tokens"] = np.full((rows, widths[0]), self.pieces.pad, np.int64)
        return batch | {"number": np.zeros(rows, np.int64)}

    def write(self, batch: Batch, fields: Sequence[Ragged], rows: np.ndarray) -> None:
        """Put inputs into rows (N,)."""
        *segments, number = fields
        width = batch["tokens"].shape[1] // self.choices
        for choice in range(self.choices):
            begins = (rows * self.choices + choice) * width
            self._put(batch, segments[choice], segments[self.choices + choice], begins)
        batch["number"][rows] = number.tokens

    def _put(self, batch: Batch, first: Ragged, second: Ragged, begins: np.ndarray) -> None:
        """Inputs from flat places (N,) on."""
        tokens, types = batch["tokens"], batch["types"]
        middle = begins + 1 + first.lengths
        put(tokens, begins, self.pieces.cls)
        put(tokens, np.repeat(begins + 1, first.lengths) + ranges(first.lengths), first.tokens)
        put(tokens, middle, self.pieces.sep)
        put(tokens, np.repeat(middle + 1, second.lengths) + ranges(second.lengths), second.tokens)
        pairs = second.lengths > 0
        put(tokens, (middle + 1 + second.lengths)[pairs], self.pieces.sep)
        behind = second.lengths + pairs
        put(types, np.repeat(middle + 1, behind) + ranges(behind), 1)
        every = 2 + first.lengths + behind
        put(batch["real"], np.repeat(begins, every) + ranges(every), 1)

    def finish(self, batch: Batch) -> Batch:
        """Give each row its answers."""
        number = batch.pop("number")
        return batch | {name: answers[number] for name, answers in self.answers.items()}

    def occupied(self, batch: Batch) -> dict[str, tuple[int, int]]:
        """Positions that hold a piece, and all positions."""
        return {"row": (int(batch["real"].sum()), batch["real"].size)}

    def truncated(self, fields: Sequence[Ragged]) -> dict[str, int]:
        """None: inputs come cut."""
        return {}


class InputBatches:
    """A data set's inputs in rows: shuffled epochs to learn from, or each once to be answered."""

    def __init__(self, inputs: Inputs, pieces: Pieces, length: int) -> None:
        choices = inputs.choices
        self._layout = SegmentLayout(
            pieces=pieces, length=length, answers=inputs.answers, choices=choices
        )
        count = len(inputs) // choices
        numbers = Ragged(np.arange(count, dtype=np.int32), np.ones(count, np.int64))
        self._fields = (
            *(_every(inputs.first, choices, at) for at in range(choices)),
            *(_every(inputs.second, choices, at) for at in range(choices)),
            numbers,
        )
        self._starts = [np.cumsum(field.lengths) - field.lengths for field in self._fields]

    def learned(self, *, batch_size: int, seed: int) -> Batches:
        """Endless batches, each epoch in an order of its own."""
        source = ExampleRows(Examples(self._fields), self._layout, packing=False, seed=seed)
        return Batches(
            {"rows": source}, {"rows": 1.0}, self._layout, batch_size=batch_size, seed=seed
        )

    def sorted(self, tokens: int) -> list[np.ndarray]:
        """The numbers of all rows, those of like lengths together, of so many positions each."""
        lengths = self._layout.lengths(*(field.lengths for field in self._fields))[:, 0]
        order = np.argsort(-lengths, kind="stable")
        parts, start = [], 0
        while start < len(order):
            count = max(1, tokens // self._width(lengths[order[start]]))
            parts.append(order[start : start + count])
            start += count
        return parts

    def of(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers (B,), in this order."""
        fields = [
            gather(field.tokens, starts[numbers], field.lengths[numbers])
            for field, starts in zip(self._fields, self._starts, strict=True)
        ]
        longest = self._layout.lengths(*(field.lengths for field in fields)).max()
        batch = self._layout.empty(len(numbers), [self._width(longest)])
        self._layout.write(batch, fields, np.arange(len(numbers)))
        return self._layout.finish(batch)

    def _width(self, length: int) -> int:
        return min(self._layout.widths[0], -(-int(length) // MULTIPLE) * MULTIPLE)


def _every(segments: Ragged, step: int, start: int) -> Ragged:
    """Each `step`-th sequence from one on."""
    starts = np.cumsum(segments.lengths) - segments.lengths
    return gather(segments.tokens, starts[start::step], segments.lengths[start::step])
