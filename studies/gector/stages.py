"""The stages of a cell, each built once; no torch, nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from typing import Any

from lab.corpora.archives import ARCHIVES, content_of
from lab.encoder.config import EncoderConfig
from lab.encoder.vocabulary import described_vocabulary, vocabulary_size
from lab.stage import Cost, Stage, StageBuilder
from studies.gector import costs, given
from studies.gector.config import STAGES, Schema, StageSettings
from studies.gector.sources import get_source

APART = 10_000
"""Between the seeds of an ensemble's members: those of other seeds are others."""
EVERY = {"pairs": None, "right": None, "single": False}
SETS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "seen": ("real", {"part": "seen", **EVERY}),
    "unseen": ("real", {"part": "unseen", **EVERY}),
    "validation": ("real", {"part": "validation", **EVERY}),
    "synthetic": ("synthetic", {"held_out": True}),
}
"""What is corrected and scored: its source and what is asked of it."""


def vocabulary_file(config: Schema) -> str | None:
    """The vocabulary that is given: the one named, else that in the folder of a given encoder."""
    return config.vocabulary.file or config.encoder.folder


class Stages(StageBuilder):
    """Builds each stage of one cell once; what two sets share is one object."""

    def __init__(self, config: Schema) -> None:
        super().__init__()
        self.config = config

    @cached_property
    def vocabulary(self) -> Stage:
        """Pieces of the encoder, trained once for the study, or as given."""
        settings, file = self.config.vocabulary, vocabulary_file(self.config)
        config = described_vocabulary(settings, file, settings.corpus)
        return Stage(name="vocabulary", version=1, config=config, run="lab.encoder.vocabulary.run")

    @cached_property
    def encoder(self) -> EncoderConfig:
        """The encoder's shape; of a given one what is here is only an estimate."""
        settings = self.config.encoder
        return EncoderConfig(
            vocabulary=vocabulary_size(self.vocabulary.config),
            width=settings.width,
            layers=settings.layers,
            heads=settings.heads,
            feed_forward=settings.feed_forward,
            embedding=settings.embedding,
            positions=settings.positions,
            sharing=settings.sharing,
            dropout=settings.dropout,
            attention_dropout=settings.dropout,
            initializer_range=settings.initializer_range,
        )

    @cached_property
    def pretrained(self) -> Stage | None:
        """What publishes the encoder that training begins with; None where it is drawn."""
        folder = self.config.encoder.folder
        if folder is None:
            return None
        return Stage(
            name="given",
            version=1,
            config={"files": given.identity(folder)},
            run="studies.gector.given.run",
        )

    def _pairs(self, source: str, settings: dict[str, Any]) -> Stage:
        def build() -> Stage:
            return Stage(
                name="pairs",
                version=1,
                config={"source": source, "identity": get_source(source).identity(settings)},
                run="studies.gector.training.pairs.run",
                cost=Cost(disk_bytes=300.0 * (settings["pairs"] or costs.REAL["pairs"])),
            )

        return self.once((source, repr(sorted(settings.items()))), build)

    def _synthetic(self, pairs: int | None, held_out: bool) -> Stage:
        settings = {
            "pairs": pairs,
            "held_out": held_out,
            "seed": self.config.noise.seed,
            "added": self.config.noise.added,
            "shares": dict(self.config.mixture),
        }
        return self._pairs("synthetic", settings)

    def pairs_of_set(self, name: str) -> Stage:
        """The pairs that are scored, or that choose."""
        source, settings = SETS[name]
        if source == "synthetic":
            return self._synthetic(self.config.evaluate.synthetic, settings["held_out"])
        return self._pairs(source, settings)

    def pairs_of_stage(self, name: str) -> Stage:
        """The pairs that a stage of training reads."""
        settings = self.config.stages.settings[name]
        if settings.pairs == "synthetic":
            return self._synthetic(settings.most, held_out=False)
        asked = {
            "part": "train",
            "pairs": settings.most,
            "right": settings.right,
            "single": settings.single,
        }
        return self._pairs("real", asked)

    def tagged(self, pairs: Stage) -> Stage:
        """These pairs with their tags."""
        kind = self.config.tags.name
        verbs = content_of(ARCHIVES["word_forms"]) if kind == "all" else None

        def build() -> Stage:
            return Stage(
                name="tagged",
                version=1,
                config={"kind": kind, "verbs": verbs},
                inputs={"pairs": pairs},
                run="studies.gector.training.tagged.run",
                cost=pairs.cost,
            )

        return self.once(("tagged", id(pairs)), build)

    @cached_property
    def tags(self) -> Stage:
        """The list of tags, one for all stages of training."""
        settings = self.config.tags
        return Stage(
            name="tags",
            version=1,
            config={
                "size": settings.size,
                "share": settings.share,
                "seed": settings.seed if settings.share < 1 else None,
            },
            inputs={name: self.tagged(self.pairs_of_stage(name)) for name in settings.counted},
            run="studies.gector.training.tags.run",
        )

    @cached_property
    def coverage(self) -> Stage:
        """Which share of each set's edits the list can make."""
        sets = self.config.evaluate.sets
        return Stage(
            name="coverage",
            version=1,
            config={},
            inputs={
                "tags": self.tags,
                **{name: self.tagged(self.pairs_of_set(name)) for name in sets},
            },
            run="studies.gector.training.tags.covered",
        )

    def tuned(self, seed: int) -> Stage:
        """The last stage of training of one seed, with those before it in its inputs."""
        last: Stage | None = None
        for name in (one for one in STAGES if one in self.config.stages.run):
            last = self._tune(name, seed, last)
        assert last is not None, "complaints() wants one stage at least"
        return last

    def _tune(self, name: str, seed: int, before: Stage | None) -> Stage:
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
            config |= {"error_head": train.error_head, "dropout": train.dropout}
            if self.pretrained is not None:
                inputs["pretrain"] = self.pretrained
            else:
                config["encoder"] = asdict(self.encoder)
        return Stage(
            name="tune",
            version=1,
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
        seeds = [self.config.train.seed + APART * n for n in range(self.config.ensemble.members)]
        return {f"member_{n}": self.tuned(seed) for n, seed in enumerate(seeds)}

    @property
    def _correcting(self) -> dict[str, Any]:
        """How sentences are corrected, tweaks aside."""
        inference = self.config.inference
        return {
            "kind": self.config.tags.name,
            "iterations": inference.iterations,
            "min_len": inference.min_len,
            "scorer": self.config.evaluate.scorer,
            "reading": self._reading,
            "batch_size": inference.batch_size,
            "precision": self.config.precision,
        }

    @cached_property
    def misspellings(self) -> Stage:
        """What a look-up corrects by."""
        source = get_source("synthetic")
        return Stage(
            name="misspellings",
            version=1,
            config={"lists": {name: content_of(ARCHIVES[name]) for name in source.ARCHIVES}},
            run="studies.gector.training.misspellings.run",
        )

    @cached_property
    def search(self) -> Stage:
        """The tweaks that are best on validation."""
        inference = self.config.inference
        return Stage(
            name="search",
            version=1,
            config={
                **self._correcting,
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
        inference = self.config.inference
        inputs = {
            "pairs": self.pairs_of_set(name),
            "misspellings": self.misspellings,
            **self.members,
        }
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
        return Stage(
            name="evaluate",
            version=1,
            config={
                **self._correcting,
                "task": name,
                "examples": self.config.evaluate.examples,
                "tweaks": tweaks,
            },
            inputs=inputs,
            run="studies.gector.training.evaluate.run",
            cost=self._correction(self.config.evaluate.examples or 2000),
        )

    def _correction(self, rows: int) -> Cost:
        return costs.correcting(
            self.encoder,
            rows=rows,
            rounds=self.config.inference.iterations,
            tags=self.config.tags.size,
            members=self.config.ensemble.members,
        )
