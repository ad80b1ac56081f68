"""A small corpus whose words say which one follows, as the stages that pre-trainings read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from lab.encoder.lines import HELD_OUT, TRAIN, LinesWriter
from lab.encoder.vocabulary import open_vocabulary
from lab.vocabulary import train_vocabulary

WORDS = "a b c d e f g h i j k l m n o".split()
PIECES = 36
"""Of its vocabulary, special ones included."""


def sentences(rng: np.random.Generator, count: int) -> list[str]:
    """So many lines of a document: each word is followed by the third one behind it."""
    starts = rng.integers(len(WORDS), size=count)
    return [" ".join(WORDS[(s + 3 * n) % len(WORDS)] for n in range(6)) for s in starts]


def written(root: Path, lines: int) -> SimpleNamespace:
    """Folders of a vocabulary stage and a lines stage, and the vocabulary.

    60 documents of so many lines to train on, 20 held out.
    """
    rng = np.random.default_rng(0)
    documents = [sentences(rng, lines) for _ in range(80)]
    (root / "vocabulary").mkdir()
    train_vocabulary((line for one in documents for line in one), PIECES - 3, root / "vocabulary")
    pieces = open_vocabulary(root / "vocabulary")
    special = {"pad": pieces.pad, "cls": pieces.cls, "sep": pieces.sep}
    for part, own in ((TRAIN, documents[:60]), (HELD_OUT, documents[60:])):
        (root / "lines" / part).mkdir(parents=True)
        with LinesWriter(root / "lines" / part, pieces=pieces.size, special=special) as writer:
            for one in own:
                writer.add(pieces.encode_arrays(one))
            writer.finish()
    return SimpleNamespace(vocabulary=root / "vocabulary", lines=root / "lines", pieces=pieces)
