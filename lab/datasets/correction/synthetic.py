"""Pairs with several mistakes a sentence, made of the embedded corpora's sentences."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lab import corpora
from lab.corpora.sentences import SentenceSplitter, sentence_splitter
from lab.datasets.correction.noise import Noise
from lab.datasets.correction.tokens import tokens
from lab.datasets.embedded.splits import Row, content_hash, letters

SHORTEST, LONGEST = 5, 30
"""Tokens of a sentence before mistakes are made."""
SHARES = {"everyday": 60, "encyclopedia": 15, "glosses": 15, "docs": 10}
"""Out of 100 sentences, by corpus."""
HELD_OUT = 40
"""Every so manieth sentence is held out, by a hash of its letters."""


class Sentence(NamedTuple):
    """A sentence of a corpus."""

    words: list[str]
    corpus: str


def sentences(documents: Iterable[str], splitter: SentenceSplitter) -> Iterator[list[str]]:
    """Yield the sentences of documents that have a usable length and end as sentences do."""
    for document in documents:
        for paragraph in document.split("\n"):
            # At once: its patterns have a time limit that runs on while a generator waits.
            for start, end in [*splitter.spans(paragraph)]:
                words = tokens(paragraph[start:end])
                if SHORTEST <= len(words) <= LONGEST and words[-1] in (".", "?", "!"):
                    yield words


def mixed(
    held_out: bool, known: Iterable[str] = (), shares: Mapping[str, int] | None = None
) -> Iterator[Sentence]:
    """Yield the sentences of the corpora in turn by their shares, each once.

    Either those that are held out or the others, and none of `known`, letters of sentences
    (`pairs.evaluated`). Ends with the first corpus that has no more. Raises DataError where a
    corpus cannot be had.
    """
    shares = shares or SHARES
    splitter = sentence_splitter()
    streams = {name: sentences(corpora.get_corpus(name).documents(), splitter) for name in shares}
    seen = {*known}
    while True:
        for name, share in shares.items():
            for _ in range(share):
                words = next(_fresh(streams[name], seen, held_out), None)
                if words is None:
                    return
                yield Sentence(words, name)


def _fresh(stream: Iterator[list[str]], seen: set[str], held_out: bool) -> Iterator[list[str]]:
    """Yield those of a stream that were not seen and belong to the part."""
    for words in stream:
        form = letters("".join(words))
        if form not in seen and is_held_out(form) == held_out:
            seen.add(form)
            yield words


def is_held_out(form: str) -> bool:
    """Return whether the sentence of these letters is held out."""
    return int(content_hash(form), 16) % HELD_OUT == 0


def pairs(right: Iterable[Sentence], noise: Noise, seed: int) -> Iterator[Row]:
    """Yield a pair for each sentence that came out changed; a sentence's mistakes are its own.

    Another seed makes other mistakes in the same sentences.
    """
    for sentence in right:
        target = " ".join(sentence.words)
        rng = random.Random(f"{seed} {target}")
        source = " ".join(noise.noised(sentence.words, rng))
        if source != target:
            yield {
                "source": source,
                "target": target,
                "origin": "synthetic",
                "rule": "",
                "category": sentence.corpus,
                "corrections": 1,
            }


def joined(rows: Iterable[Row], seed: int = 0, most: int = 3) -> Iterator[Row]:
    """Yield lines of two to `most` pairs each: real mistakes, but several in a line."""
    rng = random.Random(seed)
    waiting: list[Row] = []
    count = rng.randint(2, most)
    for row in rows:
        waiting.append(row)
        if len(waiting) == count:
            sides = {side: " ".join(r[side] for r in waiting) for side in ("source", "target")}
            yield {**waiting[0], **sides, "rule": " ".join(r["rule"] for r in waiting)}
            waiting = []
            count = rng.randint(2, most)
