"""The stage "finetune": an encoder learns one data set.

Its `config` holds data (the description of its training set), inputs_length, batch_size, steps,
rate, layer_decay, form, warmup, through_warmup, weight_decay, clip, reduction, dropout, head,
orders, examples, selection, validation, validation_examples, checkpoint_every, checkpoint, seed,
precision; and encoder, where there is no input "pretrain".
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from torch import Tensor

from lab.datasets.chosen import described
from lab.datasets.dataset import DataSet, Row
from lab.encoder.checkpoint import save_encoder, save_pooler
from lab.encoder.finetuning.answers import Questions, answer
from lab.encoder.finetuning.kinds import Kind, kind_of
from lab.encoder.finetuning.layout import InputBatches
from lab.encoder.finetuning.model import Finetuned, load, save, start
from lab.encoder.finetuning.plan import complaints, warmup_updates
from lab.encoder.finetuning.rows import (
    cut_note,
    made_inputs,
    scored_rows,
    share_cut,
    training_rows,
)
from lab.encoder.groups import parameter_groups
from lab.encoder.vocabulary import Pieces, open_vocabulary
from lab.errors import StudyError
from lab.timing import Timing
from lab.training.fit import Keeper, fit, write_history
from lab.training.module import Training
from lab.training.optimizers import get_optimizer
from lab.training.schedule import linear_decay
from lab.training.selection import LAST_MODEL, Scores, Validator
from lab.training.team import Team, team_of

log = logging.getLogger(__name__)
ENCODER = "encoder.pt"


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes last.pt, encoder.pt and metrics.csv, and pooler.pt where the head has one.

    Chosen on validation, selection.json too.

    Raises StudyError for a data set that no encoder can learn.
    """
    data = described(config["data"], "train")
    if wrong := complaints(data, orders=config["orders"]):
        raise StudyError(" ".join(wrong))
    with team_of(context) as team:
        _train(config, inputs, out, context, team, data)


def _train(
    config: Mapping[str, Any],
    inputs: Mapping[str, Path],
    out: Path,
    context: Any,
    team: Team,
    data: DataSet,
) -> None:
    timing = Timing()
    kind = kind_of(data, config["head"])
    with timing.part("model"):
        model = start(config, inputs, kind, context.device)
    if model.encoder.config.sharing != "none" and config["layer_decay"] != 1.0:
        raise StudyError(
            f"layer_decay={config['layer_decay']}: layers that share their parameters have one "
            "rate. Give layer_decay=1."
        )
    pieces = open_vocabulary(inputs["vocabulary"])
    length = config["inputs_length"]
    with timing.part("data"):
        rows, read, left_out = training_rows(data, kind, config["examples"])
        made = made_inputs(
            data, kind, rows, pieces, length, orders=config["orders"], threads=context.threads
        )
    batches = InputBatches(made, pieces, length).learned(
        batch_size=config["batch_size"], seed=config["seed"]
    )
    log.info("%s: %s training examples", data.name, f"{len(rows):,}")
    cut = share_cut(made)
    notes = cut_note(data.name, cut, length, "fine-tuning")
    facts: dict[str, Any] = {"inputs_cut": {data.name: cut}}
    if left_out:
        facts["left_out"] = {data.name: {"rows": read, "left_out": left_out}}
        notes.append(
            f"Of {data.name}'s {read:,} training rows {left_out:,} have no answer and are left out."
        )
    context.record(**facts, notes=notes)
    judged = None
    if team.lead and config["selection"] == "best":
        with timing.part("data"):
            judged = _validator(config, kind, team.copy(model), pieces, context, rows)
    keeper = Keeper(
        context,
        config["steps"],
        tokens_per_step=config["batch_size"] * length,
        team=team,
        validator=judged,
        every=config["checkpoint_every"] if config["selection"] == "best" else 0,
        timing=timing,
    )
    fit(
        training(model, config, team),
        batches,
        steps=config["steps"],
        seed=config["seed"],
        precision=config["precision"],
        context=context,
        keeper=keeper,
    )
    if team.lead:
        with timing.part("checkpoints"):
            write_history(out / "metrics.csv", keeper.history)
            _publish(out, model, judged, kind)
    context.record(seconds=timing.seconds)


def training(model: Finetuned, config: Mapping[str, Any], team: Team) -> Training:
    """The steps of a fine-tuning: AdamW as BERT's, rates by layer, linear decay."""

    def loss(model: Finetuned, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        total = model.head.loss(model(batch), batch)
        return total, total.detach()

    def optimizer(_: Any) -> Any:
        groups = parameter_groups(
            model,
            rate=config["rate"],
            weight_decay=config["weight_decay"],
            layers=model.encoder.config.layers,
            layer_decay=config["layer_decay"],
            form=config["form"],
        )
        return get_optimizer("adamw", groups)

    steps = config["steps"]
    # The mean of the processes' gradients of sums would be a share of the sum's.
    divisor = (lambda _: 1.0 / team.world) if config["reduction"] == "sum" else None
    return Training(
        model,
        loss,
        lambda batch: batch["real"][:, 0].sum(),
        optimizer=optimizer,
        schedule=linear_decay(
            steps, warmup_updates(steps, config["warmup"]), through_warmup=config["through_warmup"]
        ),
        divisor=divisor,
        clip=config["clip"],
        team=team,
    )


def _validator(
    config: Mapping[str, Any],
    kind: Kind,
    model: Finetuned,
    pieces: Pieces,
    context: Any,
    train: Sequence[Row],
) -> Validator:
    """What scores checkpoints on the validation set and keeps the best."""
    data = described(config["validation"], "validation")
    rows = scored_rows(data, "validation", config["validation_examples"], drawn="stratified")
    questions = Questions.of(data, kind, rows, pieces, config["inputs_length"], context.threads)

    def judge(model: Finetuned) -> Scores:
        return {data.name: questions.score(answer(model, questions, config["precision"]))}

    return Validator(
        model,
        judge,
        [data.name],
        save=save,
        work=context.work,
        constants={data.name: fmean(questions.constant(train).values())},
    )


def _publish(out: Path, model: Finetuned, judged: Validator | None, kind: Kind) -> None:
    """The models that may be scored, and the encoder of the chosen one for what goes on from it."""
    if judged is None:
        save(out / LAST_MODEL, model)
    else:
        judged.publish(out)
        model = load(out / f"step_{judged.best_together()}.pt", kind, device="cpu")
    save_encoder(out / ENCODER, model.encoder)
    if model.head.pooler is not None:
        save_pooler(out, model.head.pooler)
