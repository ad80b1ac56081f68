"""The pre-training stage: a masked language model of n-grams, with a sentence loss or without."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from lab.encoder.groups import ratio_groups
from lab.encoder.lines import Lines
from lab.encoder.pretraining.networks import names
from lab.encoder.pretraining.training import train
from lab.encoder.vocabulary import open_vocabulary
from lab.errors import StudyError
from lab.timing import Timing
from lab.training.optimizers import get_optimizer
from lab.training.schedule import linear_decay
from lab.training.team import Team, team_of
from studies.albert.batches import PairBatches
from studies.albert.masking import Masking
from studies.albert.networks import Networks, build, load_networks, loss
from studies.albert.pairs import PairRows
from studies.albert.sentence_loss import SentenceLoss


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Train from scratch, or from the weights of another such stage, `start` (appendix A.1).

    Publishes encoder.pt, networks.pt and metrics.csv, and the first two once more for each update
    count of `keep`.
    """
    with team_of(context) as team:
        _train(config, inputs, out, context, team)


def _train(
    config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any, team: Team
) -> None:
    timing = Timing()
    with timing.part("data"):
        rows = PairRows(
            Lines.open(inputs["lines"]), SentenceLoss(**config["sentence_loss"]), **config["rows"]
        )
        batches = PairBatches(
            rows,
            Masking(**config["masking"]),
            open_vocabulary(inputs["vocabulary"]),
            longest=config["rows"]["longest"],
            batch_size=config["batch_size"],
            seed=config["seed"],
        )
    with timing.part("model"):
        networks = _networks(config, inputs).to(context.device)
    train(
        networks,
        loss,
        batches,
        rows,
        optimizer=lambda model: get_optimizer(
            "lamb", ratio_groups(model, rate=config["rate"], weight_decay=config["weight_decay"])
        ),
        schedule=linear_decay(config["steps"], config["warmup"], through_warmup=False),
        config=config,
        out=out,
        context=context,
        team=team,
        timing=timing,
    )
    if team.lead:
        context.record(foreign=rows.foreign)


def _networks(config: Mapping[str, Any], inputs: Mapping[str, Path]) -> Networks:
    """New networks of the seed, with the weights of an earlier training where there is one."""
    torch.manual_seed(config["seed"])
    networks = build(config)
    if "start" in inputs:
        earlier, _ = load_networks(inputs["start"] / names()[1])
        try:
            networks.load_state_dict(earlier.state_dict())
        except RuntimeError as error:
            raise StudyError(
                "The weights to start from are of another shape. Layers that share all parameters, "
                "sharing=all, take those of any depth; nothing else may differ."
            ) from error
    return networks
