"""What cells of encoders name alike, resolved: the vocabulary and the fine-tunings; no torch."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, TypeVar

from lab.encoder.given import GivenEncoder, given_encoder
from lab.encoder.suite.corpora import vocabulary_corpus
from lab.encoder.suite.settings import SuiteSchema
from lab.encoder.suite.units import UnitSettings, units_of
from lab.encoder.vocabulary import described_vocabulary

S = TypeVar("S", bound=SuiteSchema)


class SuiteResolved(Generic[S]):
    """A cell's configuration with its names resolved, each once, for all stages that read them.

    Raises StudyError for a name or a file that is not there.
    """

    def __init__(self, config: S) -> None:
        self.config = config

    @cached_property
    def given(self) -> GivenEncoder | None:
        """The encoder that takes the place of pre-training. Raises StudyError."""
        return given_encoder(self.config.pretrain, self.config.vocabulary)

    @cached_property
    def vocabulary(self) -> dict[str, Any]:
        """What the stage of the vocabulary reads. Raises DataError for a file that is none."""
        settings = self.config.vocabulary
        corpus = None if settings.file else vocabulary_corpus(self.config)
        return described_vocabulary(settings, settings.file, corpus)

    @cached_property
    def units(self) -> tuple[UnitSettings, ...]:
        """The fine-tunings of the suite. Raises StudyError."""
        return units_of(self.config)
