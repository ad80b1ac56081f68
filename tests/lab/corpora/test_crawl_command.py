"""What `python -m lab.corpora clean` says of places and clusters that take nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lab.corpora.__main__ import main


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """One shard of one page."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "0.jsonl").write_text(json.dumps({"text": "A.", "url": "http://a.org"}))
    return tmp_path / "in"


def test_an_output_that_cannot_be_made_is_told(crawl: Path, tmp_path: Path, capsys) -> None:
    """A file in the folder's place, or a place where nobody may make one: one line."""
    (tmp_path / "file").write_text("mine")
    for output in (tmp_path / "file", Path("/proc/out")):
        assert main(["clean", "--input", str(crawl), "--output", str(output)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: {output} cannot be written: ")
        assert line.endswith("Give --output a new or empty folder.")
    assert (tmp_path / "file").read_text() == "mine"


def to_slurm(crawl: Path, output: Path) -> list[str]:
    return ["clean", "--input", str(crawl), "--output", str(output), "--slurm-partition", "cpu"]


def programs(folder: Path, **scripts: str) -> str:
    """A folder with these shell scripts, for PATH."""
    folder.mkdir()
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_no_slurm_here(crawl: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    """Said before anything is written."""
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", squeue=""))
    assert main(to_slurm(crawl, tmp_path / "out")) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: --slurm-partition needs sbatch, not found on PATH here.")
    assert "leave --slurm-partition out" in line
    assert not (tmp_path / "out").exists()


def test_slurm_that_refuses_every_job(crawl: Path, tmp_path: Path, monkeypatch, capfd) -> None:
    """Its reason and ours; nothing is left that would bind another command to these settings."""
    path = programs(tmp_path / "bin", squeue="", sbatch="echo 'no such partition' >&2; exit 1")
    monkeypatch.setenv("PATH", path + os.pathsep + os.environ["PATH"])
    assert main(to_slurm(crawl, tmp_path / "out")) == 2
    said = capfd.readouterr().err.splitlines()
    assert said == [
        "no such partition",
        "error: sbatch refused job clean-clean, as it says above. Change the options after "
        "--slurm and type the command again.",
    ]
    assert not (tmp_path / "out" / "work").exists()


def test_slurm_that_refuses_a_later_job(crawl: Path, tmp_path: Path, monkeypatch, capfd) -> None:
    """What was submitted is known to the same command, which then waits for it."""
    count = tmp_path / "count"
    sbatch = f'[ -e {count} ] && exit 1; touch {count}; echo "Submitted batch job 7"'
    path = programs(tmp_path / "bin", squeue="echo 7", sbatch=sbatch)
    monkeypatch.setenv("PATH", path + os.pathsep + os.environ["PATH"])
    assert main(to_slurm(crawl, tmp_path / "out")) == 2
    assert "sbatch refused job clean-" in capfd.readouterr().err
    assert main(to_slurm(crawl, tmp_path / "out")) == 0
    assert "Job 7 is still in SLURM's queue" in capfd.readouterr().out


@pytest.mark.parametrize("option", ["--badwords", "--domains", "--urls"])
def test_a_list_in_another_encoding_is_refused(
    crawl: Path, tmp_path: Path, capsys, option: str
) -> None:
    """Before anything is written, by file and line."""
    (tmp_path / "list").write_bytes(b"example.org\ncaf\xe9.example\n")
    command = ["clean", "--input", str(crawl), "--output", str(tmp_path / "out")]
    assert main([*command, option, str(tmp_path / "list")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / 'list'}, line 2: found the byte 0xe9 ")
    assert not (tmp_path / "out").exists()
