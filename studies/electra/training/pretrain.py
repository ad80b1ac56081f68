"""The pre-training stage: an encoder by one of the objectives, with its generator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from lab.encoder.lines import Lines
from lab.encoder.pretraining.networks import names
from lab.encoder.pretraining.training import adamw, train
from lab.encoder.rows import Rows
from lab.encoder.vocabulary import open_vocabulary
from lab.errors import StudyError
from lab.timing import Timing
from lab.training.schedule import linear_decay
from lab.training.team import Team, team_of
from studies.electra.algorithms.two_stage import TwoStage
from studies.electra.batches import MaskedBatches
from studies.electra.networks import Networks, build, load_networks, loss
from studies.electra.objective import Objective


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Train from scratch, or as the second of two stages on the first one, `masked`.

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
        pieces = open_vocabulary(inputs["vocabulary"])
        lines = Lines.open(inputs["lines"], "train")
        rows = Rows(lines, **config["rows"])
        batches = MaskedBatches(
            rows,
            Objective(**config["objective"]),
            pieces,
            longest=config["rows"]["longest"],
            batch_size=config["batch_size"],
            rate=config["masking_rate"],
            replacement=config["masking_replacement"],
            seed=config["seed"],
        )
    with timing.part("model"):
        networks = _networks(config, inputs, lines, pieces).to(context.device)
    train(
        networks,
        loss,
        batches,
        rows,
        optimizer=adamw(config, networks.encoder.config.layers),
        schedule=linear_decay(config["steps"], config["warmup"]),
        config=config,
        out=out,
        context=context,
        team=team,
        timing=timing,
    )


def _networks(
    config: Mapping[str, Any], inputs: Mapping[str, Path], lines: Lines, pieces: Any
) -> Networks:
    """New networks of the seed, on the first of two stages where there is one."""
    torch.manual_seed(config["seed"])
    networks = build(config)
    if networks.generator is not None:
        networks.generator.prepare(lines, pieces)
    second = config["algorithm"] == "two_stage"
    if second != ("masked" in inputs):
        raise StudyError(
            f"algorithm={config['algorithm']} and the inputs {', '.join(inputs)}: two_stage, and "
            "no other, goes on from a masked language model's stage, its input `masked`."
        )
    if second:
        masked, _ = load_networks(inputs["masked"] / names()[1])
        TwoStage.begin(networks, masked)
    return networks
