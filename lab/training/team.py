"""The processes that train one model together, each on its rows of every batch.

A process that trains alone sets up no process group and sends no message. The number of processes
is no part of a stage's identity: the batch is the same, sums are taken over the whole batch, and
only the order of summation differs. Lightning is imported where a training begins: what only opens
a trained model, or is opened to look at, needs none of it.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import Tensor, distributed, nn

from lab.errors import StudyError

if TYPE_CHECKING:
    from lightning import LightningModule

M = TypeVar("M", bound=nn.Module)

WAYS_TO_SHARE = ("ddp", "fsdp")
"""How processes may share a model: the accepted values of the setting `parallel`."""
_WAIT = timedelta(days=7)
"""How long a process waits for the lead, which validates meanwhile. The orchestrator that started
the processes notices when one of them dies."""


class Team:
    """The processes that train one model; this class is one process alone."""

    rank, world = 0, 1

    @property
    def lead(self) -> bool:
        """Whether this process validates, saves and publishes."""
        return self.rank == 0

    def seed(self, seed: int, start: int) -> int:
        """Return the seed of this process's dropout masks; no two processes draw the same masks."""
        return seed

    def trainer(self, device: str, *, partial: bool) -> dict[str, Any]:
        """Return arguments of Lightning's Trainer.

        partial: whether some steps leave some parameters without a gradient.
        """
        from lab.training.strategies import LightningEnvironment

        return {
            "accelerator": "gpu" if device.startswith("cuda") else "cpu",
            "devices": [torch.device(device).index or 0] if device.startswith("cuda") else 1,
            # Without this plugin Lightning would take the tasks of a cluster job for its processes.
            "plugins": [LightningEnvironment()],
        }

    def agree(self, decide: Callable[[], Any]) -> Any:
        """Return what the lead decides, on every process; if the lead raises, all of them do."""
        return decide()

    def total(self, *counts: Tensor) -> tuple[Tensor, ...]:
        """Return each count summed over all processes."""
        return counts

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes, by rank."""
        return [value]

    def split(self, module: LightningModule, blocks: list[nn.Module]) -> None:
        """Spread the parameters over the processes, if the processes share a model in that way."""

    def copy(self, model: M) -> M:
        """Return the model that the lead validates with: a whole copy where FSDP spreads it."""
        return model

    def refresh(self, model: nn.Module, copied: nn.Module) -> None:
        """Bring the model that `copy` returned up to date. Every process calls this."""


class Several(Team):
    """One of several processes, in the process group that `team_of` has set up."""

    def __init__(self, ranks: Any) -> None:
        self.rank, self.world = ranks.rank, ranks.world
        self._ranks = ranks
        # Gloo runs on the CPU: a decision in each step must not make the accelerator wait.
        self._messages = distributed.new_group(backend="gloo", timeout=_WAIT)

    def seed(self, seed: int, start: int) -> int:
        if self.lead and start == 0:
            return seed
        return int(np.random.SeedSequence((seed, self.rank, start)).generate_state(1)[0])

    def trainer(self, device: str, *, partial: bool) -> dict[str, Any]:
        from lab.training.strategies import DDPStrategy, Environment

        return {
            **super().trainer(device, partial=partial),
            # Each process counts as a node with one device, so that it does not matter whether a
            # process can see the devices of other processes.
            "num_nodes": self.world,
            "plugins": [Environment(self._ranks)],
            # In gradual unfreezing some parameters have no gradient, which DDP would complain of.
            "strategy": DDPStrategy(find_unused_parameters=partial),
        }

    def agree(self, decide: Callable[[], Any]) -> Any:
        decision: list[Any] = [None, False]  # and whether the lead raised
        if not self.lead:
            distributed.broadcast_object_list(decision, group=self._messages)
            if decision[1]:
                raise StudyError("The lead of this stage's processes left; see its log.")
            return decision[0]
        try:
            decision[0] = decide()
        except BaseException:
            decision[1] = True
            raise
        finally:
            distributed.broadcast_object_list(decision, group=self._messages)
        return decision[0]

    def total(self, *counts: Tensor) -> tuple[Tensor, ...]:
        sums = torch.stack([count.detach().float() for count in counts])
        distributed.all_reduce(sums)
        return tuple(sums.unbind())

    def gather(self, value: Any) -> list[Any]:
        values: list[Any] = [None] * self.world
        distributed.all_gather_object(values, value, group=self._messages)
        return values


class Sharded(Several):
    """One of several processes that spread parameters, gradients and optimizer states (FSDP)."""

    def trainer(self, device: str, *, partial: bool) -> dict[str, Any]:
        from lab.training.strategies import Spread

        strategy = Spread(
            data_parallel_size=self.world, tensor_parallel_size=1, save_distributed_checkpoint=False
        )
        return {**super().trainer(device, partial=partial), "strategy": strategy}

    def split(self, module: LightningModule, blocks: list[nn.Module]) -> None:
        from torch.distributed.fsdp import fully_shard

        assert module.device_mesh is not None
        mesh = module.device_mesh["data_parallel"]
        for block in blocks:
            fully_shard(block, mesh=mesh)
        fully_shard(module, mesh=mesh)

    def copy(self, model: M) -> M:
        return copy.deepcopy(model) if self.lead else model

    def refresh(self, model: nn.Module, copied: nn.Module) -> None:
        from lab.training.sharding import full

        targets = copied.state_dict()
        for name, shard in model.state_dict().items():
            value = full(shard)
            if self.lead:
                targets[name].copy_(value)


@contextlib.contextmanager
def team_of(context: Any) -> Iterator[Team]:
    """Yield the team of this stage's processes: the context's `ranks`, or one alone where None.

    Raises StudyError for an unknown way to share a model.
    """
    ranks = context.ranks
    if ranks is None:
        yield Team()
        return
    if ranks.strategy not in WAYS_TO_SHARE:
        raise StudyError(f"parallel={ranks.strategy}: accepted are {' and '.join(WAYS_TO_SHARE)}.")
    on_gpu = context.device.startswith("cuda")
    if on_gpu:
        torch.cuda.set_device(context.device)
    distributed.init_process_group(
        "nccl" if on_gpu else "gloo",
        init_method=f"tcp://{ranks.address}:{ranks.port}",
        rank=ranks.rank,
        world_size=ranks.world,
    )
    try:
        yield (Sharded if ranks.strategy == "fsdp" else Several)(ranks)
    finally:
        # The next stage that this process works on sets up another group.
        distributed.destroy_process_group()
