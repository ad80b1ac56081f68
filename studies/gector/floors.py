"""What corrects without a model: scores below these say that nothing was learned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from lab.datasets.correction import word_lists
from lab.datasets.embedded.splits import Row

SHORT = 3
"""Letters of a word that is too short to be known as misspelt."""
Corrector = Callable[[list[list[str]]], list[list[str]]]


def nothing(sentences: list[list[str]]) -> list[list[str]]:
    """Leave every sentence as it is: precision 1, recall 0."""
    return sentences


def look_up(right: Mapping[str, str]) -> Corrector:
    """Replace each word that stands in a list of misspellings, and no other."""

    def correct(sentences: list[list[str]]) -> list[list[str]]:
        return [[right.get(token, token) for token in sentence] for sentence in sentences]

    return correct


def misspelt(misspellings: Mapping[str, Sequence[str]], words: Iterable[str]) -> dict[str, str]:
    """Return wrong word -> right word, of those that have one right word and are none themselves.

    `misspellings` is right word -> wrong ones, `words` are right ones besides. The list has slips,
    short forms and real words in it: what is short or no letters alone stays out.
    """
    known = {word.lower() for word in chain(misspellings, words)}
    meant: dict[str, set[str]] = {}
    for right, wrong in misspellings.items():
        for word in wrong:
            meant.setdefault(word, set()).add(right)
    return {
        word: next(iter(rights))
        for word, rights in meant.items()
        if len(rights) == 1 and len(word) > SHORT and word.isalpha() and word.lower() not in known
    }


def misspelling_list(rows: Iterable[Row]) -> dict[str, str]:
    """Return the fetched list of misspellings for `look_up`; right words are those of training.

    Raises DataError.
    """
    trained = (word for row in rows for word in row["target"].split())
    lists = word_lists.verb_forms(), word_lists.noun_numbers(), word_lists.confusions()
    return misspelt(word_lists.misspellings(), chain(trained, *lists))
