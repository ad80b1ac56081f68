"""The stages of a cell, each built once; no torch, nothing heavy."""

from __future__ import annotations

from typing import Any

from lab.corpora import get_corpus, identity_of
from lab.memory import CORPUS_PROCESS, READING_PROCESS, pieces_process
from lab.stage import Cost, Stage, StageBuilder
from lab.text_to_text.flops import forward_flops, parameters
from t5study import trainings
from t5study.config import vocabulary_corpus
from t5study.given_model import GivenModel
from t5study.resolved import Resolved
from t5study.units import Mixture, UnitSettings


class Stages(StageBuilder):
    """Builds each stage of one cell once; what two tasks share is one object."""

    def __init__(self, resolved: Resolved) -> None:
        super().__init__()
        self.resolved = resolved

    def vocabulary(self) -> Stage:
        """SentencePiece, trained once for all data sets of a study, or as given (section 2.2).

        A given model has its own.
        """
        if self.resolved.given is not None:
            return self.given(self.resolved.given)
        return self.once("vocabulary", self._vocabulary)

    def _vocabulary(self) -> Stage:
        settings = self.resolved.config.vocabulary
        if self.resolved.given_vocabulary:
            config: dict[str, Any] = {"file": self.resolved.given_vocabulary}
        else:
            config = {
                "corpus": identity_of(get_corpus(vocabulary_corpus(self.resolved.config))),
                "pieces": settings.pieces,
                "byte_fallback": settings.byte_fallback,
                "lines": settings.lines,
            }
        return Stage(
            name="vocabulary",
            version=1,
            config=config,
            run="t5study.vocabulary.run",
            cost=Cost(memory_bytes=pieces_process(settings.lines), disk_bytes=40 * settings.pieces),
        )

    def given(self, model: GivenModel) -> Stage:
        """A model that others pre-trained, and its vocabulary, as our trainings read them."""
        return self.once("given", lambda: trainings.given(self.resolved, model))

    def corpus(self) -> Stage:
        """The pre-training data set as token ids."""
        return self.once("corpus", self._corpus)

    def _corpus(self) -> Stage:
        corpus = get_corpus(self.resolved.config.dataset.corpus)
        return Stage(
            name="corpus",
            version=1,
            config={"corpus": identity_of(corpus)},
            inputs={"vocabulary": self.vocabulary()},
            run="t5study.corpora.tokenized.run",
            cost=Cost(memory_bytes=CORPUS_PROCESS, disk_bytes=2 * corpus.approximate_tokens),
        )

    def pretrain(self, seed: int, mixture: Mixture | None = None) -> Stage:
        """Pre-training on the corpus, or on a mixture of tasks with or without it.

        A given model is of no seed; a mixture of tasks starts from it.
        """
        parent = self.given(self.resolved.given) if self.resolved.given is not None else None
        if parent is not None and mixture is None:
            return parent
        corpus = self.corpus() if mixture is None or mixture.unsupervised else None
        return self.once(
            ("pretrain", seed, mixture),
            lambda: trainings.pretrain(
                self.resolved, seed, mixture, self.vocabulary(), corpus, parent
            ),
        )

    def finetune(self, unit: UnitSettings, seed: int, parent: Stage | None) -> Stage:
        """Fine-tuning on one unit of the suite, from `parent` or from scratch.

        `parent` itself where there is no fine-tuning.
        """
        if parent is not None and self.resolved.config.finetuning.name == "none":
            return parent
        return self.once(
            ("finetune", unit.name, seed, id(parent)),
            lambda: trainings.finetune(self.resolved, unit, seed, parent, self.vocabulary()),
        )

    def evaluate(self, unit: UnitSettings, members: list[Stage]) -> Stage:
        """Decode and score a unit's tasks with one model, or with an ensemble of several."""
        resolved, settings = self.resolved, self.resolved.config.evaluate
        chosen = all(trainings.selects(member) for member in members)
        config = {
            "tasks": resolved.described(unit.evaluate, unit.split),
            "split": unit.split,
            # The best constant answer knows the training set.
            "train": resolved.described(resolved.with_training_set(unit.evaluate), "train"),
            "examples": unit.evaluate_examples,
            "selection": resolved.config.selection if chosen else None,
            "inputs_length": unit.inputs_length,
            "max_length": settings.max_length or unit.targets_length,
            "beam_width": unit.beam_width,
            "length_penalty": settings.length_penalty if unit.beam_width > 1 else None,
            "average": resolved.config.scaling.average if len(members) > 1 else None,
            "precision": resolved.config.precision,
        }
        inputs = {"vocabulary": self.vocabulary()}
        inputs |= {f"member_{i}": member for i, member in enumerate(members)}
        examples = unit.evaluate_examples or 5000
        flops = forward_flops(resolved.model, unit.inputs_length, unit.targets_length)
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
                memory_bytes=len(members) * 4 * parameters(resolved.model) + READING_PROCESS,
                device="any",
            ),
        )
