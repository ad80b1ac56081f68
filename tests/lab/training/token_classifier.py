"""A training of another kind of model: `token_classifier.py FOLDER [RANK WORLD PORT STRATEGY]`.

With DIES in the environment the process kills itself after so many steps.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lab.training import fit as loop
from lab.training.checkpoint import load, save
from lab.training.module import Training
from lab.training.optimizers import get_optimizer
from lab.training.schedule import constant
from lab.training.selection import Validator
from lab.training.sharding import full
from lab.training.team import Team, team_of

STEPS, BATCH, V, CLASSES, IGNORED = 40, 8, 24, 3, -100


class Classifier(nn.Module):
    """A label for each token."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.settings = dict(settings)
        self.embedding = nn.Embedding(V, settings["width"])
        self.dropout = nn.Dropout(settings["dropout"])
        self.output = nn.Linear(settings["width"], CLASSES)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.output(self.dropout(self.embedding(tokens)))


class Rows:
    """Tokens whose label is their number modulo three; some are not asked for."""

    fixed_widths = True

    def __init__(self, rank: int = 0, world: int = 1) -> None:
        self.mine = slice(rank * BATCH // world, (rank + 1) * BATCH // world)

    def shard(self, rank: int, world: int) -> Rows:
        return Rows(rank, world)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        tokens = np.random.default_rng((1, index)).integers(0, V, (BATCH, 10))
        labels = np.where(tokens % 5 == 0, IGNORED, tokens % CLASSES)
        return {"tokens": tokens[self.mine], "labels": labels[self.mine]}


class Context:
    """What an orchestrator gives."""

    def __init__(self, work: Path, ranks: Any = None) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.earlier = work, list[Path]()
        self.device, self.threads, self.ranks = "cpu", 1, ranks
        self.execution: dict[str, Any] = {}
        self.steps = 0

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """Nobody watches."""

    def should_stop(self) -> bool:
        self.steps += 1
        if self.steps == int(os.environ.get("DIES", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    def stop(self) -> None:
        """Never asked for."""

    def assert_owned(self) -> None:
        """Always."""


def loss(model: Classifier, rows: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    logits, labels = model(rows["tokens"]).flatten(0, 1), rows["labels"].flatten()
    total = F.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return total, total.detach()


def count(rows: Mapping[str, Tensor]) -> Tensor:
    return (rows["labels"] != IGNORED).sum()


def judge(model: Classifier) -> dict[str, dict[str, float]]:
    """Accuracy on two sets of tokens."""
    scores = {}
    for name, tokens in (("low", torch.arange(V // 2)), ("high", torch.arange(V // 2, V))):
        right = model(tokens).argmax(-1) == tokens % CLASSES
        scores[name] = {"acc": 100 * float(right.float().mean())}
    return scores


def train(out: Path, context: Context, dropout: float = 0.1) -> None:
    with team_of(context) as team:
        torch.manual_seed(0)
        model = Classifier({"width": 6, "dropout": dropout})
        module = Training(
            model,
            loss,
            count,
            optimizer=partial(get_optimizer, "adafactor", lr=1.0),
            schedule=constant(0.1),
            blocks=[model.embedding],
            team=team,
        )
        loop.fit(
            module,
            Rows(),
            steps=STEPS,
            seed=3,
            precision="32-true",
            context=context,
            keeper=keeper(team, context, model),
        )
        weights = {name: full(value) for name, value in model.state_dict().items()}
        if team.lead:
            validator = kept["validator"]
            validator.publish(out)
            save(out / "model.pt", model, model.settings, weights)
            loop.write_history(out / "metrics.csv", kept["keeper"].history)


kept: dict[str, Any] = {}


def keeper(team: Team, context: Context, model: Classifier) -> loop.Keeper:
    """Saves at every step."""
    loop.SAVE_SHARE = 1.0
    validator = None
    if team.lead:
        own = team.copy(model)
        validator = Validator(
            own,
            judge,
            ("low", "high"),
            save=lambda path, model: save(path, model, model.settings),
            work=context.work,
            constants={"low": 40.0},
        )
    made = loop.Keeper(
        context,
        STEPS,
        tokens_per_step=80,
        team=team,
        validator=validator,
        every=10,
        save_seconds=0.0,
    )
    kept.update(validator=validator, keeper=made)
    return made


def read(path: Path) -> dict[str, Tensor]:
    """The weights of a model that was saved."""
    model, _ = load(path, Classifier, device="cpu")
    return model.state_dict()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    ranks = None
    if len(sys.argv) > 2:
        rank, world, port, strategy = sys.argv[2:]
        ranks = SimpleNamespace(
            rank=int(rank),
            world=int(world),
            address="127.0.0.1",
            port=int(port),
            strategy=strategy,
        )
    (folder / "out").mkdir(parents=True, exist_ok=True)
    train(folder / "out", Context(folder / "work", ranks), 0.0 if ranks else 0.1)
