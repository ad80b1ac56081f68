"""What an update of pre-training costs, as we count and as the paper counts (appendix E)."""

from __future__ import annotations

from dataclasses import dataclass

from lab.encoder import cost
from lab.encoder.config import EncoderConfig
from studies.electra.flops import PASSES, PREDICTED, Shape, training
from studies.electra.objective import Objective


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The networks of a row and what they read at each update."""

    encoder: EncoderConfig
    objective: Objective
    generator: EncoderConfig | None
    tied: bool
    """Whether the generator has no tables of its own."""
    tokens: int
    """Of a row."""
    batch: int
    rate: float
    """Share of the tokens that are drawn."""
    frozen: bool = False
    """Whether the generator is read alone, and not trained."""

    @property
    def flops(self) -> float:
        """Operations of one update: a multiply-add is two, a backward pass two forward passes."""
        return self.batch * (self._main() + self._generator())

    @property
    def paper_flops(self) -> float:
        """Operations of one update as the paper counts them."""
        main = training(
            self._shape(self.encoder),
            batch=self.batch,
            updates=1,
            detects=self.objective.answer == "detection",
            # What the paper never counted: pieces predicted at all positions.
            predicted=1.0 if self._everywhere else PREDICTED,
        )
        if self.generator is None:
            return main
        beside = training(self._shape(self.generator), batch=self.batch, updates=1)
        return main + (beside / PASSES if self.frozen else beside)

    @property
    def parameters(self) -> int:
        """Of all that is trained together; the generator's head reads a shared table."""
        counted = cost.parameters(self.encoder) + self._head_parameters()
        if self.generator is None:
            return counted
        own = cost.parameters(self.generator) + cost.prediction_parameters(self.generator)
        return counted + own - (cost.tables(self.generator) if self.tied else 0)

    def _head_parameters(self) -> int:
        if self.objective.answer == "detection":
            return cost.detection_parameters(self.encoder)
        gate = self.encoder.width + 1 if self.objective.answer == "gated_pieces" else 0
        return cost.prediction_parameters(self.encoder) + gate

    @property
    def predicted(self) -> float:
        """Positions of a row that get logits of all pieces."""
        of_main = self.objective.answer != "detection"
        main = (self.tokens if self._everywhere else self.rate * self.tokens) if of_main else 0.0
        return main + (self.rate * self.tokens if self.generator else 0.0)

    @property
    def _everywhere(self) -> bool:
        return self.objective.where == "all"

    def _main(self) -> float:
        """Training on one row."""
        answered = self.tokens if self._everywhere else self.rate * self.tokens
        one = (
            cost.detection_flops if self.objective.answer == "detection" else cost.prediction_flops
        )
        forward = cost.forward_flops(self.encoder, self.tokens) + answered * one(self.encoder)
        return (1 + cost.BACKWARD) * forward

    def _generator(self) -> float:
        if self.generator is None:
            return 0.0
        drawn = self.rate * self.tokens
        forward = cost.forward_flops(self.generator, self.tokens)
        forward += drawn * cost.prediction_flops(self.generator)
        return forward if self.frozen else (1 + cost.BACKWARD) * forward

    def _shape(self, encoder: EncoderConfig) -> Shape:
        return Shape(
            width=encoder.width,
            layers=encoder.layers,
            length=self.tokens,
            vocabulary=encoder.vocabulary,
            embedding=encoder.embedding,
        )
