"""Sentences of corpora with mistakes made in them: stage I's data, and the test of rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from lab.corpora import get_corpus, identity_of
from lab.corpora.archives import ARCHIVES as PINNED
from lab.corpora.archives import content_of
from lab.corpora.sentences import sentence_splitter
from lab.datasets.correction import pairs as real
from lab.datasets.correction import synthetic
from lab.datasets.correction.mistakes import of_training
from lab.datasets.correction.noise import Noise
from lab.datasets.embedded.splits import Row

ARCHIVES: tuple[str, ...] = (*real.DATA.archives, "word_forms", "lemminflect", "nlpaug")
VERSION = 1
"""Raised when sentences or mistakes come to be drawn in another way."""


def identity(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`pairs`, how many; `held_out`; `seed` of the mistakes; `added` kinds; `shares` by corpus."""
    return {
        **settings,
        "version": VERSION,
        "corpora": {name: identity_of(get_corpus(name)) for name in settings["shares"]},
        "sentences": sentence_splitter().digest,
        "data": real.DATA.identity(),
        "lists": {name: content_of(PINNED[name]) for name in ARCHIVES},
    }


def pairs(config: Mapping[str, Any]) -> Iterator[Row]:
    """So many pairs. Fewer where a corpus ends before."""
    noise = Noise(of_training(real.DATA.rows("train")), added=config["added"])
    right = synthetic.mixed(config["held_out"], real.evaluated(), config["shares"])
    return islice(synthetic.pairs(right, noise, config["seed"]), config["pairs"])
