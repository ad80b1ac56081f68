"""Questions about passages as inputs: question and window, and back from pieces to characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.batching.ragged import Ragged
from lab.encoder.finetuning.inputs import Inputs
from lab.encoder.finetuning.windows import place_in, window_of, windows_of
from lab.encoder.segments import SPECIALS
from lab.encoder.vocabulary import Pieces

LONGEST_QUESTION = 64
"""Pieces; and never more than half of a row."""
STRIDE = 128
"""Pieces from a window to the next; and never more than half of one."""
Answers = Sequence[tuple[int, int] | None]
"""Of each row the first character of its answer and the one behind it; None where there is none."""


@dataclass(frozen=True, kw_only=True)
class SpanInputs(Inputs):
    """Windows of passages, each behind its row's question. `answers` has of each (N,):

    `begin`, `end`: where the window's pieces stand in the row; `from`, `to`: those of them that
    no other window shows with more context; `start`, `last`: the answer's first and last piece, 0
    where the window does not hold it, and then `impossible` is 1.
    """

    row: np.ndarray
    """(N,): of which row each is a window."""
    window: np.ndarray
    """(N,): the passage's piece at `begin`."""
    passages: Sequence[str]
    """Of each row."""
    right: Sequence[Sequence[str]]
    """The answers of each row, of none an empty text."""
    offsets: Sequence[np.ndarray]
    """Of each row (pieces, 2): a piece's first character in the passage and the one behind it."""

    def windows_by_row(self) -> list[np.ndarray]:
        """The numbers of each row's windows."""
        starts = np.searchsorted(self.row, np.arange(1, len(self.passages)))
        return np.split(np.arange(len(self.row)), starts)

    def text(self, number: int, first: int, last: int) -> str:
        """What stands in the passage from one place of a window's row to another."""
        begin = int(self.answers["begin"][number])
        at = int(self.window[number]) - begin
        row = int(self.row[number])
        start, end = self.offsets[row][first + at, 0], self.offsets[row][last + at, 1]
        return self.passages[row][start:end].strip()


def span_inputs(
    texts: Sequence[tuple[str, str]],
    answers: Answers,
    pieces: Pieces,
    length: int,
    threads: int | None,
    right: Sequence[Sequence[str]] = (),
) -> SpanInputs:
    """Rows of (question, passage) as windows of `length` positions at most."""
    asked = pieces.encode_arrays([question for question, _ in texts], threads)
    passages = [passage for _, passage in texts]
    longest = min(LONGEST_QUESTION, (length - SPECIALS) // 2)
    named = ("begin", "end", "from", "to", "start", "last", "impossible")
    found: dict[str, list[int]] = {name: [] for name in (*named, "row", "window")}
    first, second, offsets = [], [], []
    encoded = pieces.encode_offsets(passages, threads)
    for row, (ids, places) in enumerate(encoded):
        question = asked[row][:longest]
        room, begin = length - SPECIALS - len(question), len(question) + 2
        windows = windows_of(len(ids), room, min(STRIDE, max(1, room // 2)))
        best = window_of(windows, np.arange(len(ids)))
        answer = _pieces_of(answers[row], places)
        for number, window in enumerate(windows):
            start, count = window
            held = answer and place_in(window, answer, begin)
            own = np.flatnonzero(best == number) + begin - start
            of_window = {
                "begin": begin,
                "end": begin + count,
                "from": int(own[0]) if len(own) else begin,
                "to": int(own[-1]) + 1 if len(own) else begin,
                "start": held[0] if held else 0,
                "last": held[1] if held else 0,
                "impossible": int(not held),
                "row": row,
                "window": start,
            }
            for name, value in of_window.items():
                found[name].append(value)
            first.append(question)
            second.append(ids[start : start + count])
        offsets.append(places)
    return SpanInputs(
        first=Ragged.of(first),
        second=Ragged.of(second),
        cut=np.array([len(question) > longest for question in asked]),
        answers={name: np.array(found[name], dtype=np.int64) for name in named},
        row=np.array(found["row"], dtype=np.int64),
        window=np.array(found["window"], dtype=np.int64),
        passages=passages,
        right=right,
        offsets=offsets,
    )


def _pieces_of(answer: tuple[int, int] | None, places: np.ndarray) -> tuple[int, int] | None:
    """The first and the last piece that have characters of an answer; None where none has."""
    if answer is None:
        return None
    start, end = answer
    held = np.flatnonzero((places[:, 1] > start) & (places[:, 0] < end))
    return (int(held[0]), int(held[-1])) if len(held) else None
