"""A launcher is added by one file or one entry point; nothing lists their names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.launchers import launchers

ROOT = Path(__file__).resolve().parents[2]
STUDY = """
from types import SimpleNamespace as Stage
def cell(config):
    stage = Stage(name="play", version=1, inputs={}, run="toy.play", cost=Stage(), config={})
    return {"scores": {"game": stage}, "columns": [{"name": "Game", "terms": [[["game", "acc"]]]}]}
"""
PAGE = (ROOT / "docs/adding.md").read_text()
(CLASS,) = re.findall(r"```python\n(class Paper.*?)```", PAGE, re.DOTALL)
LAUNCHER = f"from sweeps.launcher import StageLauncher\n{CLASS}"
(ENTRY_POINT,) = re.findall(r'entry-points."sweeps.launchers"\]\npaper = "(.*?)"', PAGE)


def test_this_machine_and_a_cluster_are_files_of_the_folder() -> None:
    """By the names of their files."""
    assert {"local", "slurm"} <= set(launchers())
    assert [launchers()[name].cluster for name in ("local", "slurm")] == [False, True]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study, and a package that is installed beside it."""
    (tmp_path / "toy.py").write_text(STUDY)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text("defaults: [run, _self_]\nstudy: toy\n")
    (tmp_path / "pencil.py").write_text(LAUNCHER)
    installed = tmp_path / "pencil-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: pencil\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(f"[sweeps.launchers]\npaper = {ENTRY_POINT}\n")
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "study=toy", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )


def test_another_package_brings_a_launcher(folder: Path) -> None:
    """Chosen by its entry point's name as ours are, and offered among them."""
    assert "on paper: play" in run(folder, "hydra/launcher=paper").stdout
    wrong = run(folder, "hydra/launcher=papr")
    assert wrong.returncode == 2
    assert "Did you mean 'paper'? Known: " in wrong.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "import nothing_of_this_name\n",
            "pencil:Paper of another package cannot be imported: Mod",
        ),
        ("class Paper: ...\n", "it is no sweeps.launcher.StageLauncher."),
    ],
)
def test_a_launcher_that_is_none_is_one_line(folder: Path, text: str, said: str) -> None:
    """With its name and no traceback."""
    (folder / "pencil.py").write_text(text)
    done = run(folder)
    assert done.returncode == 2
    assert done.stderr.startswith(f"hydra/launcher=paper: {said}")
    assert len(done.stderr.splitlines()) == 1
