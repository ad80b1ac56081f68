"""Each stage of a cell, with exactly the configuration that it reads; no torch, nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

from lab.corpora import get_corpus
from lab.stage import Cost, Stage
from lab.vocabulary import embedding_rows, given_vocabulary
from t5study.config import Schema
from t5study.cost import training_cost
from t5study.mixing import SETTINGS as MIXING_SETTINGS
from t5study.model.config import ModelConfig, model_config
from t5study.model.flops import forward_flops, parameters
from t5study.model.memory import PROCESS
from t5study.objectives import get_objective, objective_settings, sentinels_needed
from t5study.tasks.chosen import chosen, describe
from t5study.training.finetuning import method_named
from t5study.units import Mixture, UnitSettings, tasks_of, units_of

"""The embedding's rows are padded to a multiple of this, as in the released models."""


class Stages:
    """Builds each stage of one cell once; what two tasks share is one object."""

    def __init__(self, config: Schema) -> None:
        self.config = config
        self._built: dict[Any, Stage] = {}
        self.units = units_of(config)
        file = config.vocabulary.file
        self.given_vocabulary = given_vocabulary(file) if file else None
        self.objective = self._objective()
        self.sentinels = sentinels_needed(
            inputs_length=config.pretrain.inputs_length, **self.objective
        )
        self.model = self._model()

    @property
    def tasks(self) -> set[str]:
        """Every task that a unit trains on or scores."""
        return tasks_of(self.units)

    def _with_training(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if "train" in chosen(name, self.config)[0].splits]

    def _objective(self) -> dict[str, Any]:
        """The objective's name and what it reads of the settings; the rest is no part of it."""
        name = self.config.objective.name
        values = {
            "noise_density": self.config.corruption,
            "mean_noise_span_length": self.config.span_length,
            "targets_style": self.config.objective.targets,
        }
        return {"name": name} | {k: values[k] for k in objective_settings(name) if k in values}

    @property
    def token_ids(self) -> int:
        """Pieces and sentinels; an embedding has some more rows, to a round number."""
        given = self.given_vocabulary
        pieces = given["pieces"] if given else self.config.vocabulary.pieces
        return int(pieces) + self.sentinels

    def _model(self) -> ModelConfig:
        return model_config(
            self.config.architecture.name,
            self.config.size.name,
            vocab_size=embedding_rows(self.token_ids),
            **asdict(self.config.model),
        )

    def _once(self, key: Any, build: Callable[[], Stage]) -> Stage:
        if key not in self._built:
            self._built[key] = build()
        return self._built[key]

    # -- data --------------------------------------------------------------------------------

    def vocabulary(self) -> Stage:
        """SentencePiece, trained once for all data sets of a study, or as given (section 2.2)."""
        return self._once("vocabulary", self._vocabulary)

    def _vocabulary(self) -> Stage:
        settings = self.config.vocabulary
        if self.given_vocabulary:
            config: dict[str, Any] = {"file": self.given_vocabulary}
        else:
            config = {
                "corpus": get_corpus(settings.corpus).identity(),
                "pieces": settings.pieces,
                "byte_fallback": settings.byte_fallback,
                "lines": settings.lines,
            }
        return Stage(
            name="vocabulary",
            version=1,
            config=config,
            run="t5study.vocabulary.run",
            cost=Cost(disk_bytes=40 * settings.pieces),
        )

    def corpus(self) -> Stage:
        """The pre-training data set as token ids."""
        return self._once("corpus", self._corpus)

    def _corpus(self) -> Stage:
        corpus = get_corpus(self.config.dataset.corpus)
        return Stage(
            name="corpus",
            version=1,
            config={"corpus": corpus.identity()},
            inputs={"vocabulary": self.vocabulary()},
            run="t5study.corpora.tokenized.run",
            cost=Cost(disk_bytes=2 * corpus.approximate_tokens),
        )

    # -- training ----------------------------------------------------------------------------

    def pretrain(self, seed: int, mixture: Mixture | None = None) -> Stage:
        """Pre-training on the corpus, or on a mixture of tasks with or without it."""
        return self._once(("pretrain", seed, mixture), lambda: self._pretrain(seed, mixture))

    def _pretrain(self, seed: int, mixture: Mixture | None) -> Stage:
        settings, scaling = self.config.pretrain, self.config.scaling
        extra = self.config.finetune.steps if mixture and mixture.validate else 0
        alone = settings.steps * scaling.pretrain_steps
        steps = round((alone + extra) * scaling.steps)
        batch_size = round(settings.batch_size * scaling.batch * scaling.pretrain_batch)
        objective = get_objective(
            vocab_size=self.token_ids, num_sentinels=max(self.sentinels, 1), **self.objective
        )
        length = settings.inputs_length
        raw, targets = objective.lengths(length)
        if mixture:
            length = max([length, *(unit.inputs_length for unit in mixture.units)])
            targets = max([targets, *(unit.targets_length for unit in mixture.units)])
        dataset = self.config.dataset
        limit = dataset.tokens
        if dataset.repeats:
            limit = max(length, round(steps * batch_size * raw / dataset.repeats))
        unsupervised = mixture is None or mixture.unsupervised
        if not mixture and objective.pairs_texts and self.model.layout.encoder:
            # A row holds two texts of full length; a batch as many as of other objectives.
            batch_size = -(-batch_size // 2)
        config = {
            "model": asdict(self.model),
            "sentinels": self.sentinels,
            "objective": self.objective if unsupervised else None,
            "corpus_tokens": limit if unsupervised else None,
            "mixture": self._mixture(mixture, steps, length, targets) if mixture else None,
            "inputs_length": length,
            "targets_length": targets,
            "batch_size": batch_size,
            "steps": steps,
            "hold": settings.hold,
            "ramp": settings.ramp,
            "z_loss": settings.z_loss,
            "normalizer": settings.normalizer,
            **self._loss_on_inputs(),
            "seed": seed,
            "precision": self.config.precision,
        }
        inputs = {"vocabulary": self.vocabulary()}
        checkpoints = 1 + len(mixture.validated if mixture else ())
        return Stage(
            name="pretrain",
            version=objective.version(settings.inputs_length) if unsupervised else 1,
            config=config,
            inputs=inputs | {"corpus": self.corpus()} if unsupervised else inputs,
            run="t5study.training.pretrain.run",
            cost=self._training_cost(steps, batch_size, length, targets, checkpoints=checkpoints),
            execution=asdict(self.config.training),
        )

    def _mixture(
        self, mixture: Mixture, steps: int, inputs_length: int, targets_length: int
    ) -> dict[str, Any]:
        settings = self.config.finetune
        validated = mixture.validated
        watched = {
            "validation_examples": settings.validation_examples,
            "checkpoint_every": min(steps, settings.checkpoint_every),
        }
        artificial = self.config.strategy.unsupervised_examples
        return {
            "tasks": self._tasks(mixture.train, "train"),
            "train_examples": settings.train_examples,
            "validation": self._tasks(validated, "validation"),
            **(watched if validated else {}),
            "mixing": self._mixing(mixture.train),
            "unsupervised_examples": artificial if mixture.unsupervised else None,
            "packing": settings.packing,
            "inputs_length": inputs_length,
            "targets_length": targets_length,
            "precision": self.config.precision,
        }

    def _tasks(self, names: Iterable[str], split: str) -> dict[str, Any]:
        return {name: describe(name, split, self.config) for name in names}

    def _mixing(self, tasks: Iterable[str]) -> dict[str, Any]:
        """The mixing's name and what it reads of the settings for a mixture of these tasks."""
        mixing = self.config.mixing
        found = {key: getattr(mixing, key) for key in ("name", *MIXING_SETTINGS[mixing.name])}
        limits = {name: mixing.limits[name] for name in tasks if name in mixing.limits}
        return {**found, "limits": limits} if limits and "limit" in found else found

    def _loss_on_inputs(self) -> dict[str, bool]:
        # Where an encoder reads the input, no decoder writes it.
        if self.model.layout.encoder:
            return {}
        return {"loss_on_inputs": self.config.architecture.loss_on_inputs}

    def finetune(self, unit: UnitSettings, seed: int, parent: Stage | None) -> Stage:
        """Fine-tuning on one unit of the suite, from `parent` or from scratch.

        `parent` itself where there is no fine-tuning.
        """
        if parent is not None and self.config.finetuning.name == "none":
            return parent
        key = ("finetune", unit.name, seed, id(parent))
        return self._once(key, lambda: self._finetune(unit, seed, parent))

    def _finetune(self, unit: UnitSettings, seed: int, parent: Stage | None) -> Stage:
        settings = self.config.finetune
        method = method_named(self.config.finetuning.name)
        config = {
            "tasks": self._tasks(unit.train, "train"),
            "validation": self._tasks(unit.evaluate, "validation"),
            "mixing": self._mixing(unit.train) if len(unit.train) > 1 else None,
            "method": {
                key: getattr(self.config.finetuning, key) for key in ("name", *method.settings)
            },
            "inputs_length": unit.inputs_length,
            "targets_length": unit.targets_length,
            "batch_size": unit.batch_size,
            "packing": settings.packing,
            "steps": unit.steps,
            "learning_rate": unit.learning_rate,
            "checkpoint_every": unit.checkpoint_every,
            "validation_examples": settings.validation_examples,
            "train_examples": settings.train_examples,
            "z_loss": settings.z_loss,
            "normalizer": settings.normalizer,
            **self._loss_on_inputs(),
            "seed": seed,
            "precision": self.config.precision,
        }
        inputs = {"vocabulary": self.vocabulary()}
        if parent is None:
            config |= {"model": asdict(self.model), "sentinels": self.sentinels}
        else:
            inputs["pretrain"] = parent
        cost = self._training_cost(
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
            execution=asdict(self.config.training),
        )

    def _training_cost(
        self, steps: int, batch: int, inputs: int, targets: int, *, checkpoints: int
    ) -> Cost:
        return training_cost(
            self.model,
            steps=steps,
            batch=batch,
            inputs=inputs,
            targets=targets,
            checkpoints=checkpoints,
            precision=self.config.precision,
            training=self.config.training,
        )

    def evaluate(self, unit: UnitSettings, members: list[Stage]) -> Stage:
        """Decode and score a unit's tasks with one model, or with an ensemble of several."""
        settings = self.config.evaluate
        chosen = all(selects(member) for member in members)
        config = {
            "tasks": self._tasks(unit.evaluate, unit.split),
            "split": unit.split,
            # The best constant answer knows the training set.
            "train": self._tasks(self._with_training(unit.evaluate), "train"),
            "examples": unit.evaluate_examples,
            "selection": self.config.selection if chosen else None,
            "inputs_length": unit.inputs_length,
            "max_length": settings.max_length or unit.targets_length,
            "beam_width": unit.beam_width,
            "length_penalty": settings.length_penalty if unit.beam_width > 1 else None,
            "average": self.config.scaling.average if len(members) > 1 else None,
            "precision": self.config.precision,
        }
        inputs = {"vocabulary": self.vocabulary()}
        inputs |= {f"member_{i}": member for i, member in enumerate(members)}
        examples = unit.evaluate_examples or 5000
        flops = forward_flops(self.model, unit.inputs_length, unit.targets_length)
        decoded = len(members) * len(unit.evaluate) * examples * unit.beam_width
        return Stage(
            name="evaluate",
            version=1,
            config=config,
            inputs=inputs,
            run="t5study.training.evaluate.run",
            cost=Cost(
                flops=decoded * flops,
                tokens=decoded * (unit.inputs_length + unit.targets_length),
                memory_bytes=len(members) * 4 * parameters(self.model) + PROCESS,
                device="any",
            ),
        )


def selects(training: Stage) -> bool:
    """Whether a training leaves several checkpoints, of which a rule chooses."""
    mixture = training.config.get("mixture") or {}
    return training.name == "finetune" or bool(mixture.get("validation"))
