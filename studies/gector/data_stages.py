"""The stages of a cell in which nothing trains: pairs, their tags, the list; no torch.

Most of them run between trainings, so that plans give them the memory of a worker that trains.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from lab.corpora.archives import ARCHIVES, content_of
from lab.encoder.vocabulary import described_vocabulary
from lab.memory import PROCESS, pieces_process
from lab.stage import Cost, Stage, StageBuilder
from studies.gector import costs
from studies.gector.config import Schema
from studies.gector.sources import get_source

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


class DataStages(StageBuilder):
    """Builds each stage of one cell once; what two sets share is one object."""

    def __init__(self, config: Schema) -> None:
        super().__init__()
        self.config = config

    @cached_property
    def vocabulary(self) -> Stage:
        """Pieces of the encoder, trained once for the study, or as given."""
        settings, file = self.config.vocabulary, vocabulary_file(self.config)
        config = described_vocabulary(settings, file, settings.corpus)
        return Stage(
            name="vocabulary",
            version=1,
            config=config,
            run="lab.encoder.vocabulary.run",
            cost=Cost(memory_bytes=pieces_process(settings.lines)),
        )

    def _pairs(self, source: str, settings: dict[str, Any]) -> Stage:
        def build() -> Stage:
            return Stage(
                name="pairs",
                version=1,
                config={"source": source, "identity": get_source(source).identity(settings)},
                run="studies.gector.training.pairs.run",
                cost=Cost(
                    memory_bytes=PROCESS,
                    disk_bytes=300.0 * (settings["pairs"] or costs.REAL["pairs"]),
                ),
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
        asked = {"pairs": settings.most, "right": settings.right}
        if settings.pairs == "own":
            return self._pairs("own", {**asked, "files": tuple(settings.files)})
        return self._pairs("real", {**asked, "part": "train", "single": settings.single})

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
            cost=Cost(memory_bytes=PROCESS),
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
            cost=Cost(memory_bytes=PROCESS),
        )

    @cached_property
    def misspellings(self) -> Stage:
        """What a look-up corrects by."""
        source = get_source("synthetic")
        return Stage(
            name="misspellings",
            version=1,
            config={"lists": {name: content_of(ARCHIVES[name]) for name in source.ARCHIVES}},
            run="studies.gector.training.misspellings.run",
            cost=Cost(memory_bytes=PROCESS),
        )
