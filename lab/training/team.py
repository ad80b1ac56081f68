"""The processes that train one model together, each on its rows of every batch.

Alone, all of this is nothing: no process group, no message. The number of processes is no part of
what a stage is: the batch is the same, sums are taken over all of it, and only their order differs.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch
from lightning import LightningModule
from lightning.pytorch.plugins.environments import ClusterEnvironment, LightningEnvironment
from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Replicate, distribute_tensor

from lab.errors import StudyError

M = TypeVar("M", bound=nn.Module)

STRATEGIES = ("ddp", "fsdp")
_WAIT = timedelta(days=7)
"""The others wait while the lead validates; that one of them died, who started them finds out."""


class Team:
    """One process alone."""

    rank, world = 0, 1

    @property
    def lead(self) -> bool:
        """Whether this process validates, saves and publishes."""
        return self.rank == 0

    def seed(self, seed: int, start: int) -> int:
        """Of this process's dropout masks: no two processes draw the same."""
        return seed

    def trainer(self, device: str, *, partial: bool) -> dict[str, Any]:
        """Arguments of Lightning's Trainer; `partial` says that not all parameters always train."""
        return {
            "accelerator": "gpu" if device.startswith("cuda") else "cpu",
            "devices": [torch.device(device).index or 0] if device.startswith("cuda") else 1,
            # Lightning would look for the processes of a cluster's job, which are none of ours.
            "plugins": [LightningEnvironment()],
        }

    def agree(self, decide: Callable[[], Any]) -> Any:
        """What the lead decides; where it raises, every process leaves."""
        return decide()

    def total(self, *counts: Tensor) -> tuple[Tensor, ...]:
        """Sums over all processes."""
        return counts

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, by rank."""
        return [value]

    def split(self, module: LightningModule, blocks: list[nn.Module]) -> None:
        """Spread parameters over the processes, where the strategy does."""

    def copy(self, model: M) -> M:
        """The model that the lead validates with; another one where parameters are spread."""
        return model

    def refresh(self, model: nn.Module, own: nn.Module) -> None:
        """Bring what `copy` gave up to date. Every process calls it."""


class Several(Team):
    """One of several processes, in the process group that `team_of` has set up."""

    def __init__(self, ranks: Any) -> None:
        self.rank, self.world = ranks.rank, ranks.world
        self._ranks = ranks
        # By the network's processor: a decision a step must not make the accelerator wait.
        self._talk = distributed.new_group(backend="gloo", timeout=_WAIT)

    def seed(self, seed: int, start: int) -> int:
        if self.lead and start == 0:
            return seed
        return int(np.random.SeedSequence((seed, self.rank, start)).generate_state(1)[0])

    def trainer(self, device: str, *, partial: bool) -> dict[str, Any]:
        return {
            **super().trainer(device, partial=partial),
            # Each process as a node with the one device that it was given: whether it can see
            # the others' does not matter.
            "num_nodes": self.world,
            "plugins": [_Environment(self._ranks)],
            # In gradual unfreezing a parameter without a gradient is no mistake.
            "strategy": DDPStrategy(find_unused_parameters=partial),
        }

    def agree(self, decide: Callable[[], Any]) -> Any:
        order: list[Any] = [None, False]
        if not self.lead:
            distributed.broadcast_object_list(order, group=self._talk)
            if order[1]:
                raise StudyError("The lead of this stage's processes left; see its log.")
            return order[0]
        try:
            order[0] = decide()
        except BaseException:
            order[1] = True
            raise
        finally:
            distributed.broadcast_object_list(order, group=self._talk)
        return order[0]

    def total(self, *counts: Tensor) -> tuple[Tensor, ...]:
        sums = torch.stack([count.detach().float() for count in counts])
        distributed.all_reduce(sums)
        return tuple(sums.unbind())

    def gather(self, value: Any) -> list[Any]:
        values: list[Any] = [None] * self.world
        distributed.all_gather_object(values, value, group=self._talk)
        return values


class Sharded(Several):
    """As Several, with parameters, gradients and optimizer spread over the processes (FSDP)."""

    def trainer(self, device: str, *, partial: bool) -> dict[str, Any]:
        strategy = _Spread(
            data_parallel_size=self.world, tensor_parallel_size=1, save_distributed_checkpoint=False
        )
        return {**super().trainer(device, partial=partial), "strategy": strategy}

    def split(self, module: LightningModule, blocks: list[nn.Module]) -> None:
        assert module.device_mesh is not None
        mesh = module.device_mesh["data_parallel"]
        for block in blocks:
            fully_shard(block, mesh=mesh)
        fully_shard(module, mesh=mesh)

    def copy(self, model: M) -> M:
        return copy.deepcopy(model) if self.lead else model

    def refresh(self, model: nn.Module, own: nn.Module) -> None:
        parts, targets = model.state_dict(), own.state_dict()
        for name, part in parts.items():
            value = full(part)
            if self.lead:
                targets[name].copy_(value)


@contextlib.contextmanager
def team_of(context: Any) -> Iterator[Team]:
    """The processes of this stage, by the context's `ranks`; None there is one process alone."""
    ranks = context.ranks
    if ranks is None:
        yield Team()
        return
    if ranks.strategy not in STRATEGIES:
        raise StudyError(f"parallel={ranks.strategy}: accepted are {' and '.join(STRATEGIES)}.")
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
        # A later stage of this process has processes of its own.
        distributed.destroy_process_group()


def full(tensor: Any) -> Any:
    """A tensor with all its parts, where it is spread. Every process calls it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def spread(value: Any, parameter: Tensor) -> Any:
    """A part of an optimizer's state as its parameter is spread."""
    if not isinstance(value, Tensor) or not isinstance(parameter, DTensor):
        return value.to(parameter.device) if isinstance(value, Tensor) else value
    alike = value.shape == parameter.shape
    placements = parameter.placements if alike else [Replicate()] * parameter.device_mesh.ndim
    return distribute_tensor(value.to(parameter.device), parameter.device_mesh, placements)


class _Spread(ModelParallelStrategy):
    """Lightning's FSDP with the checkpoint of one process: any number of processes resumes it."""

    @property
    def lightning_restore_optimizer(self) -> bool:
        return True

    def lightning_module_state_dict(self) -> dict[str, Any]:
        assert self.lightning_module is not None
        return {name: full(value) for name, value in self.lightning_module.state_dict().items()}

    def optimizer_state(self, optimizer: Any) -> dict[str, Any]:
        state: dict[str, Any] = optimizer.state_dict()
        held = {
            number: {name: full(value) for name, value in of.items()}
            for number, of in state["state"].items()
        }
        return {**state, "state": held}

    def load_checkpoint(self, checkpoint_path: Any, weights_only: bool | None = None) -> Any:
        return super(ModelParallelStrategy, self).load_checkpoint(checkpoint_path, weights_only)

    @torch.no_grad()
    def load_model_state_dict(self, checkpoint: Any, strict: bool = True) -> None:
        assert self.lightning_module is not None
        for name, target in self.lightning_module.state_dict().items():
            target.copy_(spread(checkpoint["state_dict"][name], target))

    def load_optimizer_state_dict(self, checkpoint: Any) -> None:
        for optimizer, state in zip(self.optimizers, checkpoint["optimizer_states"], strict=True):
            optimizer.load_state_dict(state)
            for parameter, held in optimizer.state.items():
                held.update({name: spread(value, parameter) for name, value in held.items()})


class _Environment(ClusterEnvironment):
    """Who is who, as the orchestrator says; it has started all processes."""

    def __init__(self, ranks: Any) -> None:
        super().__init__()
        self._ranks = ranks

    @property
    def creates_processes_externally(self) -> bool:
        return True

    @property
    def main_address(self) -> str:
        return str(self._ranks.address)

    @property
    def main_port(self) -> int:
        return int(self._ranks.port)

    @staticmethod
    def detect() -> bool:
        return False

    def world_size(self) -> int:
        return int(self._ranks.world)

    def set_world_size(self, size: int) -> None:
        """It is given."""

    def global_rank(self) -> int:
        return int(self._ranks.rank)

    def set_global_rank(self, rank: int) -> None:
        """It is given."""

    def local_rank(self) -> int:
        return 0

    def node_rank(self) -> int:
        return int(self._ranks.rank)
