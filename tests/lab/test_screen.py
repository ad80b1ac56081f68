"""Commands of lab and of the study on terminals that know few letters."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COMMANDS = (
    ["lab.corpora", "list"],
    ["t5study.tasks", "list"],
    ["t5study.tasks", "show", "squad"],
)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    "command",
    [["lab.corpora", "list"], ["t5study.tasks", "list"], ["t5study.tasks", "show", "squad"]],
)
def test_what_a_terminal_cannot_show_is_replaced(command: list[str], encoding: str):
    """Never a traceback, and the rest of the line is there."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "60"},
        capture_output=True,
        text=True,
        encoding=encoding,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "squad" in done.stdout or "books" in done.stdout
