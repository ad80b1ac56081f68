"""A pre-training of the ELECTRA study: `one_training.py FILE [RANK WORLD PORT STRATEGY]`.

The file says with which configuration, inputs and folder. With DIES in the environment the process
kills itself after so many steps.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.append(str(Path(__file__).parents[2] / "shared"))
from stage_context import Context

from lab.training import fit
from studies.electra.training import pretrain


def train(given: Mapping[str, Any], ranks: Any = None) -> None:
    """Saves at every step."""
    fit.SAVE_SHARE = 1.0
    fit.Keeper.__init__.__kwdefaults__["save_seconds"] = 0.0
    folder = Path(given["folder"])
    out = folder / "out" / str(ranks.rank if ranks else 0)
    out.mkdir(parents=True, exist_ok=True)
    inputs = {role: Path(path) for role, path in given["inputs"].items()}
    pretrain.run(given["config"], inputs, out, Context(folder / "work", ranks=ranks))


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
