"""Pairs of wrong and right sentences and right ones alone, in parts that share none.

Examples of one rule are variations of one mistake, so there are two tests: "unseen", all sentences
of every tenth rule, and "seen", other sentences of rules that are trained on. Their scores never
mix.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain

from lab.corpora.prepared import Prepared, Rows
from lab.datasets.correction import harper, language_tool
from lab.datasets.correction.sentence import Example
from lab.datasets.correction.tokens import tokens
from lab.datasets.embedded.splits import Row, content_hash, letters

SHORTEST, LONGEST = 4, 40
"""Tokens of a source."""
PARTS = ("unseen", "seen", "validation", "train")
"""In the order in which they choose: what an earlier one has, a later one has not."""
PAIRS = {"seen": 1500, "validation": 500}
RIGHT = {"seen": 1000, "validation": 500}
UNSEEN = 10
"""Every so manieth rule is unseen."""


def kept(examples: Iterable[Example]) -> list[Row]:
    """Return the pairs whose tokens differ, then the right sentences, each source once.

    A right sentence that is a side of a pair is left out. The texts are tokens between spaces.
    """
    pairs: dict[str, Row] = {}
    right: dict[str, Row] = {}
    for example in examples:
        source, target = tokens(example.source), tokens(example.target)
        row = example._asdict() | {"source": " ".join(source), "target": " ".join(target)}
        if SHORTEST <= len(source) <= LONGEST and bool(example.corrections) == (source != target):
            (pairs if example.corrections else right).setdefault(row["source"], row)
    sides = pairs.keys() | {row["target"] for row in pairs.values()}
    return [*pairs.values(), *(row for text, row in right.items() if text not in sides)]


def is_unseen(rule: str) -> bool:
    """Return whether all sentences of a rule are held out, by a hash of its text."""
    return int(hashlib.sha256(rule.encode()).hexdigest(), 16) % UNSEEN == 0


def split(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the four parts, each in the order of a hash.

    A rule of the seen test keeps a pair in the others: its first one by the hash is never tested.
    No sentence of a part, wrong or right, has the letters of one in an earlier part.
    """
    parts: dict[str, list[Row]] = {name: [] for name in PARTS}
    pairs: list[Row] = []
    right: list[Row] = []
    first: set[str] = set()
    for row in sorted(rows, key=lambda row: content_hash(row["source"])):
        if is_unseen(row["rule"]):
            parts["unseen"].append(row)
        elif not row["corrections"]:
            right.append(row)
        elif row["rule"] in first:
            pairs.append(row)
        else:
            first.add(row["rule"])
            parts["train"].append(row)
    for waiting, sizes in ((pairs, PAIRS), (right, RIGHT)):
        for name, size in sizes.items():
            parts[name] += waiting[:size]
            del waiting[:size]
        parts["train"] += waiting
    made = dict(zip(PARTS, apart([parts[name] for name in PARTS]), strict=True))
    trained = {row["rule"] for row in made["train"] if row["corrections"]}
    for name in PAIRS:
        made[name] = [r for r in made[name] if not r["corrections"] or r["rule"] in trained]
    return made


def apart(parts: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Return the parts without rows that have a sentence, by its letters, of an earlier part."""
    found: set[str] = set()
    made = []
    for rows in parts:
        sides = [(letters(row["source"]), letters(row["target"])) for row in rows]
        fresh = [row for row, both in zip(rows, sides, strict=True) if not found & {*both}]
        made.append(sorted(fresh, key=lambda row: content_hash(row["source"])))
        found |= {*chain.from_iterable(sides)}
    return made


def write() -> dict[str, Rows]:
    """Return the rows of each part."""
    return {**split(kept(chain(language_tool.examples(), harper.examples())))}


def evaluated() -> set[str]:
    """Return the letters of all sentences, wrong and right, that are not trained on."""
    rows = chain.from_iterable(DATA.rows(name) for name in PARTS if name != "train")
    return {letters(row[side]) for row in rows for side in ("source", "target")}


DATA = Prepared(
    name="correction", version=1, write=write, archives=("lingotweaker-data-en", "harper-py")
)
"""Rows {source, target, origin, rule, category, corrections}; a right one has two equal sides."""
