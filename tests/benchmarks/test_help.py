"""Every script of benchmarks/ that the README lists says what it takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = re.findall(r"^\| `(\w+\.py)` ", (FOLDER / "README.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_lists_the_options(script: str):
    """As `python benchmarks/NAME.py --help`, without a measurement."""
    command = [sys.executable, str(FOLDER / script), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {script} ")
    assert "options:" in done.stdout
