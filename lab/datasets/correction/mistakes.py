"""What writers get wrong and how often, counted on pairs: words left out, put in, replaced."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from lab.datasets.correction import word_lists
from lab.datasets.embedded.splits import Row

LEFT_OUT, PUT_IN = 392, 488
"""How many words the published lists of omissions and insertions have."""
ONCE = 1
"""A word of a list counts as a replacement that was seen once."""


@dataclass(frozen=True, kw_only=True)
class Mistakes:
    """Mistakes by kind, each with how often it was seen."""

    left_out: Mapping[str, int]
    put_in: Mapping[str, int]
    replaced: Mapping[str, Mapping[str, int]]
    """Right word -> what was written for it."""
    verbs: Mapping[str, Sequence[str]]
    """Word -> other forms of its verb."""

    @staticmethod
    def of(
        pairs: Iterable[Row],
        verbs: Mapping[str, Sequence[str]],
        others: Iterable[Mapping[str, Sequence[str]]] = (),
    ) -> Mistakes:
        """Count them on rows {source, target}; `others` are lists of replacements besides."""
        left_out: Counter[str] = Counter()
        put_in: Counter[str] = Counter()
        replaced: dict[str, Counter[str]] = defaultdict(Counter)
        for row in pairs:
            wrong, right = row["source"].split(), row["target"].split()
            matcher = SequenceMatcher(None, wrong, right, autojunk=False)
            for operation, start, end, first, last in matcher.get_opcodes():
                if operation != "equal":
                    for written, meant in zip_longest(wrong[start:end], right[first:last]):
                        if written is None:
                            left_out[meant] += 1
                        elif meant is None:
                            put_in[written] += 1
                        else:
                            replaced[meant][written] += 1
        for words in others:
            for right_word, wrong_words in words.items():
                replaced[right_word].update(dict.fromkeys(wrong_words, ONCE))
        return Mistakes(
            left_out=_most(left_out, LEFT_OUT),
            put_in=_most(put_in, PUT_IN),
            replaced={word: dict(sorted(counts.items())) for word, counts in replaced.items()},
            verbs=verbs,
        )


def _most(counts: Counter[str], size: int) -> dict[str, int]:
    """Return the most frequent words; of equally frequent ones the first of the alphabet."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:size])


def of_training(rows: Iterable[Row]) -> Mistakes:
    """Return the mistakes of the training pairs and of all lists. Raises DataError."""
    lists = word_lists.confusions(), word_lists.noun_numbers(), word_lists.misspellings()
    pairs = (row for row in rows if row["corrections"])
    return Mistakes.of(pairs, word_lists.verb_forms(), lists)
