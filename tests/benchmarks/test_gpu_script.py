"""benchmarks/gpu.sh: which parts it runs, in which order, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "gpu.sh"
PARTS = ["setup", "tests", "base", "decoding", "small_large"]
DONE = "done after "


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An interpreter that only writes down what it is asked for; $BREAKS in it fails.

    Told to export, it writes the file.
    """
    path = tmp_path / "python"
    path.write_text(
        f"""#!/bin/sh
echo "$*" >> {tmp_path}/asked
case "$*" in *"${{BREAKS:-nothing}}"*) echo broken; exit 3; esac
for last; do :; done
case "$*" in *export*) echo scores > "$last"; esac
"""
    )
    path.chmod(0o755)
    (tmp_path / "wheels").mkdir()
    return path


def asked(tmp_path: Path) -> list[str]:
    """What the interpreter was asked for since the last look."""
    file = tmp_path / "asked"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def run(tmp_path: Path, python: Path | str, minutes: int, **variables: str) -> dict[str, str]:
    """What the summary says last of each part."""
    words = ["bash", str(SCRIPT), str(tmp_path / "wheels"), str(tmp_path / "out"), str(minutes)]
    environment = {**os.environ, "PYTHON": str(python), "WORK": str(tmp_path / "work"), **variables}
    subprocess.run(words, env=environment, check=True, capture_output=True)
    lines = (tmp_path / "out" / "summary.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_the_most_important_comes_first_and_failures_end_nothing(
    tmp_path: Path, python: Path
) -> None:
    """Each part has a line and a file; scores of rows are brought to where the results are."""
    (tmp_path / "wheels" / "study.tar.xz").touch()
    found = run(tmp_path, python, 15, ROWS="preset=one_gpu sweep=table06", BREAKS="decoding.py")
    assert list(found) == [*PARTS, "import", "rows", "scores"]
    assert found["base"].startswith(DONE)
    assert found["decoding"].startswith("failed with status 3 after ")
    assert found["scores"] == "brought to scores.tar.xz"
    *_, rows, export = asked(tmp_path)
    assert rows == "run.py preset=one_gpu sweep=table06"
    assert export == f"-m sweeps export --scores-only {tmp_path}/out/scores.tar.xz"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{part}.txt" for part in [*PARTS, "rows", "summary"]} | {"scores.tar.xz"}
    assert (tmp_path / "out" / "decoding.txt").read_text() == "broken\n"


def test_a_second_call_goes_on(tmp_path: Path, python: Path) -> None:
    """What is done is left out, what failed is tried again, rows go on with the scores so far."""
    (tmp_path / "wheels" / "study.tar.xz").touch()
    run(tmp_path, python, 9, BREAKS="decoding.py")
    asked(tmp_path)
    found = run(tmp_path, python, 5)
    assert found["decoding"].startswith(DONE)
    scripts = [line.split()[0] for line in asked(tmp_path)]
    begun = ["benchmarks/missing_wheels.py", "benchmarks/decoding.py"]
    assert scripts == [*begun, "-m", "run.py", "-m"]
    # On another machine, to which the results were copied.
    run(tmp_path, python, 5, WORK=str(tmp_path / "other"))
    assert [line for line in asked(tmp_path) if "import" in line] == [
        f"-m sweeps import {tmp_path}/wheels/study.tar.xz",
        f"-m sweeps import {tmp_path}/out/scores.tar.xz",
    ]


def test_what_is_over_its_limit_is_stopped_and_leaves_what_it_has_said(tmp_path: Path) -> None:
    """Also where Ctrl-C is ignored, as in what a shell starts in the background; then the rest."""
    python = tmp_path / "python"
    python.write_text(
        f"""#!{sys.executable}
import sys, time
print("measured so far", *sys.argv[1:2], flush=True)
try:
    time.sleep(60 if "benchmarks/training.py" in sys.argv else 0)
except KeyboardInterrupt:
    sys.exit("interrupted")
"""
    )
    python.chmod(0o755)
    (tmp_path / "wheels").mkdir()
    short = tmp_path / "gpu.sh"
    text = SCRIPT.read_text()
    assert "once base 210 " in text
    assert '$(dirname "$0")/..' in text
    text = text.replace("once base 210 ", "once base 2 ")
    short.write_text(text.replace('$(dirname "$0")/..', str(ROOT)))
    environment = {**os.environ, "PYTHON": str(python), "WORK": str(tmp_path / "work")}
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        subprocess.run(
            ["bash", short, tmp_path / "wheels", tmp_path / "out", "1"],
            env=environment,
            check=True,
            capture_output=True,
        )
    finally:
        signal.signal(signal.SIGINT, ignored)
    summary = (tmp_path / "out" / "summary.txt").read_text()
    assert "base: stopped at its limit after " in summary
    assert "decoding: done after " in summary
    said = (tmp_path / "out" / "base.txt").read_text()
    assert said == "measured so far benchmarks/training.py\ninterrupted\n"


def test_what_has_no_time_left_is_named(tmp_path: Path, python: Path) -> None:
    """And asks for nothing; with time, it is run."""
    assert set(run(tmp_path, python, 0).values()) == {"no time left"}
    assert asked(tmp_path) == []
    assert run(tmp_path, python, 9)["small_large"].startswith(DONE)


def test_without_its_three_words_it_says_how_it_is_used() -> None:
    """With status 2."""
    done = subprocess.run(["bash", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "benchmarks/gpu.sh WHEELS OUT MINUTES" in done.stderr
    assert "set -u" not in done.stderr
