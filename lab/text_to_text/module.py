"""One step of maximum likelihood for any architecture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor

from lab.kernels.loss import Z_LOSS, output_cross_entropy
from lab.kernels.operations import operations
from lab.text_to_text.stack import Block
from lab.text_to_text.transformer import EncoderDecoder, LanguageModel
from lab.training.module import Training
from lab.training.optimizers import get_optimizer
from lab.training.schedule import Schedule
from lab.training.team import Team


class TextToText(Training):
    """Teacher forcing with AdaFactor, the z-loss and a choice of normalization.

    `normalizer` is "padded" (the summed loss is divided by the padded target size of the global
    batch, as the released code did) or "tokens" (by the number of real target tokens). The reported
    loss is the cross-entropy in nats of a real target token.
    """

    def __init__(
        self,
        model: EncoderDecoder | LanguageModel,
        *,
        schedule: Schedule,
        z_loss: float = Z_LOSS,
        normalizer: str = "padded",
        optimizer_state: Mapping[str, Any] | None = None,
        team: Team | None = None,
    ) -> None:
        super().__init__(
            model,
            partial(text_to_text, z_loss=z_loss),
            lambda rows: rows["decoder_loss_weights"].sum(),
            optimizer=partial(_adafactor, lr=1.0),
            schedule=schedule,
            divisor=_positions if normalizer == "padded" else None,
            blocks=[part for part in model.modules() if isinstance(part, Block)],
            optimizer_state=optimizer_state,
            team=team,
        )


def text_to_text(
    model: EncoderDecoder | LanguageModel, rows: Mapping[str, Tensor], z_loss: float
) -> tuple[Tensor, Tensor]:
    """Summed loss with z-loss and summed nats of rows of a batch (lab.text_to_text.layout)."""
    features, targets, counted = operations(rows["decoder_loss_weights"]).loss_rows(
        model.features(rows), rows["decoder_target_tokens"], rows["decoder_loss_weights"]
    )
    return output_cross_entropy(
        model.scaled(features), model.output_matrix, targets, z_loss, counted
    )


def _adafactor(parameters: Any, lr: float) -> Any:
    return get_optimizer("adafactor", parameters, lr=lr)


def _positions(rows: Mapping[str, Tensor]) -> int:
    return rows["decoder_loss_weights"].numel()
