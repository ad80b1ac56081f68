"""The stages that train: pre-training and fine-tuning, with what they read and cost."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from lab.memory import PROCESS
from lab.stage import Cost, Stage
from lab.text_to_text.flops import parameters
from t5study.cost import training_cost
from t5study.given_model import GivenModel
from t5study.resolved import Resolved
from t5study.training.finetuning import method_named
from t5study.units import Mixture, UnitSettings


def given(resolved: Resolved, model: GivenModel) -> Stage:
    """A model that others pre-trained, and its vocabulary, as our trainings read them."""
    weights = 4.0 * parameters(resolved.model)
    return Stage(
        name="given",
        version=1,
        config={
            **model.description,
            "dropout_rate": resolved.model.dropout_rate,
            "dropout_form": resolved.model.dropout_form,
        },
        run="t5study.training.given.run",
        cost=Cost(memory_bytes=2 * weights + PROCESS, disk_bytes=weights),
    )


def pretrain(
    resolved: Resolved,
    seed: int,
    mixture: Mixture | None,
    vocabulary: Stage,
    corpus: Stage | None,
    parent: Stage | None = None,
) -> Stage:
    """Pre-training on the corpus, or on a mixture of tasks with or without it.

    From scratch, or from `parent`, a model that is given.
    """
    settings, scaling = resolved.config.pretrain, resolved.config.scaling
    extra = resolved.config.finetune.steps if mixture and mixture.validate else 0
    alone = settings.steps * scaling.pretrain_steps
    steps = round((alone + extra) * scaling.steps)
    batch_size = round(settings.batch_size * scaling.batch * scaling.pretrain_batch)
    objective = resolved.objective
    length = settings.inputs_length
    raw, targets = objective.lengths(length)
    if mixture:
        length = max([length, *(unit.inputs_length for unit in mixture.units)])
        targets = max([targets, *(unit.targets_length for unit in mixture.units)])
    dataset = resolved.config.dataset
    limit = dataset.tokens
    if dataset.repeats:
        limit = max(length, round(steps * batch_size * raw / dataset.repeats))
    if not mixture and objective.pairs_texts and resolved.model.layout.encoder:
        # A row holds two texts of full length; a batch as many as of other objectives.
        batch_size = -(-batch_size // 2)
    config = {
        "model": asdict(resolved.model),
        "sentinels": resolved.sentinels,
        "objective": resolved.objective_settings if corpus else None,
        **(resolved.objective_source if corpus else {}),
        "corpus_tokens": limit if corpus else None,
        "mixture": _mixture(resolved, mixture, steps, length, targets) if mixture else None,
        "inputs_length": length,
        "targets_length": targets,
        "batch_size": batch_size,
        "steps": steps,
        "hold": settings.hold,
        "ramp": settings.ramp,
        "z_loss": settings.z_loss,
        "normalizer": settings.normalizer,
        **resolved.loss_on_inputs(),
        "seed": seed,
        "precision": resolved.config.precision,
    }
    inputs = {"vocabulary": vocabulary}
    if parent is not None:
        inputs["pretrain"] = parent
    checkpoints = 1 + len(mixture.validated if mixture else ())
    return Stage(
        name="pretrain",
        version=objective.version(settings.inputs_length) if corpus else 1,
        config=config,
        inputs=inputs | {"corpus": corpus} if corpus else inputs,
        run="t5study.training.pretrain.run",
        cost=_training_cost(resolved, steps, batch_size, length, targets, checkpoints=checkpoints),
        execution=asdict(resolved.config.training),
    )


def finetune(
    resolved: Resolved, unit: UnitSettings, seed: int, parent: Stage | None, vocabulary: Stage
) -> Stage:
    """Fine-tuning on one unit of the suite, from `parent` or from scratch."""
    settings = resolved.config.finetune
    method = method_named(resolved.config.finetuning.name)
    config = {
        "tasks": resolved.described(unit.train, "train"),
        "validation": resolved.described(unit.evaluate, "validation"),
        "mixing": resolved.mixing(unit.train) if len(unit.train) > 1 else None,
        "method": {
            key: getattr(resolved.config.finetuning, key) for key in ("name", *method.settings)
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
        **resolved.loss_on_inputs(),
        "seed": seed,
        "precision": resolved.config.precision,
    }
    inputs = {"vocabulary": vocabulary}
    if parent is None:
        # Nothing that is trained on has sentinels: rows of any objective are one training.
        config |= {"model": asdict(resolved.model), "sentinels": 0}
    else:
        inputs["pretrain"] = parent
        if settings.optimizer == "fresh":
            config["optimizer"] = settings.optimizer
    cost = _training_cost(
        resolved,
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
        execution=asdict(resolved.config.training),
    )


def _validation(limit: int | None) -> dict[str, Any]:
    """How many examples checkpoints are chosen by, and which where not all of a split are."""
    drawn = {} if limit is None else {"validation_drawn": "stratified"}
    return {"validation_examples": limit, **drawn}


def _mixture(
    resolved: Resolved, mixture: Mixture, steps: int, inputs_length: int, targets_length: int
) -> dict[str, Any]:
    settings = resolved.config.finetune
    validated = mixture.validated
    watched = {
        **_validation(settings.validation_examples),
        "checkpoint_every": min(steps, settings.checkpoint_every),
    }
    artificial = resolved.config.strategy.unsupervised_examples
    return {
        "tasks": resolved.described(mixture.train, "train"),
        "train_examples": settings.train_examples,
        "validation": resolved.described(validated, "validation"),
        **(watched if validated else {}),
        "mixing": resolved.mixing(mixture.train),
        "unsupervised_examples": artificial if mixture.unsupervised else None,
        "packing": settings.packing,
        "inputs_length": inputs_length,
        "targets_length": targets_length,
        "precision": resolved.config.precision,
    }


def _training_cost(
    resolved: Resolved, steps: int, batch: int, inputs: int, targets: int, *, checkpoints: int
) -> Cost:
    return training_cost(
        resolved.model,
        steps=steps,
        batch=batch,
        inputs=inputs,
        targets=targets,
        checkpoints=checkpoints,
        precision=resolved.config.precision,
        training=resolved.config.training,
    )


def selects(training: Stage) -> bool:
    """Whether a training leaves several checkpoints, of which a rule chooses."""
    mixture = training.config.get("mixture") or {}
    return training.name == "finetune" or bool(mixture.get("validation"))
