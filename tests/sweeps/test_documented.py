"""Every part of a sweep file that a page of the docs shows is read as the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sweeps.asking.sweepfile import SweepFile, read_sweep_file

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
EXAMPLES = {
    f"{page.relative_to(ROOT)}, {key} of block {number}": block
    for page in PAGES
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
    for key in ("rows", "claims", "search")
    if isinstance(content := yaml.safe_load(block), dict) and key in content
    if key != "claims" or isinstance(content[key], list)  # else it is a study's, of its axes
}


def whole(block: str) -> str:
    """A part of a sweep file with what it leaves out: a title, and the rows that it speaks of."""
    content: dict[str, Any] = yaml.safe_load(block)
    if "study" not in content:
        block = f"study: t5study\ntitle: x\n{block}"
    if content.keys() & {"rows", "search"}:
        return block
    labels = {row for one in content["claims"] for row in re.split(" [<>~] ", one["that"])}
    return block + yaml.safe_dump({"rows": [{"label": label} for label in sorted(labels)]})


def read(tmp_path: Path, block: str) -> SweepFile:
    file = tmp_path / "mine.yaml"
    file.write_text(whole(block))
    return read_sweep_file(str(file))


@pytest.mark.parametrize("block", EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_of_the_docs_is_read(block: str, tmp_path: Path):
    """As many claims, rows and axes as stand there."""
    content, found = yaml.safe_load(block), read(tmp_path, block)
    assert len({claim.number for claim in found.claims}) == len(content.get("claims", ()))
    assert len(found.search.axes if found.search else ()) == len(
        content.get("search", {}).get("axes", ())
    )
    assert "rows" not in content or len(found.rows) == len(content["rows"])
    assert found.seeds == content.get("seeds", {})


def test_the_examples_are_found():
    """One at least on each page that says how a sweep file is written."""
    pages = {name.partition(",")[0] for name in EXAMPLES}
    assert pages >= {"docs/sweeps.md", "docs/claims.md"}
