"""The Lightning module: one step of maximum likelihood for any architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import lightning
import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from t5study.model.layers import operations
from t5study.model.stack import Block
from t5study.model.transformer import EncoderDecoder, LanguageModel
from t5study.training.adafactor import Adafactor
from t5study.training.loss import Z_LOSS, output_cross_entropy
from t5study.training.schedule import Schedule
from t5study.training.team import Team, full, spread


class TextToText(lightning.LightningModule):
    """Teacher forcing with AdaFactor, the z-loss and the study's normalization.

    `normalizer` is "padded" (the summed loss is divided by the padded target size of the global
    batch, as the released code did) or "tokens" (by the number of real target tokens).
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
        super().__init__()
        self.model = model
        self._schedule = schedule
        self._z_loss = z_loss
        self._normalizer = normalizer
        self._optimizer_state = optimizer_state
        self.team = team or Team()
        self._compiled: Callable[..., tuple[Tensor, Tensor, Tensor]] | None = None
        self._graphs = False
        self.nats = torch.zeros(())
        """Cross-entropy in nats a real target token, of the last step."""

    def configure_model(self) -> None:
        """Spread the parameters over the processes where their strategy does that."""
        self.team.split(self, [part for part in self.model.modules() if isinstance(part, Block)])

    def compile_forward(self, *, fixed_shapes: bool) -> None:
        """Make the loss and its gradients compiled kernels; for fixed shapes, CUDA graphs of them.

        TORCH_COMPILE_DISABLE=1 in the environment turns that off.
        """
        self._graphs = fixed_shapes
        if fixed_shapes:
            self._compiled = torch.compile(self.forward, dynamic=False, mode="reduce-overhead")
        else:
            self._compiled = torch.compile(self.forward)

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Summed loss, summed nats and number of real target tokens of this process's rows."""
        weights = batch["decoder_loss_weights"]
        features, targets, counted = operations(weights).loss_rows(
            self.model.features(batch), batch["decoder_target_tokens"], weights
        )
        loss, nats = output_cross_entropy(
            self.model.scaled(features), self.model.output_matrix, targets, self._z_loss, counted
        )
        return loss, nats, weights.sum()

    def training_step(self, batch: Mapping[str, Tensor], index: int) -> Tensor:
        """The loss of one batch of the names in t5study.batching."""
        if self._graphs:
            torch.compiler.cudagraph_mark_step_begin()
        loss, own_nats, own_tokens = (self._compiled or self)(batch)
        nats, tokens = self.team.total(own_nats, own_tokens)
        self.nats = (nats / tokens).detach()
        if self._normalizer == "padded":
            # Every process has as many positions, so that the mean of their gradients is right.
            return loss / batch["decoder_loss_weights"].numel()
        # As one process alone computes it, to the last bit.
        return loss / tokens if self.team.world == 1 else loss * self.team.world / tokens

    def configure_optimizers(self) -> Any:
        """AdaFactor over what trains, at the schedule's rate."""
        optimizer = Adafactor([p for p in self.model.parameters() if p.requires_grad], lr=1.0)
        if self._optimizer_state:
            carry_over(optimizer, self.model, self._optimizer_state)
        scheduler = LambdaLR(optimizer, self._schedule)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


def named_state(optimizer: Any, model: EncoderDecoder | LanguageModel) -> dict[str, Any]:
    """The optimizer's state by parameter name, so that another stage can take it over."""
    names = {id(p): name for name, p in model.named_parameters()}
    return {
        names[id(p)]: {name: full(value) for name, value in state.items()}
        for p, state in optimizer.state.items()
    }


def carry_over(
    optimizer: Adafactor, model: EncoderDecoder | LanguageModel, state: Mapping[str, Any]
) -> None:
    """Second moments and step counters go on from pre-training; new parameters start afresh."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and name in state:
            optimizer.state[parameter] = {k: spread(v, parameter) for k, v in state[name].items()}
