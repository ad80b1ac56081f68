"""Which pieces are predicted: n-grams of whole words (section 3.1, "masked LM").

Letters: B rows, T positions, W words of a row, N slots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.encoder.pretraining.masking import Ids, candidates

Mask = NDArray[np.bool_]
NOWHERE = -1
"""The word of a position that holds none, and a place in an order that is not used."""


def probabilities(longest: int) -> NDArray[np.float64]:
    """p(n) of n-grams of 1 to `longest` words: in proportion to 1/n."""
    shares = 1.0 / np.arange(1, longest + 1)
    found: NDArray[np.float64] = shares / shares.sum()
    return found


def mean_length(longest: int) -> float:
    """Words of an n-gram to expect."""
    return float(probabilities(longest) @ np.arange(1, longest + 1))


def how_many(tokens: ArrayLike, rate: float, most: int) -> Ids:
    """Pieces predicted in a row of so many real ones, the special ones counted; also of many rows.

    At least 1, at most `most`, rounded half to even.
    """
    rounded = np.round(np.asarray(tokens, dtype=np.float64) * rate).astype(np.int64)
    return np.clip(rounded, 1, most)


def words_of(tokens: Ids, inside: Mask, begins: Mask, *, across: bool = False) -> Ids:
    """The number of the word of each position (B, T), and NOWHERE outside of words.

    `inside` (B, T) are the pieces of the text, `begins` (V,) the pieces that begin a word. A
    special piece is a border; `across` it, as released, a word of the first segment may go on in
    the second.
    """
    new = inside & (begins[tokens] | (np.cumsum(inside, axis=1) == 1))
    if not across:
        new[:, 1:] |= inside[:, 1:] & ~inside[:, :-1]
    return np.where(inside, np.cumsum(new, axis=1) - 1, NOWHERE)


@dataclass(frozen=True)
class Words:
    """The words of rows, as far as choosing among them needs."""

    sizes: Ids
    """Pieces (B, W), 0 where there is no word."""
    limits: Ids
    """Of each word (B, W), the word before which an n-gram that begins with it must end."""

    @classmethod
    def of(cls, words: Ids, *, across: bool = False) -> Words:
        """By the word of each position (B, T); but `across`, n-grams end where a segment does."""
        rows, width = len(words), int(words.max(initial=NOWHERE)) + 1
        inside = words != NOWHERE
        flat = (words + np.arange(rows)[:, None] * width)[inside]
        sizes = np.bincount(flat, minlength=rows * width).reshape(rows, width)
        limits = np.broadcast_to((sizes > 0).sum(1)[:, None], sizes.shape)
        if not across:
            runs = np.zeros((rows, width), dtype=np.int64)
            runs.flat[flat] = np.cumsum(~inside, axis=1)[inside]
            ends = np.where(runs[:, :-1] != runs[:, 1:], np.arange(1, width), width)
            ends = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
            limits = limits.copy()
            limits[:, :-1] = np.minimum(limits[:, :-1], ends)
        return cls(sizes, limits)


def choose(words: Words, budgets: Ids, order: Ids, lengths: Ids) -> Mask:
    """Which words (B, W) are predicted, with `budgets` (B,) pieces at most.

    Words are visited in their `order` (B, .), and each begins an n-gram of its length (B, W). One
    that is over the budget loses its last words until it fits, and one that then meets a word that
    was chosen before is left out whole.
    """
    sizes, limits = words.sizes, words.limits
    ends = np.cumsum(sizes, axis=1)
    chosen = np.zeros(sizes.shape, dtype=bool)
    left = budgets.copy()
    reach = np.arange(int(lengths.max(initial=1)))
    rows = np.arange(len(sizes))
    for visited in range(order.shape[1]):
        rows = rows[(left[rows] > 0) & (order[rows, visited] != NOWHERE)]
        if not len(rows):
            break
        begin = order[rows, visited]
        before = ends[rows, begin] - sizes[rows, begin]
        end = np.minimum(begin + lengths[rows, begin], limits[rows, begin])
        for _ in reach[1:]:
            over = ends[rows, end - 1] - before > left[rows]
            end -= over & (end > begin + 1)
        pieces = ends[rows, end - 1] - before
        held = begin[:, None] + reach
        within = held < end[:, None]
        held = np.minimum(held, sizes.shape[1] - 1)
        free = (pieces <= left[rows]) & ~(within & chosen[rows[:, None], held]).any(1)
        taken = within & free[:, None]
        chosen[np.broadcast_to(rows[:, None], held.shape)[taken], held[taken]] = True
        left[rows[free]] -= pieces[free]
    return chosen


@dataclass(frozen=True, kw_only=True)
class Masking:
    """Settings of the masked language model's task."""

    rate: float = 0.15
    """Share of a row's pieces that are predicted, as far as `most` allows."""
    most: int = 20
    """Pieces that are predicted in a row at most: in the release 20, for rows of 512 too."""
    longest: int = 3
    """Words of the longest n-gram; 1 is whole-word masking."""
    across: bool = False
    """Whether n-grams go on across the middle [SEP], as released."""
    masked: float = 0.8
    """Share of predicted pieces at which [MASK] is shown, each piece on its own."""
    random: float = 0.1
    """Share at which any piece is shown."""

    def draw(
        self,
        tokens: Ids,
        real: Mask,
        begins: Mask,
        special: frozenset[int],
        rng: np.random.Generator,
    ) -> tuple[Ids, Mask]:
        """Positions (B, N) in their order and which of these slots are used; N depends on T alone.

        Of pieces (B, T), where they are `real`. An unused slot is position 0.
        """
        inside = candidates(tokens, real, special)
        words = words_of(tokens, inside, begins, across=self.across)
        of_rows = Words.of(words, across=self.across)
        there = of_rows.sizes > 0
        keys = np.where(there, rng.random(there.shape), 2.0)
        order = np.argsort(keys, axis=1)
        order = np.where(np.take_along_axis(there, order, 1), order, NOWHERE)
        shares = probabilities(self.longest)
        lengths = 1 + rng.choice(len(shares), size=there.shape, p=shares)
        budgets = how_many(real.sum(1), self.rate, self.most)
        chosen = choose(of_rows, budgets, order, lengths)
        # A column more, for positions that hold no word.
        padded = np.pad(chosen, ((0, 0), (0, 1)))
        predicted = np.take_along_axis(padded, words, 1)
        slots = int(how_many(tokens.shape[1], self.rate, self.most))
        positions = np.argsort(~predicted, axis=1, kind="stable")[:, :slots]
        used = np.arange(positions.shape[1]) < predicted.sum(1)[:, None]
        return np.where(used, positions, 0), used
