"""The rows that a stage learns, or answers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import islice

import numpy as np

from lab.datasets.dataset import DataSet, Row
from lab.datasets.segments import segments_of
from lab.datasets.source import TaskError
from lab.encoder.finetuning.inputs import Inputs, Texts
from lab.encoder.finetuning.kinds import Kind
from lab.encoder.vocabulary import Pieces
from lab.errors import StudyError
from lab.strata import stratified

log = logging.getLogger(__name__)

FEW = 0.02
"""Of inputs that lose their end a table speaks from this share on; a stage records any."""


def training_rows(data: DataSet, kind: Kind, limit: int | None) -> tuple[list[Row], int, int]:
    """The first rows to learn, how many were read for them, and how many of these have no answer.

    Raises TaskError where none has one that can be learned.
    """
    texts = segments_of(data)
    rows: list[Row] = []
    read = left_out = 0
    for _, raw, row in data.read_rows("train"):
        if limit is not None and len(rows) == limit:
            break
        read += 1
        made = data.row(row) if data.answered(raw) else None
        if made is not None and kind.learned(made, texts(made)):
            rows.append(made)
        else:
            left_out += 1
    if not rows:
        raise TaskError(
            f"Task '{data.name}': none of the {read:,} rows of its train split has an answer to "
            "learn."
        )
    return rows, read, left_out


def scored_rows(data: DataSet, split: str, limit: int | None, *, drawn: str = "first") -> list[Row]:
    """`limit` rows of a split, each with an answer: the first ones, or by `drawn` "stratified".

    These have the labels in the shares of the whole split, where answers are labels that are
    scored one by one. Raises TaskError for a row without an answer.
    """
    every = (data.row(row) for _, _, row in data.read_rows(split, scored=True))
    by_label = data.form in ("label", "choice") and not data.grouped
    if limit is None or drawn == "first" or not by_label:
        return list(islice(every, limit))
    rows = list(every)
    return [rows[place] for place in stratified([row.label or 0 for row in rows], limit)]


def made_inputs(
    data: DataSet,
    kind: Kind,
    rows: Sequence[Row],
    pieces: Pieces,
    length: int,
    *,
    orders: int = 1,
    threads: int | None = None,
) -> Inputs:
    """Rows as inputs; with two `orders` each once more with its segments exchanged.

    Raises StudyError for a length without room for a piece of each segment.
    """
    texts: Texts = [*map(segments_of(data), rows)]
    least = 2 * len(texts[0]) + 1
    if length < least:
        raise StudyError(
            f"inputs_length={length}: inputs of {data.name} with their special pieces take "
            f"{least} positions at least. Give more."
        )
    if orders > 1:
        rows, texts = [*rows, *rows], [*texts, *(one[::-1] for one in texts)]
    return kind.inputs(rows, texts, pieces, length, threads)


def cut_note(name: str, share: float, length: int, stage: str) -> list[str]:
    """What a table says of inputs that were cut; nothing of fewer than FEW of them."""
    if share < FEW:
        return []
    return [f"In {stage} {share:.0%} of {name}'s inputs were cut to {length} pieces."]


def share_cut(inputs: Inputs) -> float:
    """The share of inputs that are not whole."""
    return float(np.mean(inputs.cut))
