"""The stage "pretrain": an encoder by one of the objectives, before any tag.

Its `config` holds kind and encoder (its shape), objective, generator (a share of its width), rate,
warmup, weight_decay, masking_rate, rows (longest and seed), and what
`lab.encoder.pretraining.training` reads; inputs are "vocabulary" and "lines".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from lab.encoder.config import EncoderConfig
from lab.encoder.lines import Lines
from lab.encoder.pretraining.training import adamw, train
from lab.encoder.rows import Rows
from lab.encoder.vocabulary import open_vocabulary
from lab.timing import Timing
from lab.training.schedule import linear_decay
from lab.training.team import team_of
from studies.gector.batches import DrawnBatches
from studies.gector.encoders import build
from studies.gector.objectives import networks_of
from studies.gector.pretraining import loss


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes encoder.pt, networks.pt with its heads, and metrics.csv."""
    timing, longest = Timing(), config["rows"]["longest"]
    with timing.part("data"):
        rows = Rows(Lines.open(inputs["lines"]), segments=1, **config["rows"])
        batches = DrawnBatches(
            rows,
            open_vocabulary(inputs["vocabulary"]),
            longest=longest,
            batch_size=config["batch_size"],
            rate=config["masking_rate"],
            seed=config["seed"],
        )
    with timing.part("model"):
        torch.manual_seed(config["seed"])
        encoder = build(config["kind"], EncoderConfig(**config["encoder"]))
        networks = networks_of(config["objective"], encoder, config)
        networks = networks.to(context.device)
    with team_of(context) as team:
        train(
            networks,
            loss,
            batches,
            rows,
            optimizer=adamw(config, encoder.config.layers),
            schedule=linear_decay(config["steps"], config["warmup"]),
            config=config,
            out=out,
            context=context,
            team=team,
            timing=timing,
        )
