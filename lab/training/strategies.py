"""What Lightning's trainer is given: strategies, places of processes, and checkpoints' writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.plugins.environments import ClusterEnvironment, LightningEnvironment
from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy

from lab.training.checkpoint import write
from lab.training.sharding import full, spread

__all__ = ["DDPStrategy", "DirectIO", "Environment", "LightningEnvironment", "Spread"]


class DirectIO(TorchCheckpointIO):
    """Lightning's checkpoints by `write`: not made in memory first, and a full disk is one."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        write(Path(path), checkpoint)


class Spread(ModelParallelStrategy):
    """Lightning's FSDP with whole tensors in checkpoints, for any number of processes."""

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


class Environment(ClusterEnvironment):
    """Rank and address of each process, from the orchestrator, which has started all of them."""

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
        """Nothing to set: `ranks` holds the number."""

    def global_rank(self) -> int:
        return int(self._ranks.rank)

    def set_global_rank(self, rank: int) -> None:
        """Nothing to set: `ranks` holds the number."""

    def local_rank(self) -> int:
        return 0

    def node_rank(self) -> int:
        return int(self._ranks.rank)
