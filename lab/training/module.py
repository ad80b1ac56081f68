"""The Lightning module: one step of any model on what any loss says of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from lab.training.optimizer_state import carry_over
from lab.training.schedule import Schedule
from lab.training.team import Team

NARROWEST = 128
"""Batches of varying widths are padded to this many columns, doubled as often as they need."""
RECOMPILE_LIMIT = 64
"""Shapes, and sets of parameters that train, which a step is compiled for before it no longer is:
some pairs of widths, and as many sets as blocks where they unfreeze one after the other."""

Batch = Mapping[str, Tensor]
Loss = Callable[[Any, Batch], tuple[Tensor, Tensor]]
"""(model, rows) -> the loss that is trained on and what is reported, the loss or several numbers,
each summed over what counts in these rows."""
Count = Callable[[Batch], Tensor]
"""How much counts in these rows: what the reported numbers are a mean over."""


class Training(lightning.LightningModule):
    """A model, the loss it is trained on, an optimizer and its schedule.

    The summed loss is divided by what counts in the batch of all processes, or by what `divisor`
    says of the rows of a process, which must be the same number in all of them. `clip` is the most
    that the norm of all gradients together may be. `blocks` are the parts whose parameters are
    gathered together where they are spread over processes; `padding` gives the values, other than
    0, that widen an array of a batch; `reports` names the numbers that the loss reports, the loss
    first.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        count: Count,
        *,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer],
        schedule: Schedule,
        divisor: Callable[[Batch], float] | None = None,
        clip: float | None = None,
        blocks: Sequence[nn.Module] = (),
        padding: Mapping[str, int] | None = None,
        reports: Sequence[str] = ("loss",),
        optimizer_state: Mapping[str, Any] | None = None,
        team: Team | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self._loss, self._count, self._divisor = loss, count, divisor
        self._optimizer, self._schedule = optimizer, schedule
        self._clip = clip
        self._blocks = list(blocks)
        self._padding = padding or {}
        self._optimizer_state = optimizer_state
        self.team = team or Team()
        self.micro_batch_size: int | None = None
        """At most so many rows go through the model at once; None: all that the process has."""
        self._compiled: Callable[..., tuple[Tensor, Tensor]] | None = None
        self._widths_vary = self._graphs = False
        self.reports = list(reports)
        self.reported = torch.zeros(())
        """What the last step reports, by `reports`, as means over what counted."""

    def configure_model(self) -> None:
        """Spread the parameters over the processes where their strategy does that."""
        self.team.split(self, self._blocks)

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

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The loss that is trained on and the one that is reported, summed over these rows."""
        return self._loss(self.model, batch)

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """The loss of one batch.

        Of several micro-batches that of the last one, with the gradients of the others in place:
        each is divided by what the whole batch holds, so that their sum is the batch's.
        """
        own_count = self._count(batch)
        (count,) = self.team.total(own_count)
        *before, last = micro_batches(batch, self.micro_batch_size)
        self.zero_grad()
        reported = torch.zeros((), device=own_count.device)
        for part in before:
            loss, counts = self._summed(part)
            reported = reported + counts
            # As Lightning's of the last one, which alone makes processes exchange gradients
            # under DDP: outside of autocast, with the loss as the precision wants it.
            with torch.autocast(loss.device.type, enabled=False):
                self.trainer.strategy.backward(self._share(loss, batch, count), None)
        loss, counts = self._summed(last)
        (reported,) = self.team.total(reported + counts)
        self.reported = (reported / count).detach()
        return self._share(loss, batch, count)

    def _summed(self, part: Batch) -> tuple[Tensor, Tensor]:
        if self._graphs:
            torch.compiler.cudagraph_mark_step_begin()
        if self._widths_vary:
            part = widened(part, self._padding)
        loss, reported = (self._compiled or self)(part)
        return loss, reported

    def _share(self, loss: Tensor, batch: Batch, count: Tensor) -> Tensor:
        """What a summed loss is of the whole batch's; `batch` are all rows of this process."""
        if self._divisor is not None:
            # Every process divides by as much, so that the mean of their gradients is right.
            return loss / self._divisor(batch)
        # As one process alone computes it, to the last bit.
        return loss / count if self.team.world == 1 else loss * self.team.world / count

    def optimizer_zero_grad(self, *_: Any) -> None:
        """Nothing: each step begins with it, before the first micro-batch."""

    def configure_gradient_clipping(self, *_: Any, **__: Any) -> None:
        """Scale the gradients down to the norm that is set, once all micro-batches added theirs."""
        if self._clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self._clip)

    def configure_optimizers(self) -> Any:
        """The optimizer over what trains, at the schedule's rate."""
        optimizer = self._optimizer([p for p in self.model.parameters() if p.requires_grad])
        if self._optimizer_state:
            carry_over(optimizer, self.model, self._optimizer_state)
        scheduler = LambdaLR(optimizer, self._schedule)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


def micro_batches(batch: Batch, at_most: int | None) -> list[Batch]:
    """A batch of (B, ...) tensors as the fewest parts of at most so many rows, evenly cut."""
    if at_most is None:
        return [batch]
    rows = len(next(iter(batch.values())))
    count = -(-rows // at_most)
    cut = {name: tensor.tensor_split(count) for name, tensor in batch.items()}
    return [{name: parts[number] for name, parts in cut.items()} for number in range(count)]


def widened(batch: Batch, padding: Mapping[str, int] | None = None) -> dict[str, Tensor]:
    """Columns of padding behind arrays (B, W) of a batch, to NARROWEST times a power of two.

    `padding` gives an array's value where that is not 0; arrays (B,) stay as they are.
    """
    result = {}
    for name, columns in batch.items():
        if columns.ndim < 2:
            result[name] = columns
            continue
        width = NARROWEST
        while width < columns.shape[1]:
            width *= 2
        missing = (0, width - columns.shape[1])
        result[name] = F.pad(columns, missing, value=(padding or {}).get(name, 0))
    return result
