"""The stages of a cell, each built once; no torch, nothing heavy."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any

from lab.corpora import get_corpus, identity_of
from lab.corpora.sentences import sentence_splitter
from lab.encoder.config import EncoderConfig
from lab.encoder.vocabulary import vocabulary_size
from lab.memory import LINES_PROCESS
from lab.stage import Cost, Stage
from lab.text_to_text.config import ModelConfig, model_config
from studies.gector import costs, given
from studies.gector.config import STAGES, Encoder, StageSettings, Variant
from studies.gector.data_stages import DataStages

APART = 10_000
"""Between the seeds of an ensemble's members: those of other seeds are others."""


def _name(variant: Variant) -> tuple[str, str | None, str]:
    """What tells a variant from others."""
    return variant.kind, variant.objective, variant.sharing


class Stages(DataStages):
    """Trainings and scores."""

    @cached_property
    def encoder(self) -> EncoderConfig:
        """The encoder's shape; of a given one what is here is only an estimate."""
        return self._shape(self.config.encoder)

    def _shape(self, variant: Variant) -> EncoderConfig:
        settings = self.config.encoder
        return EncoderConfig(
            vocabulary=vocabulary_size(self.vocabulary.config),
            width=settings.width,
            layers=settings.layers,
            heads=settings.heads,
            feed_forward=settings.feed_forward,
            embedding=settings.embedding,
            positions=settings.positions,
            sharing=variant.sharing,
            dropout=settings.dropout,
            attention_dropout=settings.dropout,
            initializer_range=settings.initializer_range,
        )

    def pretrained(self, variant: Variant) -> Stage | None:
        """What publishes the encoder that training begins with; None where it is drawn."""
        if isinstance(variant, Encoder) and variant.folder is not None:
            return Stage(
                name="given",
                version=1,
                config={"files": given.identity(variant.folder)},
                run="studies.gector.given.run",
            )
        if variant.objective is None:
            return None
        return self.once(("pretrain", _name(variant)), lambda: self._pretrain(variant))

    @cached_property
    def lines(self) -> Stage:
        """The corpus of pre-training as pieces, sentence by sentence."""
        corpus = get_corpus(self.config.pretrain.corpus)
        return Stage(
            name="lines",
            version=1,
            config={
                "corpus": identity_of(corpus),
                "held_out": 0.0,
                "sentences": sentence_splitter().digest,
            },
            inputs={"vocabulary": self.vocabulary},
            run="lab.encoder.lines.run",
            cost=Cost(memory_bytes=LINES_PROCESS, disk_bytes=4 * corpus.approximate_tokens),
        )

    def _pretrain(self, variant: Variant) -> Stage:
        settings = self.config.pretrain
        detects = variant.objective == "replaced"
        return Stage(
            name="pretrain",
            version=1,
            config={
                "kind": variant.kind,
                "encoder": self._shape(variant).settings(),
                "objective": variant.objective,
                "generator": settings.generator if detects else None,
                "masking_rate": settings.masking_rate,
                "rows": {"longest": settings.length, "seed": settings.seed},
                "batch_size": settings.batch_size,
                "steps": settings.steps,
                "keep": [],
                "rate": settings.rate,
                "warmup": min(settings.warmup, settings.steps),
                "weight_decay": settings.weight_decay,
                "clip": settings.clip,
                "seed": settings.seed,
                "precision": self.config.precision,
            },
            inputs={"vocabulary": self.vocabulary, "lines": self.lines},
            run="studies.gector.training.pretrain.run",
            cost=costs.pretraining(
                self._shape(variant), settings, variant.objective, self.config.precision
            ),
        )

    def tuned(self, seed: int, variant: Variant) -> Stage:
        """The last stage of training of one seed, with those before it in its inputs."""
        last: Stage | None = None
        for name in (one for one in STAGES if one in self.config.stages.run):
            last = self._tune(name, seed, variant, last)
        assert last is not None, "complaints() wants one stage at least"
        return last

    def _tune(self, name: str, seed: int, variant: Variant, before: Stage | None) -> Stage:
        settings: StageSettings = self.config.stages.settings[name]
        train = self.config.train
        config: dict[str, Any] = {
            "rate": settings.rate,
            "batch_size": settings.batch_size,
            "epoch_updates": settings.updates,
            "epochs": settings.epochs,
            "cold": {"epochs": settings.cold, "rate": settings.cold_rate},
            "patience": settings.patience,
            "shares": {"correct": settings.correct, "errorful": 1.0},
            "smoothing": train.smoothing,
            "reading": self._reading,
            "seed": seed,
            "precision": self.config.precision,
        }
        inputs = {
            "vocabulary": self.vocabulary,
            "tags": self.tags,
            "train": self.tagged(self.pairs_of_stage(name)),
            "validation": self.tagged(self.pairs_of_set("validation")),
        }
        if before is not None:
            inputs["before"] = before
        else:
            config |= {
                "kind": variant.kind,
                "error_head": train.error_head,
                "dropout": train.dropout,
            }
            if pretrained := self.pretrained(variant):
                inputs["pretrain"] = pretrained
            else:
                config["encoder"] = self._shape(variant).settings()
        return Stage(
            name="tune",
            # 2: an LSTM computes in float32.
            version=2 if variant.kind == "lstm" else 1,
            config=config,
            inputs=inputs,
            run="studies.gector.training.tune.run",
            cost=costs.training(
                self.encoder, settings, self.config.tags.size, self.config.precision
            ),
        )

    @property
    def _reading(self) -> dict[str, int]:
        reading = self.config.reading
        return {
            "tokens": reading.tokens,
            "per_word": reading.per_word,
            "longest": min(reading.longest, self.config.encoder.positions),
        }

    @cached_property
    def members(self) -> dict[str, Stage]:
        """The trainings whose mean corrects."""
        ensemble, first = self.config.ensemble, self.config.train.seed
        trained = [
            *((first + APART * n, self.config.encoder) for n in range(ensemble.members)),
            *((first, other) for other in ensemble.others),
        ]
        return {f"member_{n}": self.tuned(*one) for n, one in enumerate(trained)}

    @cached_property
    def rewriter(self) -> Stage:
        """The last stage of training of the text-to-text model, with those before it."""
        last: Stage | None = None
        for name in (one for one in STAGES if one in self.config.stages.run):
            last = self._rewrite(name, last)
        assert last is not None, "complaints() wants one stage at least"
        return last

    @cached_property
    def text_to_text(self) -> ModelConfig:
        """The model that writes: the pieces of the encoder's vocabulary, without special ones."""
        pieces = vocabulary_size(self.vocabulary.config)
        return model_config(size=self.config.rewriter.size, vocab_size=pieces, dropout_rate=0.0)

    def _rewrite(self, name: str, before: Stage | None) -> Stage:
        """On the pairs of the tagger's stage, as many sentences of them as it reads at most."""
        settings, rewriter = self.config.stages.settings[name], self.config.rewriter
        updates = costs.updates(settings)
        config: dict[str, Any] = {
            "correct": settings.correct,
            "batch_size": settings.batch_size,
            "updates": updates,
            "hold": rewriter.hold,
            "longest": rewriter.longest,
            "seed": self.config.train.seed,
            "precision": self.config.precision,
        }
        inputs = {"vocabulary": self.vocabulary, "pairs": self.pairs_of_stage(name)}
        if before is not None:
            inputs["before"] = before
        else:
            config["model"] = asdict(self.text_to_text)
        return Stage(
            name="rewrite",
            version=1,
            config=config,
            inputs=inputs,
            run="studies.gector.training.rewrite.run",
            cost=costs.rewriting(
                self.text_to_text,
                rows=updates * settings.batch_size,
                batch=settings.batch_size,
                precision=self.config.precision,
            ),
        )

    @property
    def _system(self) -> tuple[dict[str, Any], dict[str, Stage]]:
        """What corrects, and the stages that it is read from."""
        inference = self.config.inference
        common = {"batch_size": inference.batch_size, "precision": self.config.precision}
        if self.config.system.name == "rewriter":
            rewriter = self.config.rewriter
            asked = {"beam": rewriter.beam, "alpha": rewriter.alpha, "longest": rewriter.longest}
            return {**common, **asked}, {"rewriter": self.rewriter}
        inputs = {**self.members}
        tweaks = None
        if inference.name == "tweaked":
            inputs["search"] = self.search
        else:
            typed = inference.name == "given"
            tweaks = {
                "additional_confidence": inference.confidence if typed else 0.0,
                "min_error_probability": inference.minimum if typed else 0.0,
                "each_tag": inference.each_tag,
            }
        return {**self._correcting, "tweaks": tweaks}, inputs

    @property
    def _correcting(self) -> dict[str, Any]:
        """How sentences are corrected, tweaks aside."""
        inference = self.config.inference
        return {
            "kind": self.config.tags.name,
            "iterations": inference.iterations,
            "min_len": inference.min_len,
            "reading": self._reading,
            "batch_size": inference.batch_size,
            "precision": self.config.precision,
        }

    @cached_property
    def search(self) -> Stage:
        """The tweaks that are best on validation."""
        inference = self.config.inference
        return Stage(
            name="search",
            version=1,
            config={
                **self._correcting,
                "scorer": self.config.evaluate.scorer,
                "trials": inference.trials,
                "seed": 0,
                "each_tag": inference.each_tag,
                "most": {
                    "confidence": inference.most_confidence,
                    "minimum": inference.most_minimum,
                },
            },
            inputs={"validation": self.pairs_of_set("validation"), **self.members},
            run="studies.gector.training.search.run",
            cost=self._correction(1000),
        )

    def evaluate(self, name: str) -> Stage:
        """The scores of one set."""
        asked, inputs = self._system
        return Stage(
            name="evaluate",
            version=2,
            config={
                **asked,
                "scorer": self.config.evaluate.scorer,
                "task": name,
                "examples": self.config.evaluate.examples,
            },
            inputs={
                "pairs": self.pairs_of_set(name),
                "misspellings": self.misspellings,
                **inputs,
            },
            run="studies.gector.training.evaluate.run",
            cost=self._correction(self.config.evaluate.examples or 2000),
        )

    @cached_property
    def speed(self) -> Stage:
        """Sentences a second of the first set, in batches of several sizes."""
        asked, inputs = self._system
        settings = self.config.speed
        sentences = {name.removeprefix("at_"): n for name, n in settings.sentences.items()}
        return Stage(
            name="speed",
            version=1,
            config={**asked, "sentences": sentences, "repeats": settings.repeats},
            inputs={"pairs": self.pairs_of_set(self.config.evaluate.sets[0]), **inputs},
            run="studies.gector.training.speed.run",
            cost=self._correction((1 + settings.repeats) * sum(sentences.values())),
        )

    def _correction(self, rows: int) -> Cost:
        if self.config.system.name == "rewriter":
            return costs.writing(self.text_to_text, rows=rows, beam=self.config.rewriter.beam)
        return costs.correcting(
            self.encoder,
            rows=rows,
            batch=self.config.inference.batch_size,
            rounds=self.config.inference.iterations,
            tags=self.config.tags.size,
            members=len(self.members),
        )
