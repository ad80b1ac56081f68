"""What a cell's configuration names, resolved: the objective, the model, tasks, their mixing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any

from lab.text_to_text.config import ModelConfig, model_config
from lab.vocabulary import embedding_rows, given_vocabulary
from t5study.config import Schema
from t5study.given_model import given_model
from t5study.mixing import SETTINGS as MIXING_SETTINGS
from t5study.objectives import (
    Objective,
    get_objective,
    objective_settings,
    objective_source,
    sentinels_needed,
)
from t5study.tasks.chosen import chosen, describe
from t5study.units import tasks_of, units_of


class Resolved:
    """A cell's configuration with its names resolved, each once, for all stages that read them.

    Raises StudyError for a name or a file that is not there.
    """

    def __init__(self, config: Schema) -> None:
        self.config = config
        self.units = units_of(config)
        self.given = given_model(config)
        file = config.vocabulary.file if self.given is None else None
        self.given_vocabulary = given_vocabulary(file) if file else None
        self.objective_settings = self._objective_settings()
        self.sentinels = (
            self.given.sentinels
            if self.given
            else sentinels_needed(
                inputs_length=config.pretrain.inputs_length, **self.objective_settings
            )
        )
        self.model = self._model()
        self._descriptions: dict[tuple[str, str], dict[str, Any]] = {}

    def _objective_settings(self) -> dict[str, Any]:
        """The objective's name and what it reads of the settings; the rest is no part of it."""
        name = self.config.objective.name
        values = {
            "noise_density": self.config.corruption,
            "mean_noise_span_length": self.config.span_length,
            "targets_style": self.config.objective.targets,
        }
        return {"name": name} | {k: values[k] for k in objective_settings(name) if k in values}

    @property
    def objective_source(self) -> dict[str, str]:
        """The digest of the objective's code, where another package brings it."""
        source = objective_source(self.config.objective.name)
        return {"objective_source": source} if source else {}

    @property
    def token_ids(self) -> int:
        """Pieces and sentinels; an embedding has some more rows, to a round number."""
        file = self.given_vocabulary
        pieces = file["pieces"] if file else self.config.vocabulary.pieces
        return int(pieces) + self.sentinels

    def _model(self) -> ModelConfig:
        settings = self.config.model
        if self.given is not None:
            return replace(
                self.given.config,
                dropout_rate=settings.dropout_rate,
                dropout_form=settings.dropout_form,
            )
        return model_config(
            self.config.architecture.name,
            self.config.size.name,
            vocab_size=embedding_rows(self.token_ids),
            **asdict(settings),
        )

    @cached_property
    def objective(self) -> Objective:
        """The pre-training objective over this vocabulary."""
        return get_objective(
            vocab_size=self.token_ids,
            num_sentinels=max(self.sentinels, 1),
            **self.objective_settings,
        )

    @property
    def tasks(self) -> set[str]:
        """Every task that a unit trains on or scores."""
        return tasks_of(self.units)

    def described(self, names: Iterable[str], split: str) -> dict[str, Any]:
        """The settings of these tasks and the data of their split, by task. Raises TaskError."""
        return {name: self._described(name, split) for name in names}

    def _described(self, name: str, split: str) -> dict[str, Any]:
        if (name, split) not in self._descriptions:
            self._descriptions[name, split] = describe(name, split, self.config)
        return self._descriptions[name, split]

    def with_training_set(self, names: Iterable[str]) -> list[str]:
        """Those of the tasks that have a training set. Raises TaskError."""
        return [name for name in names if "train" in chosen(name, self.config)[0].splits]

    def mixing(self, tasks: Iterable[str]) -> dict[str, Any]:
        """The mixing's name and what it reads of the settings for a mixture of these tasks."""
        mixing = self.config.mixing
        settings = {key: getattr(mixing, key) for key in ("name", *MIXING_SETTINGS[mixing.name])}
        limits = {name: mixing.limits[name] for name in tasks if name in mixing.limits}
        return {**settings, "limits": limits} if limits and "limit" in settings else settings

    def loss_on_inputs(self) -> dict[str, bool]:
        """Whether a model also learns to write its input; nothing where an encoder reads it."""
        if self.model.layout.encoder:
            return {}
        return {"loss_on_inputs": self.config.architecture.loss_on_inputs}
