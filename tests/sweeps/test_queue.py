"""What SLURM's commands list, read as elements of arrays."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps.cluster.queue import queue, remembered


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, *lines: str) -> None:
    """A command of SLURM that prints these lines."""
    (folder / name).write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(lines) + "\nEND\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_accounts_tell_of_elements_that_never_ran_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(
        tmp_path,
        monkeypatch,
        "sacct",
        "7_0|COMPLETED|0:0",
        "7_[1-3,6%2]|CANCELLED by 1000|0:0",
        "8_[4]|CANCELLED by 0|0:0",
        "9|FAILED|1:0",
    )
    states = {name: element.state for name, element in remembered(["7", "8", "9"]).items()}
    assert states == {
        "7_0": "COMPLETED",
        **dict.fromkeys(["7_1", "7_2", "7_3", "7_6", "8_4"], "CANCELLED"),
        "9": "FAILED",
    }
    assert remembered(["7"])["7_3"].job == "7"


def test_the_queue_lists_elements_that_were_cancelled_together_without_an_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(
        tmp_path,
        monkeypatch,
        "squeue",
        "7|0|RUNNING|None|a|/store/slurm/0123456789abcdef/x.sh (null)",
        "7|N/A|CANCELLED|None|a|/store/slurm/0123456789abcdef/x.sh (null)",
        "8|N/A|PENDING|Priority|b|(null) sweeps:fedcba9876543210",
    )
    states = {at: (one.state, one.token) for at, one in queue().items()}
    assert states == {
        ("7", 0): ("RUNNING", "0123456789abcdef"),
        ("7", None): ("CANCELLED", "0123456789abcdef"),
        ("8", None): ("PENDING", "fedcba9876543210"),
    }
