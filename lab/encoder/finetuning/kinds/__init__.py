"""How an encoder answers, a file a form of answers: labels, choices, numbers, spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from lab.encoder.finetuning.plan import KINDS

if TYPE_CHECKING:
    import numpy as np

    from lab.datasets.dataset import DataSet, Row
    from lab.encoder.config import EncoderConfig
    from lab.encoder.finetuning.heads import Head
    from lab.encoder.finetuning.inputs import Inputs, Texts
    from lab.encoder.vocabulary import Pieces


class Kind(Protocol):
    """A form of answers: from rows to inputs of a head, and from what it reads to predictions."""

    def learned(self, row: Row, texts: tuple[str, ...]) -> bool:
        """Whether a row with an answer can be learned from the texts of its segments."""

    def inputs(
        self, rows: Sequence[Row], texts: Texts, pieces: Pieces, length: int, threads: int | None
    ) -> Inputs:
        """Rows and the texts of their segments as inputs of `length` positions at most.

        Of a row there are one or more, all rows in order.
        """

    def head(self, config: EncoderConfig) -> Head:
        """What answers on an encoder of this shape."""

    def predictions(self, kept: Mapping[str, np.ndarray], inputs: Inputs) -> list[Any]:
        """Each row's prediction, of what a head read of all inputs (N, ...)."""

    def together(self, read: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """What an ensemble reads of all inputs, by what each of its heads read (N, ...)."""

    def target(self, row: Row) -> Any:
        """What a row's prediction is compared with."""

    def right(self, row: Row) -> Any:
        """The prediction that is right for a row."""

    def shown(self, answer: Any) -> str:
        """A prediction as text."""

    def constants(self, rows: Iterable[Row]) -> Sequence[Any]:
        """Predictions that may be made for every row alike, by what training rows hold."""


def kind_of(data: DataSet, head: Mapping[str, Any]) -> Kind:
    """The kind by the form of a data set's answers; `head` are settings of a fine-tuning."""
    made: Kind = import_module(f"{KINDS}.{data.form}").KIND(data, head)
    return made
