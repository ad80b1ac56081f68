"""A user's own pairs as what a tagger trains on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from stage_context import Context

from lab.errors import DataError
from studies.gector.sources import own
from studies.gector.training import pairs

M2_FILE = """S He go home .
A 1 2|||R:VERB|||goes|||REQUIRED|||-NONE-|||0

S All is well .
A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||0
"""


def published(folder: Path, files: list[Path], **asked: Any) -> list[dict[str, str]]:
    """The rows that the stage writes of these files."""
    names = [str(file) for file in files]
    own.keep(names)
    settings = {"files": names, "pairs": None, "right": None, **asked}
    identity = own.identity(settings)
    assert str(folder) not in json.dumps(identity)
    out = folder / "out"
    out.mkdir()
    pairs.run({"source": "own", "identity": identity}, {}, out, Context(folder / "work"))
    return [json.loads(line) for line in (out / "pairs.jsonl").read_text().splitlines()]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))


def test_two_files_are_read_line_by_line(tmp_path: Path) -> None:
    """Empty lines are left out; of right sentences come as many as are asked for."""
    wrong, right = tmp_path / "wrong.txt", tmp_path / "right.txt"
    wrong.write_text("He go home.\n\nFine.\nGood.\nA cats\n")
    right.write_text("He goes home.\n\nFine.\nGood.\nA cat\n")
    rows = published(tmp_path, [wrong, right], right=1)
    assert [row["source"] for row in rows] == ["He go home .", "Fine .", "A cats"]
    assert rows[0]["target"] == "He goes home ."


def test_an_m2_file_has_both_sides(tmp_path: Path) -> None:
    file = tmp_path / "train.m2"
    file.write_text(M2_FILE)
    rows = published(tmp_path, [file])
    assert rows[0] == {"source": "He go home .", "target": "He goes home ."}
    assert rows[1]["source"] == rows[1]["target"]


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "wrong.txt").write_text("a\n")
    with pytest.raises(DataError, match=r"Give \[WRONG,RIGHT\]"):
        own.files_of([str(tmp_path / "wrong.txt")])
    with pytest.raises(DataError, match=r"wrnog\.txt is no file.*Did you mean .*wrong\.txt"):
        own.files_of([str(tmp_path / "wrnog.txt"), str(tmp_path / "wrong.txt")])
