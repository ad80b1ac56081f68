"""The stage "misspellings": the list that a look-up corrects by, the floor of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.datasets.correction.pairs import DATA
from studies.gector.floors import misspelling_list

FILE = "misspellings.json"


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """`config` names the data that the list is made of. Publishes wrong word -> right word."""
    found = misspelling_list(DATA.rows("train"))
    (out / FILE).write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    context.record(words=len(found))


def read_misspellings(folder: Path) -> dict[str, str]:
    """The list that the stage published."""
    found: dict[str, str] = json.loads((folder / FILE).read_text("utf-8"))
    return found
