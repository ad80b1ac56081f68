"""How examples stand in the rows of a batch, for both kinds of model.

Letters: B rows, S encoder length, T decoder length, N examples, F lengths that must fit a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lab.batching.layout import Batch, BatchError, Examples
from lab.batching.placing import first_of_row, positions, put, row_bounds, starts
from lab.batching.ragged import Ragged, ranges
from lab.errors import unknown
from lab.text_to_text.config import ARCHITECTURES


class Pairs(Examples):
    """N examples of a task as token ids without EOS: inputs and targets."""

    @classmethod
    def of(cls, examples: Iterable[Sequence[Sequence[int] | np.ndarray]]) -> Self:
        """From (inputs, targets) of ids."""
        listed = list(examples)
        return super().of(listed) if listed else cls((Ragged.of([]), Ragged.of([])))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All examples of several, in order."""
        return super().joined(parts) if parts else cls.of([])

    @property
    def inputs(self) -> Ragged:
        """What a model reads."""
        return self.fields[0]

    @property
    def targets(self) -> Ragged:
        """What it shall write."""
        return self.fields[1]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The form of a batch for one architecture."""

    architecture: str
    """A name in ARCHITECTURES: with an encoder, or a single stack."""
    inputs_length: int
    """Most tokens of an example's input, EOS included; a row's width before an encoder."""
    targets_length: int
    """Most tokens of an example's target, EOS included; a row's width before a decoder."""
    row_length: int | None = None
    """A single stack's row; by default input and target one after the other."""
    loss_on_inputs: bool = False
    """Whether a single stack also learns to write the input (released code: yes)."""

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise BatchError(unknown("architecture", self.architecture, ARCHITECTURES))
        for name in ("inputs_length", "targets_length"):
            if getattr(self, name) < 2:
                raise BatchError(
                    f"{name}={getattr(self, name)} leaves no room for a token and EOS: "
                    "give at least 2."
                )

    @property
    def encoder(self) -> bool:
        """Whether inputs stand in rows of their own."""
        return ARCHITECTURES[self.architecture].encoder

    @property
    def widths(self) -> tuple[int, ...]:
        """Row widths: encoder and decoder, or the single stack's."""
        if self.encoder:
            return self.inputs_length, self.targets_length
        return (self.row_length or self.inputs_length + self.targets_length,)

    def close(self, inputs: Ragged, targets: Ragged) -> tuple[Ragged, Ragged]:
        """Cut both sides to their lengths, an EOS at the end of each.

        In a single stack an example without any input begins with its target.
        """
        return (
            inputs.closed(self.inputs_length, close_empty=self.encoder),
            targets.closed(self.targets_length),
        )

    def lengths(self, *fields: np.ndarray) -> np.ndarray:
        """What examples take of a row, (N, F), whose inputs and targets have these lengths (N,)."""
        inputs, targets = fields
        closed_inputs = np.minimum(inputs, self.inputs_length - 1) + 1
        closed_targets = np.minimum(targets, self.targets_length - 1) + 1
        if self.encoder:
            return np.stack([closed_inputs, closed_targets], axis=1)
        return (np.where(inputs > 0, closed_inputs, 0) + closed_targets)[:, None]

    def empty(self, rows: int, widths: Sequence[int]) -> Batch:
        """A batch of padding."""
        names = ["decoder_target_tokens", "decoder_segment_ids", "decoder_loss_weights"]
        if ARCHITECTURES[self.architecture].prefix:
            names.append("decoder_causal_attention")
        batch = {name: np.zeros((rows, widths[-1]), dtype=np.int64) for name in names}
        if self.encoder:
            for name in ("encoder_input_tokens", "encoder_segment_ids"):
                batch[name] = np.zeros((rows, widths[0]), dtype=np.int64)
        return batch

    def write(self, batch: Batch, fields: Sequence[Ragged], rows: np.ndarray) -> None:
        """Put examples into rows (N,) of a batch, each side cut and closed by an EOS."""
        self.place(batch, *self.close(*fields), rows)

    def place(self, batch: Batch, inputs: Ragged, targets: Ragged, rows: np.ndarray) -> None:
        """Put examples that end in EOS into rows (N,) of a batch; a row's own stand together."""
        first = first_of_row(rows)
        segments = np.arange(len(rows)) - first + 1
        if self.encoder:
            where = positions(rows, inputs.lengths, first, batch["encoder_input_tokens"].shape[1])
            put(batch["encoder_input_tokens"], where, inputs.tokens)
            put(batch["encoder_segment_ids"], where, np.repeat(segments, inputs.lengths))
            totals, skipped = targets.lengths, np.zeros_like(targets.lengths)
        else:
            totals, skipped = inputs.lengths + targets.lengths, inputs.lengths
        width = batch["decoder_target_tokens"].shape[1]
        begins = starts(rows, totals, first, width)
        target_places = np.repeat(begins + skipped, targets.lengths) + ranges(targets.lengths)
        put(batch["decoder_target_tokens"], target_places, targets.tokens)
        put(batch["decoder_loss_weights"], target_places, 1)
        if self.encoder:
            put(batch["decoder_segment_ids"], target_places, np.repeat(segments, targets.lengths))
            return
        input_places = np.repeat(begins, inputs.lengths) + ranges(inputs.lengths)
        put(batch["decoder_target_tokens"], input_places, inputs.tokens)
        if self.loss_on_inputs:
            put(batch["decoder_loss_weights"], input_places, 1)
        places = np.repeat(begins, totals) + ranges(totals)
        put(batch["decoder_segment_ids"], places, np.repeat(segments, totals))
        if "decoder_causal_attention" in batch:
            # A decoder reads one place late, behind its start token: that is one place more.
            seen = inputs.lengths + 1
            places = np.repeat(begins, seen) + ranges(seen)
            put(batch["decoder_causal_attention"], places, 1)

    def occupied(self, batch: Batch) -> dict[str, tuple[int, int]]:
        """Positions that hold a token, and all of them, of the encoder and of the decoder."""
        sides = ("encoder", "decoder") if self.encoder else ("decoder",)
        segments = {side: batch[f"{side}_segment_ids"] for side in sides}
        return {side: (int(np.count_nonzero(ids)), ids.size) for side, ids in segments.items()}

    def truncated(self, fields: Sequence[Ragged]) -> dict[str, int]:
        """How many examples lose their end, of the inputs and of the targets."""
        inputs, targets = fields
        return {
            "inputs": int((inputs.lengths >= self.inputs_length).sum()),
            "targets": int((targets.lengths >= self.targets_length).sum()),
        }

    def finish(self, batch: Batch) -> Batch:
        """Add what a decoder reads."""
        batch["decoder_input_tokens"] = make_autoregressive_inputs(
            batch["decoder_target_tokens"], batch["decoder_segment_ids"]
        )
        return batch


def make_autoregressive_inputs(
    targets: np.ndarray, segment_ids: np.ndarray | None = None
) -> np.ndarray:
    """Decoder inputs (..., T): targets one place later, every segment starting from 0."""
    targets = np.asarray(targets)
    inputs = np.zeros_like(targets)
    inputs[..., 1:] = targets[..., :-1]
    if segment_ids is not None:
        segments = np.asarray(segment_ids)
        inputs[..., 1:] *= segments[..., 1:] == segments[..., :-1]
    return inputs


def pack(
    examples: Sequence[tuple[Sequence[int], Sequence[int]]], layout: Layout, *, packing: bool = True
) -> Batch:
    """A batch of (inputs, targets) that already end in EOS, in as many full-width rows as it takes.

    With packing an example goes into the current row only if it fits on every side, else it opens
    the next one; without, each has a row of its own. Raises BatchError for one that fits no row.
    """
    inputs = Ragged.of(pair[0] for pair in examples)
    targets = Ragged.of(pair[1] for pair in examples)
    if layout.encoder:
        lengths = np.stack([inputs.lengths, targets.lengths], axis=1)
    else:
        lengths = (inputs.lengths + targets.lengths)[:, None]
    too_long = np.flatnonzero((lengths > np.array(layout.widths)).any(axis=1))
    if len(too_long):
        raise BatchError(
            f"Example {too_long[0]} takes {lengths[too_long[0]].tolist()} tokens, but a row holds "
            f"{list(layout.widths)}: cut it first."
        )
    rows = np.arange(len(examples))
    if packing:
        counts = np.diff(row_bounds(lengths, layout.widths))
        rows = np.repeat(np.arange(len(counts)), counts)
    batch = layout.empty(int(rows.max(initial=-1)) + 1, layout.widths)
    layout.place(batch, inputs, targets, rows)
    layout.finish(batch)
    if not packing:
        # With nothing behind it, EOS is read like any other token.
        batch["decoder_input_tokens"] = make_autoregressive_inputs(batch["decoder_target_tokens"])
    return batch


def padding_share(batch: Mapping[str, np.ndarray], *sides: str) -> float:
    """The share of a batch's positions that hold no token: of "encoder", "decoder", or both."""
    names = [f"{side}_segment_ids" for side in sides or ("encoder", "decoder")]
    segments = [batch[name] for name in names if name in batch]
    used = sum(int(np.count_nonzero(ids)) for ids in segments)
    return 1 - used / max(1, sum(ids.size for ids in segments))
