"""benchmarks/gpu.sh: which parts it runs, in which order, and what it leaves behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.sh"
PARTS = ["packages", "machine", "tests", "base", "decoding", "small_large"]


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An interpreter that only writes down what it is asked for; decoding fails."""
    path = tmp_path / "python"
    path.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\ncase "$*" in *decoding*) exit 3; esac\n'
    )
    path.chmod(0o755)
    return path


def run(tmp_path: Path, python: Path, minutes: int, **variables: str) -> dict[str, str]:
    """What the summary says of each part."""
    words = ["bash", str(SCRIPT), str(tmp_path / "wheels"), str(tmp_path / "out"), str(minutes)]
    environment = {**os.environ, "PYTHON": str(python), **variables}
    subprocess.run(words, env=environment, check=True, capture_output=True)
    lines = (tmp_path / "out" / "summary.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_the_most_important_comes_first_and_failures_end_nothing(
    tmp_path: Path, python: Path
) -> None:
    """Each part has a line; rows run where data are packed, and their scores are brought back."""
    (tmp_path / "wheels").mkdir()
    found = run(tmp_path, python, 15)
    assert list(found) == PARTS
    assert found["base"].startswith("done after ")
    assert found["decoding"].startswith("failed with status 3 after ")
    (tmp_path / "wheels" / "study.tar.xz").touch()
    found = run(tmp_path, python, 15, ROWS="preset=one_gpu sweep=table06")
    assert list(found) == [*PARTS, "import", "rows", "scores"]
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[-2] == "run.py preset=one_gpu sweep=table06"
    assert asked[-1] == f"-m sweeps export --scores-only {tmp_path}/out/scores.tar.xz"


def test_what_has_no_time_left_is_named(tmp_path: Path, python: Path) -> None:
    """And asks for nothing."""
    (tmp_path / "wheels").mkdir()
    assert set(run(tmp_path, python, 0).values()) == {"no time left"}
    assert not (tmp_path / "asked").exists()


def test_without_its_three_words_it_says_how_it_is_used() -> None:
    """With status 2."""
    done = subprocess.run(["bash", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "benchmarks/gpu.sh WHEELS OUT MINUTES" in done.stderr
