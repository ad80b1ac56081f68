"""The stages that train: pre-training and fine-tuning, with what they read and cost."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from lab.stage import Cost, Stage
from t5study.cost import training_cost
from t5study.parts import Parts
from t5study.training.finetuning import method_named
from t5study.units import Mixture, UnitSettings


def pretrain(
    parts: Parts, seed: int, mixture: Mixture | None, vocabulary: Stage, corpus: Stage | None
) -> Stage:
    """Pre-training on the corpus, or on a mixture of tasks with or without it."""
    settings, scaling = parts.config.pretrain, parts.config.scaling
    extra = parts.config.finetune.steps if mixture and mixture.validate else 0
    alone = settings.steps * scaling.pretrain_steps
    steps = round((alone + extra) * scaling.steps)
    batch_size = round(settings.batch_size * scaling.batch * scaling.pretrain_batch)
    objective = parts.objective
    length = settings.inputs_length
    raw, targets = objective.lengths(length)
    if mixture:
        length = max([length, *(unit.inputs_length for unit in mixture.units)])
        targets = max([targets, *(unit.targets_length for unit in mixture.units)])
    dataset = parts.config.dataset
    limit = dataset.tokens
    if dataset.repeats:
        limit = max(length, round(steps * batch_size * raw / dataset.repeats))
    if not mixture and objective.pairs_texts and parts.model.layout.encoder:
        # A row holds two texts of full length; a batch as many as of other objectives.
        batch_size = -(-batch_size // 2)
    config = {
        "model": asdict(parts.model),
        "sentinels": parts.sentinels,
        "objective": parts.objective_settings if corpus else None,
        "corpus_tokens": limit if corpus else None,
        "mixture": _mixture(parts, mixture, steps, length, targets) if mixture else None,
        "inputs_length": length,
        "targets_length": targets,
        "batch_size": batch_size,
        "steps": steps,
        "hold": settings.hold,
        "ramp": settings.ramp,
        "z_loss": settings.z_loss,
        "normalizer": settings.normalizer,
        **parts.loss_on_inputs(),
        "seed": seed,
        "precision": parts.config.precision,
    }
    inputs = {"vocabulary": vocabulary}
    checkpoints = 1 + len(mixture.validated if mixture else ())
    return Stage(
        name="pretrain",
        version=objective.version(settings.inputs_length) if corpus else 1,
        config=config,
        inputs=inputs | {"corpus": corpus} if corpus else inputs,
        run="t5study.training.pretrain.run",
        cost=_training_cost(parts, steps, batch_size, length, targets, checkpoints=checkpoints),
        execution=asdict(parts.config.training),
    )


def finetune(
    parts: Parts, unit: UnitSettings, seed: int, parent: Stage | None, vocabulary: Stage
) -> Stage:
    """Fine-tuning on one unit of the suite, from `parent` or from scratch."""
    settings = parts.config.finetune
    method = method_named(parts.config.finetuning.name)
    config = {
        "tasks": parts.described(unit.train, "train"),
        "validation": parts.described(unit.evaluate, "validation"),
        "mixing": parts.mixing(unit.train) if len(unit.train) > 1 else None,
        "method": {
            key: getattr(parts.config.finetuning, key) for key in ("name", *method.settings)
        },
        "inputs_length": unit.inputs_length,
        "targets_length": unit.targets_length,
        "batch_size": unit.batch_size,
        "packing": settings.packing,
        "steps": unit.steps,
        "learning_rate": unit.learning_rate,
        "checkpoint_every": unit.checkpoint_every,
        **_validation(settings.validation_examples),
        "train_examples": settings.train_examples,
        "z_loss": settings.z_loss,
        "normalizer": settings.normalizer,
        **parts.loss_on_inputs(),
        "seed": seed,
        "precision": parts.config.precision,
    }
    inputs = {"vocabulary": vocabulary}
    if parent is None:
        config |= {"model": asdict(parts.model), "sentinels": parts.sentinels}
    else:
        inputs["pretrain"] = parent
    cost = _training_cost(
        parts,
        unit.steps,
        unit.batch_size,
        unit.inputs_length,
        unit.targets_length,
        checkpoints=1 + len(unit.evaluate),
    )
    return Stage(
        name="finetune",
        version=1,
        config=config,
        inputs=inputs,
        run="t5study.training.finetune.run",
        cost=replace(cost, unshareable=method.unshareable),
        execution=asdict(parts.config.training),
    )


def _validation(limit: int | None) -> dict[str, Any]:
    """How many examples checkpoints are chosen by, and which where not all of a split are."""
    drawn = {} if limit is None else {"validation_drawn": "stratified"}
    return {"validation_examples": limit, **drawn}


def _mixture(
    parts: Parts, mixture: Mixture, steps: int, inputs_length: int, targets_length: int
) -> dict[str, Any]:
    settings = parts.config.finetune
    validated = mixture.validated
    watched = {
        **_validation(settings.validation_examples),
        "checkpoint_every": min(steps, settings.checkpoint_every),
    }
    artificial = parts.config.strategy.unsupervised_examples
    return {
        "tasks": parts.described(mixture.train, "train"),
        "train_examples": settings.train_examples,
        "validation": parts.described(validated, "validation"),
        **(watched if validated else {}),
        "mixing": parts.mixing(mixture.train),
        "unsupervised_examples": artificial if mixture.unsupervised else None,
        "packing": settings.packing,
        "inputs_length": inputs_length,
        "targets_length": targets_length,
        "precision": parts.config.precision,
    }


def _training_cost(
    parts: Parts, steps: int, batch: int, inputs: int, targets: int, *, checkpoints: int
) -> Cost:
    return training_cost(
        parts.model,
        steps=steps,
        batch=batch,
        inputs=inputs,
        targets=targets,
        checkpoints=checkpoints,
        precision=parts.config.precision,
        training=parts.config.training,
    )


def selects(training: Stage) -> bool:
    """Whether a training leaves several checkpoints, of which a rule chooses."""
    mixture = training.config.get("mixture") or {}
    return training.name == "finetune" or bool(mixture.get("validation"))
