"""A masked language model, narrower than the main encoder or as wide (section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from torch import Tensor

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import MaskedLanguageModel
from lab.errors import StudyError, unknown
from studies.electra.generator import Generator, Rows

TYING = ("none", "embeddings", "all")


class MaskedGenerator(Generator):
    """`tying` is what it shares with the main encoder: none, embeddings (tables with their norm,
    where each has a map of its own behind them), or all: then both are one encoder."""

    def __init__(self, settings: Mapping[str, Any], main: Encoder, tying: str) -> None:
        super().__init__()
        config = EncoderConfig(**settings["encoder"])
        if tying not in TYING:
            raise StudyError(unknown("tying", tying, TYING))
        if tying == "all" and config != main.config:
            raise StudyError(
                "tying=all: the generator and the main encoder are one network, so give both one "
                f"shape; here {config} and {main.config}."
            )
        tables = main.embeddings if tying == "embeddings" else None
        self.encoder = main if tying == "all" else Encoder(config, tables)
        self.pieces = MaskedLanguageModel(config)
        self.tying = tying
        self.frozen = False

    def freeze(self) -> None:
        """Learn no more, and sample without dropout. Raises StudyError for what others train."""
        if self.tying != "none":
            raise StudyError(
                f"tying={self.tying}: the main encoder would change a frozen generator. Give "
                "tying=none; it starts as a copy."
            )
        self.requires_grad_(False)
        self.frozen = True
        self.eval()

    def train(self, mode: bool = True) -> Self:
        """Set the mode of a module, but for one that is frozen."""
        return super().train(mode and not self.frozen)

    def forward(self, rows: Rows, shown: Tensor) -> tuple[Tensor, Tensor]:
        vectors = self.encoder(shown, rows["types"], segments=rows["real"], at=rows["drawn"])
        return self.pieces(vectors, self.encoder.embeddings), vectors


generator = MaskedGenerator
