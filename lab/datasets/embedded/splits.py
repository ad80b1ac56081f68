"""Train, validation and test parts that depend on the examples alone."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

Row = dict[str, Any]

NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """Return the text's letters and digits alone, lower-cased, accents removed.

    Two texts that differ in spacing, punctuation or tokenization come out the same.
    """
    plain = unicodedata.normalize("NFKD", text.lower())
    return NEITHER_LETTER_NOR_DIGIT.sub(
        "", "".join(c for c in plain if not unicodedata.combining(c))
    )


def content_hash(*parts: object) -> str:
    """Return a hash that orders texts at random, and always in the same way."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()


def shuffled(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[Row]:
    """Return the rows in the order of their keys' hashes; rows of one key stay together."""
    return sorted(rows, key=lambda row: content_hash(key(row)))


def split(
    rows: Iterable[Row], key: Callable[[Row], Hashable], sizes: Mapping[str, int]
) -> dict[str, list[Row]]:
    """Return the parts named in `sizes`, each of at least so many rows, and the rest as "train".

    All rows of one key fall into one part, so that what they share is not split.
    """
    groups: dict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    order = iter(sorted(groups, key=content_hash))
    parts: dict[str, list[Row]] = {"train": []}
    for name, size in sizes.items():
        parts[name] = []
        while len(parts[name]) < size:
            parts[name] += groups[next(order)]
    parts["train"] = [row for group in order for row in groups[group]]
    return parts


def first_of_each(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[Row]:
    """Return the rows without those whose key came before."""
    found: dict[Hashable, Row] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return list(found.values())
