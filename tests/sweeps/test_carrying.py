"""A study begun here goes on elsewhere: finished stages and outside files in one tar."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A study whose stages read a file outside of the store, which is "fetched" from $TOY_NETWORK.
STUDY = """
import json, os, pathlib, shutil
from types import SimpleNamespace as Stage
class Error(Exception): pass
def cache(): return pathlib.Path(os.environ["TOY_CACHE"])
def cell(config):
    words = Stage(name="words", version=1, config={}, inputs={}, run="toy.words",
                  cost=Stage(flops=1))
    train = Stage(name="train", version=1, config={"lr": config["lr"], "reads": "game.txt"},
                  inputs={"words": words}, run="toy.train", cost=Stage(flops=3))
    return {"scores": {"game": train},
            "columns": [{"name": "Game", "terms": [[["game", "acc"]]], "decimals": 1}]}
def reads(wanted):
    names = {"words": "words.txt", "train": "game.txt"}
    return sorted({names[stage.name] for stage in wanted})
def prepare(configs, wanted, say):
    for name in reads(wanted):
        if not (cache() / name).exists():
            say(f"fetching {name}")
            if not os.environ.get("TOY_NETWORK"):
                raise Error(f"no network for {name}")
            cache().mkdir(exist_ok=True)
            shutil.copy(pathlib.Path(os.environ["TOY_NETWORK"]) / name, cache() / name)
def outside(configs, wanted):
    return {f"kept/{name}": cache() / name for name in reads(wanted)}
def bring(folder):
    cache().mkdir(exist_ok=True)
    for found in (folder / "kept").iterdir():
        shutil.copy(found, cache() / found.name)
def words(config, inputs, out, context):
    (out / "words.txt").write_text((cache() / "words.txt").read_text().upper())
def train(config, inputs, out, context):
    made = (inputs["words"] / "words.txt").read_text() + (cache() / "game.txt").read_text()
    (out / "scores.json").write_text(json.dumps({"game": {"acc": len(made) + config["lr"]}}))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: local, override hydra/sweeper: study]
study: toy
lr: 1
hydra: {mode: MULTIRUN, output_subdir: null}
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    (tmp_path / "toy.py").write_text(STUDY)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text(CONFIG)
    (tmp_path / "network").mkdir()
    (tmp_path / "network/words.txt").write_text("abc")
    (tmp_path / "network/game.txt").write_text("defg")
    return tmp_path


def call(toy: Path, where: str, *words: str | Path, network: bool = False):
    """A command on machine `where`, which has a cache and a store of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{toy}:{ROOT}",
        "TOY_CACHE": str(toy / f"cache-{where}"),
        "T5STUDY_STORE": str(toy / f"store-{where}"),
        "TOY_NETWORK": str(toy / "network") if network else "",
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=toy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def run(toy: Path, where: str, *overrides: str, network: bool = False):
    arguments = [ROOT / "run.py", "--config-path", toy / "conf", "-m", "lr=1,2", *overrides]
    return call(toy, where, *arguments, network=network)


def test_begun_here_and_ended_where_there_is_no_network(toy: Path):
    """The first stages and what the others read are carried; the scores come back."""
    begun = run(toy, "here", "until=words", network=True)
    assert begun.returncode == 0, begun.stderr
    assert (toy / "cache-here/game.txt").exists()
    assert not (toy / "store-here/train").exists()

    carried = toy / "carried.tar.xz"
    exported = call(toy, "here", "-m", "sweeps", "export", "--data", carried)
    assert "1 stages, 1 sweeps, 1 files from outside" in exported.stdout, exported.stderr
    with tarfile.open(carried) as tar:
        names = [member.name for member in tar if member.isfile()]
    # What only finished stages read stays here.
    assert [n for n in names if n.startswith("outside/")] == ["outside/toy/kept/game.txt"]

    assert "no network for game.txt" in run(toy, "there").stderr
    taken = call(toy, "there", "-m", "sweeps", "import", carried)
    assert taken.returncode == 0, taken.stderr
    assert "1 files from outside of the store taken" in taken.stdout
    ended = run(toy, "there")
    assert ended.returncode == 0, ended.stderr
    assert "8.0" in ended.stdout
    assert "9.0" in ended.stdout

    scores = toy / "scores.tar.xz"
    call(toy, "there", "-m", "sweeps", "export", "--scores-only", scores)
    back = call(toy, "here", "-m", "sweeps", "import", scores)
    assert "2 stages" in back.stdout, back.stderr
    shutil.rmtree(toy / "cache-here")
    again = run(toy, "here")
    assert again.returncode == 0, again.stderr
    assert "9.0" in again.stdout


def test_the_script_for_a_gpu_brings_the_scores_of_rows_home(toy: Path):
    """benchmarks/gpu.sh with what was prepared here; the table is printed here."""
    run(toy, "here", "until=words", network=True)
    (toy / "wheels").mkdir()
    call(toy, "here", "-m", "sweeps", "export", "--data", toy / "wheels/study.tar.xz")
    # What is measured there is not this test's.
    python = toy / "python"
    measured = 'benchmarks/*|"-m pytest"*'
    python.write_text(
        f'#!/bin/sh\ncase "$*" in {measured}) ;; *) exec {sys.executable} "$@";; esac\n'
    )
    python.chmod(0o755)
    done = subprocess.run(
        ["bash", ROOT / "benchmarks/gpu.sh", toy / "wheels", toy / "out", "10"],
        env={
            **os.environ,
            "PYTHON": str(python),
            "PYTHONPATH": str(toy),
            "TOY_CACHE": str(toy / "cache-there"),
            "TOY_NETWORK": "",
            "WORK": str(toy / "work"),
            "ROWS": f"--config-path {toy / 'conf'} -m lr=1,2",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    summary = (toy / "out/summary.txt").read_text()
    assert "import: done" in summary, done.stderr
    assert "rows: done" in summary, (toy / "out/rows.txt").read_text()
    assert summary.endswith("scores: brought to scores.tar.xz\n")
    shutil.rmtree(toy / "cache-here")
    back = call(toy, "here", "-m", "sweeps", "import", toy / "out/scores.tar.xz")
    assert "2 stages" in back.stdout, back.stderr
    table = call(toy, "here", "-m", "reports", "last")
    assert "8.0" in table.stdout, table.stderr
    assert "9.0" in table.stdout


def test_unknown_stage_to_stop_at_is_named(toy: Path):
    """A slip is answered with the nearest stage, and nothing runs."""
    done = run(toy, "here", "until=word", network=True)
    assert done.returncode == 2
    assert "until=word: no stage has this name. Did you mean 'words'?" in done.stderr
    assert not (toy / "store-here/words").exists()


def test_files_for_a_study_of_no_sweep_are_refused(toy: Path):
    """A tar cannot have a module of its choice imported."""
    forged = toy / "forged.tar"
    with tarfile.open(forged, "w") as tar:
        tar.add(toy / "network/game.txt", "outside/antigravity/kept/game.txt")
    done = call(toy, "there", "-m", "sweeps", "import", forged)
    assert done.returncode == 2
    assert "holds files for 'antigravity', a study of no sweep here" in done.stderr
    assert not (toy / "cache-there").exists()


def test_truncated_compressed_export_is_no_traceback(toy: Path):
    """A copy that was cut off says so."""
    run(toy, "here", "until=words", network=True)
    carried = toy / "carried.tar.xz"
    call(toy, "here", "-m", "sweeps", "export", "--data", carried)
    whole = carried.read_bytes()
    carried.write_bytes(whole[: len(whole) // 2])
    done = call(toy, "there", "-m", "sweeps", "import", carried)
    assert done.returncode == 2
    assert "is no whole export" in done.stderr
    assert "Traceback" not in done.stderr


def test_changed_study_is_not_exported_for_others(toy: Path):
    """Data for stages that the record does not know would be carried for nothing."""
    run(toy, "here", "until=words", network=True)
    (toy / "toy.py").write_text(STUDY.replace('name="train", version=1', 'name="train", version=2'))
    done = call(toy, "here", "-m", "sweeps", "export", "--data", toy / "carried.tar")
    assert done.returncode == 2
    assert "other keys than when it was planned" in done.stderr
    assert not (toy / "carried.tar").exists()
