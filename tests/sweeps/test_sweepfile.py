"""A sweep file that is wrong: every mistake a line that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps.errors import SweepError
from sweeps.sweepfile import read_sweep_file

HEAD = "study: toy\ntitle: x\n"


def said(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a file of this content."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SweepError) as raised:
        read_sweep_file(str(path))
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("hello", ["mine.yaml: a sweep is a mapping with study, title and rows."]),
        ("rows: [", None),
        (HEAD + "rows: 3\n", ["mine.yaml: rows is a list, not 3."]),
        (
            HEAD + "seeds: 3\nrows: [{label: A}]\n",
            ["mine.yaml: seeds is a mapping such as {baseline: 3}."],
        ),
        (
            HEAD + "rows: [{label: A, overrides: [seed=3]}]\n",
            [
                "mine.yaml: row 'A': seed=3: seeds are averaged and no rows; say how many under "
                "seeds."
            ],
        ),
        (
            HEAD + "rows: [{label: A, overrides: [store=here, hydra/launcher=slurm]}]\n",
            [
                "mine.yaml: row 'A': store=here: how to run is no matter of a row; type it on the "
                "command line.",
                "mine.yaml: row 'A': hydra/launcher=slurm: how to run is no matter of a row; type "
                "it on the command line.",
            ],
        ),
        (
            HEAD + 'rows: [{label: A, overrides: ["lr=1,2", "n={a: 1, b: 2}"]}]\n',
            ["mine.yaml: row 'A': lr=1,2: a row has one value; make each a row of its own."],
        ),
        (
            HEAD + "search: {axes: [{name: rate, candidates: []}]}\n",
            ["mine.yaml: 'rate' has no candidates."],
        ),
    ],
)
def test_a_mistake_is_a_line(tmp_path, text, complaints):
    """With the row, what was written, and what to write."""
    found = said(tmp_path, text)
    if complaints is None:
        (line,) = found
        assert line.startswith("mine.yaml: not YAML: ")
        assert "at line 1, column 8" in line
    else:
        assert found == complaints


def test_a_file_that_is_not_there_is_named_with_its_folder(tmp_path, monkeypatch):
    """A name is one of sweeps/, a path one of one's own."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SweepError, match=rf"sweep=mine.yaml: no such file {tmp_path}/mine.yaml\."):
        read_sweep_file("mine.yaml")
    with pytest.raises(SweepError, match=r"sweep=table6: no such sweep. Did you mean 'table06'\?"):
        read_sweep_file("table6")
