"""How many tokens label words take: at most, before there is a vocabulary, and in one.

A label that does not fit the targets can never be answered right.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.vocabulary import Vocabulary
    from t5study.tasks.task import Task


def most_tokens(labels: Iterable[str]) -> int:
    """Return a targets length, EOS included, that any vocabulary can write these labels in.

    A piece stands for a character at least, or for a byte of it; one more stands for the space that
    SentencePiece puts in front.
    """
    return max(len(unicodedata.normalize("NFKC", label).encode()) for label in labels) + 2


def longest(labels: Sequence[str], vocabulary: Vocabulary) -> tuple[str, int]:
    """Return the label of most tokens, and how many these are, EOS included."""
    counts = [len(ids) + 1 for ids in vocabulary.encode_batch(labels)]
    most = max(counts)
    return labels[counts.index(most)], most


def cut_labels(
    tasks: Iterable[Task], vocabulary: Vocabulary, length: int, setting: str
) -> list[str]:
    """Return a complaint for each task of which a label takes more than `length` tokens.

    `setting` is what to type another length after.
    """
    complaints = []
    for task in tasks:
        if not task.labels:
            continue
        label, tokens = longest(task.labels, vocabulary)
        if tokens > length:
            complaints.append(
                f"{setting}={length}: the label '{label}' of {task.name} takes {tokens} tokens of "
                "the vocabulary, EOS included, and could never be answered right. "
                f"Type {setting}={tokens}."
            )
    return complaints
