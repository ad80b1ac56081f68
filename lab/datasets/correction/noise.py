"""Wrong sentences out of right ones: a few steps each, in the manner of a published generator.

The shares of steps and of their kinds are that generator's; the words are ours (`mistakes`). It
makes no misspellings of its own and keeps the case that its lists have. Three kinds are added
because real pairs have them: the first letter's case, a hyphen for a space, a final full stop.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TypeVar

from lab.datasets.correction.mistakes import Mistakes

Choice = TypeVar("Choice")

STEPS = {0: 0.05, 1: 0.07, 2: 0.25, 3: 0.35, 4: 0.28}
"""How many steps a sentence has: 2.74 in the mean, and one in twenty none."""
PUBLISHED = {"leave_out": 0.30, "change_verb": 0.25, "replace": 0.25, "put_in": 0.20}
ADDED = {"change_case": 0.05, "change_hyphen": 0.05, "change_stop": 0.03}
INSTEAD = {"change_verb": "replace", "replace": "change_verb"}
"""What is tried once where there is nothing to change."""


@dataclass(frozen=True)
class Noise:
    """Draws mistakes into sentences."""

    mistakes: Mistakes
    added: bool = True
    """Whether the three added kinds are among the steps."""

    def noised(self, tokens: list[str], rng: random.Random) -> list[str]:
        """Return a sentence with mistakes; now and then with none."""
        made = [*tokens]
        for _ in range(_draw(STEPS, rng)):
            kind = _draw(PUBLISHED | (ADDED if self.added else {}), rng)
            if not self._step(kind, made, rng) and kind in INSTEAD:
                self._step(INSTEAD[kind], made, rng)
        return made

    def _step(self, kind: str, tokens: list[str], rng: random.Random) -> bool:
        """Make one mistake where the kind can; say whether it did."""
        step: Callable[[list[str], random.Random], bool] = getattr(self, kind)
        return step(tokens, rng)

    def leave_out(self, tokens: list[str], rng: random.Random) -> bool:
        """Leave out one of the words that writers leave out; a sentence keeps one word."""
        places = [n for n, token in enumerate(tokens) if token in self.mistakes.left_out]
        if places and len(tokens) > 1:
            del tokens[rng.choice(places)]
        return bool(places)

    def change_verb(self, tokens: list[str], rng: random.Random) -> bool:
        """Change a verb into another of its forms."""
        places = [n for n, token in enumerate(tokens) if token in self.mistakes.verbs]
        if places:
            place = rng.choice(places)
            tokens[place] = rng.choice(self.mistakes.verbs[tokens[place]])
        return bool(places)

    def replace(self, tokens: list[str], rng: random.Random) -> bool:
        """Replace a word by what writers wrote for it."""
        places = [n for n, token in enumerate(tokens) if token in self.mistakes.replaced]
        if places:
            place = rng.choice(places)
            tokens[place] = _draw(self.mistakes.replaced[tokens[place]], rng)
        return bool(places)

    def put_in(self, tokens: list[str], rng: random.Random) -> bool:
        """Put one of the words that writers add anywhere."""
        words, totals = self._additions
        if words:
            word = words[bisect(totals, rng.random() * totals[-1], hi=len(words) - 1)]
            tokens.insert(rng.randrange(len(tokens) + 1), word)
        return bool(words)

    def change_case(self, tokens: list[str], rng: random.Random) -> bool:
        """Change the case of a word's first letter; of the first word more often."""
        places = [n for n, token in enumerate(tokens) if token[:1] != token[:1].swapcase()]
        if places:
            place = places[0] if rng.random() < 0.5 else rng.choice(places)
            tokens[place] = tokens[place][:1].swapcase() + tokens[place][1:]
        return bool(places)

    def change_hyphen(self, tokens: list[str], rng: random.Random) -> bool:
        """Write a hyphened word apart, or two words with a hyphen."""
        compounds = [n for n, token in enumerate(tokens) if "-" in token.strip("-")]
        words = [
            n for n in range(len(tokens) - 1) if tokens[n].isalpha() and tokens[n + 1].isalpha()
        ]
        if compounds:
            place = rng.choice(compounds)
            tokens[place : place + 1] = [part for part in tokens[place].split("-") if part]
        elif words:
            place = rng.choice(words)
            tokens[place : place + 2] = ["-".join(tokens[place : place + 2])]
        return bool(compounds or words)

    def change_stop(self, tokens: list[str], rng: random.Random) -> bool:
        """Leave out the full stop at the end, or put one there."""
        if tokens[-1] != ".":
            tokens.append(".")
        elif len(tokens) > 1:
            tokens.pop()
        return True

    @cached_property
    def _additions(self) -> tuple[list[str], list[int]]:
        counts = self.mistakes.put_in
        return [*counts], [*accumulate(counts.values())]


def _draw(weights: Mapping[Choice, float], rng: random.Random) -> Choice:
    return rng.choices([*weights], [*weights.values()])[0]
