"""A stage that trains, in processes of its own: `one_training.py FILE [RANK WORLD PORT STRATEGY]`.

The file says which stage, with which configuration, inputs and folder. With DIES in the environment
the process kills itself after so many steps.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parent))
from stage_context import Context

ROOT = Path(__file__).parents[2]


def given(
    folder: Path,
    run: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, Path],
    **execution: Any,
) -> Path:
    """A new folder with the file of a training by `run`, the dotted name of a stage's module."""
    folder.mkdir()
    file = folder / "given.json"
    of_stage = {"run": run, "config": config, "execution": execution, "folder": str(folder)}
    paths = {role: str(path) for role, path in inputs.items()}
    file.write_text(json.dumps({**of_stage, "inputs": paths}))
    return file


def start(file: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """One process of the training."""
    return subprocess.Popen(
        [sys.executable, __file__, str(file), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def by_two(file: Path, strategy: str) -> Path:
    """Train by two processes over gloo; gives what the lead published."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [start(file, rank, 2, port, strategy) for rank in range(2)]
    said = [rank.communicate()[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], "\n".join(said)
    return file.parent / "out" / "0"


def train(stage: Mapping[str, Any], ranks: Any = None) -> None:
    """Saves at every step."""
    from lab.training import fit

    fit.SAVE_SHARE = 1.0
    fit.Keeper.__init__.__kwdefaults__["save_seconds"] = 0.0
    folder = Path(stage["folder"])
    out = folder / "out" / str(ranks.rank if ranks else 0)
    out.mkdir(parents=True, exist_ok=True)
    context = Context(folder / "work", ranks=ranks)
    context.execution |= stage["execution"]
    inputs = {role: Path(path) for role, path in stage["inputs"].items()}
    import_module(stage["run"]).run(stage["config"], inputs, out, context)


if __name__ == "__main__":
    team = None
    if len(sys.argv) > 2:
        rank, world, port, strategy = sys.argv[2:]
        team = SimpleNamespace(
            rank=int(rank),
            world=int(world),
            address="127.0.0.1",
            port=int(port),
            strategy=strategy,
        )
    train(json.loads(Path(sys.argv[1]).read_text()), team)
