"""The stage "tags": the list that a tagger chooses from, and which edits it can make (Table 2)."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import DataError
from studies.gector.tags.records import read_tagged
from studies.gector.tags.vocabulary import TagVocabulary, coverage, errorful

FILE = "tags.txt"


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """`config` is {size, share, seed}; inputs are tagged sentences, of which a share counts.

    Publishes tags.txt. Raises DataError where there is no edit.
    """
    draws = random.Random(config["seed"])
    counts: Counter[str] = Counter()
    for path in inputs.values():
        every = (tags for _, tags in read_tagged(path))
        counts += errorful(tags for tags in every if draws.random() < config["share"])
    if not counts:
        raise DataError(
            "The pairs that tags are counted on have no edit: there is no list of tags."
        )
    vocabulary = TagVocabulary.of(counts, config["size"])
    (out / FILE).write_text("".join(f"{tag}\n" for tag in vocabulary.tags), "utf-8")
    short = config["size"] + 2 - len(vocabulary)
    notes = [f"Of {config['size']:,} tags the pairs have {len(vocabulary) - 2:,}."] if short else []
    context.record(tags=vocabulary.composition(), notes=notes)


def covered(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The stage "coverage": publishes scores.json, the percentage of each set's edits.

    Inputs are "tags" and, by the name of their set, tagged sentences.
    """
    vocabulary = read_tags(inputs["tags"])
    sets = {name: path for name, path in inputs.items() if name != "tags"}
    found = {name: coverage(_edits(path), vocabulary) for name, path in sets.items()}
    scores = {f"{name}_coverage": {"coverage": value} for name, value in found.items()}
    (out / "scores.json").write_text(json.dumps(scores, indent=1))


def read_tags(folder: Path) -> TagVocabulary:
    """The list that the stage published."""
    return TagVocabulary(tuple((folder / FILE).read_text("utf-8").rstrip("\n").split("\n")))


def _edits(folder: Path) -> Counter[str]:
    return errorful(tags for _, tags in read_tagged(folder))
