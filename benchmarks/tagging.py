"""Pairs of sentences a second to tags, and what the tags cover, on one core.

    python benchmarks/tagging.py [--pairs 100000] [--real]

Pairs are generated ones of 5 to 30 tokens with some 2.7 mistakes each, or with --real the training
pairs of `python -m lab.corpora fetch correction`, over and over. Time is the process's own, of the
stream from token lists to tags; making the pairs is not in it. "later" are edits that a round of
one tag a token leaves; the last columns are the share of edits, in percent, that the most frequent
tags of these pairs make.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice, repeat

from rich.console import Console
from rich.table import Table

from lab.datasets.correction import mistakes, noise, pairs, synthetic
from studies.gector.tags.preprocess import Tally, tagged
from studies.gector.tags.rounds import rounds
from studies.gector.tags.transformations import Basic, Family, Transformations
from studies.gector.tags.verbs import verb_forms
from studies.gector.tags.vocabulary import TagVocabulary, coverage

SIZES = (100, 300, 1000, 2000)

Pair = tuple[list[str], list[str]]


def some_pairs(count: int, real: bool) -> list[Pair]:
    """Pairs as token lists."""
    rows = pairs.DATA.rows("train")
    if real:
        found: Iterator = chain.from_iterable(repeat([r for r in rows if r["corrections"]]))
    else:
        maker = noise.Noise(mistakes.of_training(rows))
        found = synthetic.pairs(
            synthetic.mixed(held_out=False, known=pairs.evaluated()), maker, seed=0
        )
    return [(row["source"].split(), row["target"].split()) for row in islice(found, count)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100_000, help="how many are tagged")
    parser.add_argument("--real", action="store_true", help="training pairs, repeated")
    options = parser.parse_args()
    found = some_pairs(options.pairs, options.real)
    tokens = sum(len(source) for source, _ in found) / len(found)
    everything = Transformations(verb_forms())
    table = Table(title=f"{len(found):,} pairs of {tokens:.1f} tokens, one core")
    for column in ("tags", "pairs/s", "100k in s", "edits a pair", "later"):
        table.add_column(column, justify="left" if column == "tags" else "right")
    for size in SIZES:
        table.add_column(f"{size:,}", justify="right")
    kinds: dict[str, Family] = {"basic": Basic(), "all": everything}
    for name, family in kinds.items():
        tally, start = Tally(), time.process_time()
        deque(tagged(found, family, tally), maxlen=0)
        seconds = time.process_time() - start
        edits = tally.edits.total()
        table.add_row(
            name,
            f"{len(found) / seconds:,.0f}",
            f"{seconds / len(found) * 100_000:.1f}",
            f"{edits / tally.pairs:.2f}",
            f"{100 * tally.later / edits:.1f}%",
            *(
                f"{coverage(tally.edits, TagVocabulary.of(tally.edits, size)):.1f}"
                for size in SIZES
            ),
        )
    console = Console()
    console.print(table)
    few = found[:: max(len(found) // 5000, 1)]
    needed = [sum(1 for _ in rounds(*pair, everything, most=20)) for pair in few]
    shares = (f"{100 * sum(n <= r for n in needed) / len(few):.1f}% in {r}" for r in (1, 2, 3))
    console.print(f"mended by the right tags, of {len(few):,}: {', '.join(shares)} rounds")


if __name__ == "__main__":
    main()
