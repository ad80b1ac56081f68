"""The training of encoders on rows of text, whatever they are asked there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from lab.encoder.encoder import Attention, FeedForward
from lab.encoder.groups import parameter_groups
from lab.encoder.pretraining.batches import RowBatches
from lab.encoder.pretraining.keeping import Kept, write
from lab.encoder.pretraining.networks import EncoderNetworks
from lab.encoder.rows import RowsOfText
from lab.timing import Timing
from lab.training.fit import Keeper, fit, write_history
from lab.training.module import Batch, Training
from lab.training.optimizers import get_optimizer
from lab.training.schedule import Schedule
from lab.training.team import Team

MEASURED = 64
"""Batches whose padding is recorded."""


def train(
    networks: EncoderNetworks,
    loss: Callable[[Any, Batch], tuple[Tensor, Tensor]],
    batches: RowBatches,
    rows: RowsOfText,
    *,
    optimizer: Callable[[EncoderNetworks], Optimizer],
    schedule: Schedule,
    config: Mapping[str, Any],
    out: Path,
    context: Any,
    team: Team,
    timing: Timing,
) -> None:
    """Train networks on the batches that a stage's configuration asks for.

    Of `config` are read steps, batch_size, seed, precision, clip and keep. Publishes encoder.pt,
    networks.pt with `config`, and metrics.csv; the first two once more for each count of `keep`.
    Each row of a batch has its share of it as `share`.
    """
    steps = config["steps"]
    module = Training(
        networks,
        loss,
        lambda part: part["share"].sum(),
        optimizer=lambda _: optimizer(networks),
        schedule=schedule,
        clip=config["clip"],
        reports=networks.reports,
        blocks=[one for one in networks.modules() if isinstance(one, Attention | FeedForward)],
        team=team,
    )
    tokens = config["batch_size"] * float(rows.lengths.mean())
    keeper = Keeper(context, steps, tokens_per_step=tokens, team=team, timing=timing)
    kept = Kept(config["keep"], config, context.work, team)
    fit(
        module,
        batches,
        steps=steps,
        seed=config["seed"],
        precision=config["precision"],
        context=context,
        keeper=keeper,
        callbacks=[kept],
    )
    with timing.part("checkpoints"):
        write(out, networks, config, team)
        if team.lead:
            kept.publish(out, context.earlier)
            write_history(out / "metrics.csv", keeper.history)
    if team.lead:
        context.record(
            tokens=tokens * steps,
            repeats={"lines": batches.epochs(steps)},
            padding_share=batches.padding_share(range(min(MEASURED, steps))),
            thrown_away=rows.thrown_away,
            seconds=timing.seconds,
        )


def adamw(config: Mapping[str, Any], layers: int) -> Callable[[EncoderNetworks], Optimizer]:
    """AdamW as released, at the `rate` and `weight_decay` of a stage's configuration."""
    return lambda networks: get_optimizer(
        "adamw",
        parameter_groups(
            networks, rate=config["rate"], weight_decay=config["weight_decay"], layers=layers
        ),
    )
