"""The stage "pairs": wrong and right sentences of one source, as lines of pairs.jsonl."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.datasets.embedded.splits import Row
from lab.errors import DataError
from studies.gector.sources import get_source

FILE = "pairs.jsonl"


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """`config` is {source, identity}. Publishes pairs.jsonl. Raises DataError where none come."""
    count = 0
    with (out / FILE).open("w", encoding="utf-8") as file:
        for row in get_source(config["source"]).pairs(config["identity"]):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    if not count:
        raise DataError(f"The source {config['source']} has no pairs.")
    wanted = config["identity"].get("pairs")
    notes = []
    if config["source"] == "synthetic" and count < wanted:
        notes = [f"Of {wanted:,} synthetic pairs there are {count:,}: a corpus has no more."]
    context.record(pairs=count, notes=notes)


def read_pairs(folder: Path) -> Iterator[Row]:
    """The rows that the stage published."""
    with (folder / FILE).open(encoding="utf-8") as file:
        yield from map(json.loads, file)
