"""The fine-tuning stage: one task or mixture, its best checkpoint for each task (3.1.2, 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning

from lab.errors import StudyError
from lab.text_to_text.checkpoint import build, load
from lab.text_to_text.module import TextToText
from lab.timing import Timing
from lab.training.fit import Keeper, fit, write_history
from lab.training.schedule import constant
from lab.training.team import Team, team_of
from lab.vocabulary import Vocabulary
from t5study.batching import FinetuneBatches
from t5study.training.examples import (
    cut_notes,
    cut_targets,
    left_out,
    rates,
    require_whole_labels,
    training_pairs,
)
from t5study.training.finetuning import GradualUnfreezing, Method, get_method
from t5study.training.validation import validator


class Unfreezer(lightning.Callback):
    """Marks what trains before each step."""

    def __init__(self, method: Method) -> None:
        self._method = method

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, index: int) -> None:
        self._method.at(module.model, trainer.global_step)


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Fine-tune; publishes each task's best checkpoint, the last one and selection.json.

    Raises StudyError where several processes cannot share it in the way asked for, and where a
    label is longer than its targets may be.
    """
    read = {"train": config["tasks"], "validation": config["validation"]}
    length = config["targets_length"]
    require_whole_labels(read, Vocabulary(inputs["vocabulary"]), length, "targets_length")
    settings = dict(config["method"])
    method = get_method(settings.pop("name"), config["steps"], **settings)
    if context.ranks and context.ranks.strategy in method.unshareable:
        raise StudyError(method.unshareable[context.ranks.strategy])
    with team_of(context) as team:
        _train(config, inputs, out, context, team, method)


def _train(
    config: Mapping[str, Any],
    inputs: Mapping[str, Path],
    out: Path,
    context: Any,
    team: Team,
    method: Method,
) -> None:
    timing = Timing()
    with timing.part("model"):
        if "pretrain" in inputs:
            model, content = load(inputs["pretrain"] / "model.pt", device=context.device)
            fresh = config.get("optimizer") == "fresh"
            sentinels = content["sentinels"]
            optimizer_state = None if fresh else content["optimizer"]
        else:
            model = build(config["model"], seed=config["seed"], device=context.device)
            sentinels, optimizer_state = config["sentinels"], None
    vocabulary = Vocabulary(inputs["vocabulary"], sentinels=sentinels)
    method.prepare(model)
    length = config["targets_length"]
    with timing.part("data"):
        pairs, tallies = training_pairs(config["tasks"], vocabulary, config["train_examples"])
    batches = FinetuneBatches(
        pairs,
        rates({name: len(one) for name, one in pairs.items()}, config["mixing"]),
        architecture=model.config.architecture,
        inputs_length=config["inputs_length"],
        targets_length=length,
        batch_size=config["batch_size"],
        packing=config["packing"],
        seed=config["seed"],
        loss_on_inputs=config.get("loss_on_inputs", False),
    )
    shares = cut_targets(pairs, length)
    facts = left_out(tallies)
    notes = [*facts.pop("notes", ()), *cut_notes(shares, length, "fine-tuning")]
    context.record(**facts, targets_cut=shares, notes=notes)
    module = TextToText(
        model,
        schedule=constant(config["learning_rate"]),
        z_loss=config["z_loss"],
        normalizer=config["normalizer"],
        optimizer_state=optimizer_state,
        team=team,
    )
    judged = None
    if team.lead:
        extra = {"sentinels": sentinels}
        with timing.part("data"):
            judged = validator(team.copy(model), vocabulary, config, context.work, extra)
    tokens = config["batch_size"] * (config["inputs_length"] + config["targets_length"])
    keeper = Keeper(
        context,
        config["steps"],
        tokens_per_step=tokens,
        team=team,
        validator=judged,
        every=config["checkpoint_every"],
        timing=timing,
    )
    fit(
        module,
        batches,
        steps=config["steps"],
        seed=config["seed"],
        precision=config["precision"],
        context=context,
        keeper=keeper,
        callbacks=[Unfreezer(method)],
        partial=isinstance(method, GradualUnfreezing),
    )
    if judged:
        with timing.part("checkpoints"):
            write_history(out / "metrics.csv", keeper.history)
            judged.publish(out)
    context.record(seconds=timing.seconds)
