"""Tagged sentences as lines of a file: the tokens, and the tags of those that are edited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from studies.gector.tags.preprocess import Tagged
from studies.gector.tags.tag import KEEP

FILE = "tagged.jsonl"


def write_tagged(folder: Path, sentences: Iterable[Tagged]) -> None:
    """Write sentences with all their tags."""
    with (folder / FILE).open("w", encoding="utf-8") as file:
        for source, tags in sentences:
            edits = {str(place): those for place, those in enumerate(tags) if those != [KEEP]}
            line = {"source": " ".join(source), "edits": edits}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def read_tagged(folder: Path) -> Iterator[Tagged]:
    """The sentences that `write_tagged` wrote, in order."""
    with (folder / FILE).open(encoding="utf-8") as file:
        for line in file:
            row: dict[str, Any] = json.loads(line)
            source = row["source"].split()
            tags = [row["edits"].get(str(place), [KEEP]) for place in range(len(source) + 1)]
            yield Tagged(source, tags)
