"""A user's corrected file against a gold file of edits (M2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from lab.errors import DataError
from studies.gector.m2 import read_m2
from studies.gector.scoring import Example, Score, get_scorer, score
from studies.gector.text import read_lines


def score_file(output: Path, gold: Path, scorer: str) -> Score:
    """The scores of corrected lines, tokens between spaces, one for each sentence of the gold file.

    Raises DataError for a file that cannot be read or has another number of lines.
    """
    return score(_examples(output, gold), get_scorer(scorer))


def _examples(output: Path, gold: Path) -> Iterator[Example]:
    pairs = zip_longest(read_lines(output), read_m2(gold))
    for number, (line, sentence) in enumerate(pairs, start=1):
        if line is None or sentence is None:
            short, long = (output, gold) if line is None else (gold, output)
            raise DataError(
                f"{short} has {number - 1:,} sentences and {long} has more. Line n of the one is "
                "to be the correction of sentence n of the other."
            )
        yield Example(sentence.tokens, line.split(), sentence.annotators())
