"""Rows of text that encoders are pre-trained on, [CLS] first [SEP] second [SEP], out of lines.

Rows are made once, and known by where their pieces stand in the text. Letters: B rows read, T
positions, R rows, L lines, S stretches of text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.encoder.lines import Lines
from lab.encoder.segments import SPECIALS, WHOLE, goals, in_second, segment_limits
from lab.errors import DataError

SHORTEST = 5
"""Pieces that a row gathers at least, where its document has them."""


@dataclass(frozen=True, kw_only=True)
class Stretches:
    """Where the pieces of rows stand: stretches of the text, row by row, first segments first."""

    starts: np.ndarray
    """int64 (S,): in the text's pieces."""
    sizes: np.ndarray
    """int64 (S,): pieces."""
    bounds: np.ndarray
    """int64 (R + 1,): with which stretch each row begins, and where the last one ends."""
    firsts: np.ndarray
    """int64 (R,): pieces of first segments."""
    lengths: np.ndarray
    """int64 (R,): pieces of rows, special ones included."""

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The numbers of these rows' stretches, in the order of `rows`."""
        counts = self.bounds[rows + 1] - self.bounds[rows]
        ends = np.cumsum(counts)
        within = np.arange(int(counts.sum())) - np.repeat(ends - counts, counts)
        return np.repeat(self.bounds[rows], counts) + within


class RowsOfText:
    """Rows that are read out of lines, by where their stretches of text stand."""

    def __init__(self, lines: Lines, stretches: Stretches) -> None:
        self._lines, self._stretches = lines, stretches
        self.lengths = stretches.lengths
        """int64 (R,): pieces of each row, special ones included."""

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def thrown_away(self) -> float:
        """Share of the text's pieces that are in no row, 0 to 1."""
        order = np.argsort(self._stretches.starts)
        starts = self._stretches.starts[order]
        ends = starts + self._stretches.sizes[order]
        before = np.maximum.accumulate(np.append(0, ends))[:-1]
        held = np.maximum(0, ends - np.maximum(starts, before)).sum()
        return float(1.0 - held / len(self._lines.corpus))

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Rows by their numbers (B,), padded to the longest of them.

        `tokens` and `types` int64 (B, T), `real` bool (B, T): what is no padding. A first segment
        with its special pieces is of type 0, a second one with its [SEP] of type 1.
        """
        rows = np.asarray(indices, dtype=np.int64)
        special, held = self._lines.special, self._stretches
        lengths, firsts = held.lengths[rows], held.firsts[rows]
        places = np.arange(int(lengths.max(initial=0)))
        real = places < lengths[:, None]
        types = (real & (places > firsts[:, None] + 1)).astype(np.int64)
        tokens = np.full(real.shape, special["pad"], dtype=np.int64)
        tokens[:, :1] = special["cls"]
        tokens[np.arange(len(rows)), firsts + 1] = special["sep"]
        tokens[np.arange(len(rows)), lengths - 1] = special["sep"]
        text = held.of(rows)
        read = self._lines.corpus.read_padded(held.starts[text], held.sizes[text])
        inside = np.arange(read.shape[1]) < held.sizes[text][:, None]
        empty = tokens == special["pad"]
        tokens[real & empty] = read[inside]
        return {"tokens": tokens, "types": types, "real": real}


class Rows(RowsOfText):
    """Rows of the lines of a corpus, the same ones for the same seed.

    Lines of one document are gathered until they have `longest` pieces, or, with probability
    `short`, some number from 5 to that; the end of the document ends a row too. With 2 `segments` a
    row's lines are parted in two (see `segments.in_second`), but with probability `single` not.
    What is then over `longest` pieces with the special ones is thrown away.
    Raises DataError for settings that make no rows.
    """

    def __init__(
        self,
        lines: Lines,
        *,
        longest: int = 64,
        segments: int = 2,
        single: float = 0.1,
        short: float = 0.05,
        seed: int = 0,
    ) -> None:
        if longest < SHORTEST or segments not in (1, 2):
            raise DataError(
                f"Rows of at most {longest} pieces and {segments} segments: accepted are "
                f"{SHORTEST} pieces or more, and 1 or 2 segments."
            )
        rng = np.random.default_rng(seed)
        starts, targets = gathered(lines, longest, short, rng)
        goal = goals(targets)
        if segments == 1:
            single = 1.0
        goal[rng.random(len(goal)) < single] = WHOLE
        coins = rng.random(len(lines)) < 0.5
        second = in_second(np.diff(lines.corpus.offsets), starts, goal, coins)
        super().__init__(lines, stretches(lines, starts, second, longest))


def gathered(
    lines: Lines, longest: int, short: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """With which line each row begins, and how many pieces it was to gather: int64 (R,) each.

    All documents are gone through at once, a row of each at a time.
    """
    offsets, ends = lines.corpus.offsets, lines.documents[1:]
    at = lines.documents[:-1]
    starts, targets = [], []
    while len(at):
        target = np.where(
            rng.random(len(at)) < short,
            rng.integers(SHORTEST, longest + 1, size=len(at)),
            longest,
        )
        starts.append(at)
        targets.append(target)
        at = chunk_ends(offsets, at, target, ends)
        unfinished = at < ends
        at, ends = at[unfinished], ends[unfinished]
    found = np.concatenate(starts)
    order = np.argsort(found)
    return found[order], np.concatenate(targets)[order]


def chunk_ends(
    offsets: np.ndarray, starts: np.ndarray, targets: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """Before which lines chunks (C,) end that begin with the lines `starts`.

    Behind the line with which a chunk has its target of pieces, or with its document, whose last
    line is before `ends`. Lines are where `offsets` (L + 1,) have them in the text.
    """
    found: np.ndarray = np.minimum(np.searchsorted(offsets, offsets[starts] + targets), ends)
    return found


def stretches(lines: Lines, starts: np.ndarray, second: np.ndarray, longest: int) -> Stretches:
    """Rows that begin at the lines `starts` (R,), by which lines (L,) are in a second segment."""
    begins, sizes = lines.corpus.offsets[:-1], np.diff(lines.corpus.offsets)
    counts = np.diff(np.append(starts, len(sizes)))
    segment = 2 * np.repeat(np.arange(len(starts)), counts) + second
    order = np.argsort(segment, kind="stable")
    segment, begins, sizes = segment[order], begins[order], sizes[order]
    whole = np.bincount(segment, weights=sizes, minlength=2 * len(starts)).astype(np.int64)
    limits = np.empty_like(whole)
    limits[::2], limits[1::2] = segment_limits(whole[::2], longest)
    before = np.cumsum(sizes) - sizes
    within = before - (np.cumsum(whole) - whole)[segment]
    kept = np.clip(limits[segment] - within, 0, sizes)
    segment, begins, sizes = segment[kept > 0], begins[kept > 0], kept[kept > 0]
    # Lines that follow each other in the text and in a segment are one stretch.
    new = np.ones(len(segment), dtype=bool)
    new[1:] = (np.diff(segment) != 0) | (begins[:-1] + sizes[:-1] != begins[1:])
    heads = np.flatnonzero(new)
    row = segment[heads] // 2
    cut = np.minimum(whole, limits)
    firsts, seconds = cut[::2], cut[1::2]
    return Stretches(
        starts=begins[heads],
        sizes=np.add.reduceat(sizes, heads),
        bounds=np.searchsorted(row, np.arange(len(starts) + 1)),
        firsts=firsts,
        lengths=firsts + seconds + SPECIALS - (seconds == 0),
    )
