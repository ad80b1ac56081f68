"""The Lightning module: one step of maximum likelihood for any architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import lightning
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR

from lab.kernels.loss import Z_LOSS, output_cross_entropy
from lab.kernels.operations import operations
from lab.training.adafactor import Adafactor
from lab.training.schedule import Schedule
from lab.training.team import Team, full, spread
from t5study.model.stack import Block
from t5study.model.transformer import EncoderDecoder, LanguageModel

NARROWEST = 128
"""Batches of varying widths are padded to this many columns, doubled as often as they need."""
RECOMPILE_LIMIT = 64
"""Shapes, and sets of parameters that train, which a step is compiled for before it no longer is:
some pairs of widths, and as many sets as blocks where they unfreeze one after the other."""


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
        self.micro_batch_size: int | None = None
        """At most so many rows go through the model at once; None: all that the process has."""
        self._compiled: Callable[..., tuple[Tensor, Tensor]] | None = None
        self._widths_vary = self._graphs = False
        self.nats = torch.zeros(())
        """Cross-entropy in nats a real target token, of the last step."""

    def configure_model(self) -> None:
        """Spread the parameters over the processes where their strategy does that."""
        self.team.split(self, [part for part in self.model.modules() if isinstance(part, Block)])

    def compile_forward(self, *, fixed_shapes: bool, graphs: bool) -> None:
        """Make the loss and its gradients compiled kernels; `graphs` replays them as CUDA graphs.

        Batches without `fixed_shapes` are widened to a few widths, each of which is compiled once.
        TORCH_COMPILE_DISABLE=1 in the environment turns that off.
        """
        import torch._dynamo.config as compiler  # slow to import, and of no use on a CPU

        self._widths_vary, self._graphs = not fixed_shapes, graphs
        compiler.recompile_limit = max(compiler.recompile_limit, RECOMPILE_LIMIT)
        mode = "reduce-overhead" if graphs else "default"
        self._compiled = torch.compile(self.forward, dynamic=False, mode=mode)

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Summed loss and summed nats of these rows."""
        features, targets, counted = operations(batch["decoder_loss_weights"]).loss_rows(
            self.model.features(batch),
            batch["decoder_target_tokens"],
            batch["decoder_loss_weights"],
        )
        loss, nats = output_cross_entropy(
            self.model.scaled(features), self.model.output_matrix, targets, self._z_loss, counted
        )
        return loss, nats

    def training_step(self, batch: Mapping[str, Tensor], index: int) -> Tensor:
        """The loss of one batch of the names in t5study.batching.

        Of several micro-batches that of the last one, with the gradients of the others in place:
        each is divided by what the whole batch holds, so that their sum is the batch's.
        """
        weights = batch["decoder_loss_weights"]
        (tokens,) = self.team.total(weights.sum())
        *before, last = micro_batches(batch, self.micro_batch_size)
        self.zero_grad()
        nats = torch.zeros((), device=weights.device)
        for part in before:
            loss, own = self._summed(part)
            nats = nats + own
            # As Lightning's of the last one, which alone makes processes exchange gradients
            # under DDP: outside of autocast, with the loss as the precision wants it.
            with torch.autocast(loss.device.type, enabled=False):
                self.trainer.strategy.backward(self._share(loss, weights, tokens), None)
        loss, own = self._summed(last)
        (nats,) = self.team.total(nats + own)
        self.nats = (nats / tokens).detach()
        return self._share(loss, weights, tokens)

    def _summed(self, part: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        if self._graphs:
            torch.compiler.cudagraph_mark_step_begin()
        if self._widths_vary:
            part = widened(part)
        loss, nats = (self._compiled or self)(part)
        return loss, nats

    def _share(self, loss: Tensor, weights: Tensor, tokens: Tensor) -> Tensor:
        """What a summed loss is of the whole batch's; `weights` are those of all own rows."""
        if self._normalizer == "padded":
            # Every process has as many positions, so that the mean of their gradients is right.
            return loss / weights.numel()
        # As one process alone computes it, to the last bit.
        return loss / tokens if self.team.world == 1 else loss * self.team.world / tokens

    def optimizer_zero_grad(self, *_: Any) -> None:
        """Nothing: each step begins with it, before the first micro-batch."""

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


def micro_batches(batch: Mapping[str, Tensor], at_most: int | None) -> list[Mapping[str, Tensor]]:
    """A batch of (B, ...) tensors as the fewest parts of at most so many rows, evenly cut."""
    if at_most is None:
        return [batch]
    count = -(-len(batch["decoder_loss_weights"]) // at_most)
    cut = {name: tensor.tensor_split(count) for name, tensor in batch.items()}
    return [{name: parts[number] for name, parts in cut.items()} for number in range(count)]


def widened(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Columns (B, W) of padding behind a batch, to NARROWEST times a power of two."""
    result = {}
    for name, columns in batch.items():
        width = NARROWEST
        while width < columns.shape[1]:
            width *= 2
        result[name] = F.pad(columns, (0, width - columns.shape[1]))
    return result


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
