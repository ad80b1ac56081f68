"""How an encoder answers, a file a form of answers: labels, numbers, spans of its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

from lab.datasets.dataset import DataSet, Row
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.inputs import Inputs, Texts
from lab.encoder.finetuning.plan import KINDS
from lab.encoder.vocabulary import Pieces


class Kind(Protocol):
    """A form of answers: what is learned, by which head and loss, and what is read off it."""

    def inputs(
        self, rows: Sequence[Row], texts: Texts, pieces: Pieces, length: int, threads: int | None
    ) -> Inputs:
        """Rows and the texts of their segments as inputs of `length` positions at most."""

    def head(self, config: EncoderConfig) -> nn.Module:
        """What reads outputs off vectors (B, T, D) and a batch."""

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> Tensor:
        """The loss of a batch, summed over its rows."""

    def read(self, head: Any, outputs: Any, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What is kept of a batch's outputs, arrays (B, ...) by name."""

    def predictions(self, kept: Mapping[str, np.ndarray], inputs: Inputs) -> list[Any]:
        """Each row's prediction, of what was kept of all inputs (N, ...)."""

    def target(self, row: Row) -> Any:
        """What a row's prediction is compared with."""

    def right(self, row: Row) -> Any:
        """The prediction that is right for a row."""

    def shown(self, answer: Any) -> str:
        """A target or a prediction as text."""

    def constants(self, rows: Sequence[Row]) -> Sequence[Any]:
        """Predictions that may be made for every row alike, by what training rows hold."""


def kind_of(data: DataSet, head: Mapping[str, Any]) -> Kind:
    """The kind by the form of a data set's answers; `head` are settings of a fine-tuning."""
    made: Kind = import_module(f"{KINDS}.{data.form}").KIND(data, head)
    return made
