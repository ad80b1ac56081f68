"""What takes part in training.py: a case, and the programs that train it in processes of their own.

Each contestant lives in processes of its own, which wait for their turn. All start from the same
weights and read the same batch. A peer is a script as a user writes it; one that `keeps_memory`
also has what our stages ask of the C allocator. contestants_STUDY.py has the steps themselves.
"""

from __future__ import annotations

import contextlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lab.allocator import keep_freed_memory

if TYPE_CHECKING:
    from lab.training.module import Training

Step = Callable[[], None]

WARMING_UP = 4
"""Steps before the first turn where kernels are compiled or CUDA graphs are captured."""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What a process says of its model before it trains."""

    parameters: int
    loss: float
    """Without dropout and z-loss, of the first batch, in nats."""


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One program that can train the case's model."""

    name: str
    ours: bool
    attention: str = "sdpa"
    """A peer's attention: "eager" or "sdpa"."""
    compiled: bool = False
    keeps_memory: bool = False
    """Whether a peer reuses freed memory, as ours does (`keep_freed_memory`)."""

    def case(self, case: Case) -> Case:
        """What it trains where all others train `case`."""
        return case

    @property
    def comparable(self) -> bool:
        """Whether its first loss is that of the other contestants."""
        return True


@dataclass(frozen=True, kw_only=True)
class Case(ABC):
    """What all contestants of one comparison share."""

    batch: int
    precision: str = "fp32"
    """"fp32", or "bf16" for autocast over float32 weights."""
    device: str = "cpu"

    @property
    @abstractmethod
    def tokens(self) -> int:
        """Tokens of a step, none of them padding."""

    @property
    @abstractmethod
    def flops(self) -> float:
        """Of a step; what is worked out and not asked for does not count."""

    @property
    @abstractmethod
    def described(self) -> str:
        """Model and batch in a few words."""

    @property
    def tolerance(self) -> float:
        """How far apart the contestants' first losses may lie."""
        return 0.02

    def aims(self, device: str) -> Sequence[tuple[str, float]]:
        """What is aimed at on this device beside a multiple of the peer: sequences a second."""
        return ()

    @abstractmethod
    def ours(self, contestant: Contestant) -> tuple[Ready, Step]:
        """The project's own training step, as its stages run it."""

    @abstractmethod
    def peer(self, contestant: Contestant) -> tuple[Ready, Step]:
        """The step of a script around Hugging Face's models."""

    def autocast(self) -> contextlib.AbstractContextManager[None]:
        """The case's precision."""
        return torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bf16")


@dataclass(frozen=True)
class Comparison:
    """One table: a case and who takes part."""

    case: Case
    contestants: Sequence[Contestant]
    kind: str
    """What else is to be said of the training."""


def serve(pipe: Connection, case: Case, contestant: Contestant, threads: int) -> None:
    """A process: tell what the model is, then make as many steps as each message asks for.

    Each answer is the seconds of those steps, this process's own time in them, and the peak memory
    of all so far in bytes. Where the batch does not fit into a GPU's memory, None is all that is
    said of the model.
    """
    if case.device == "cpu":
        torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("high")  # no effect on a CPU
    if contestant.ours or contestant.keeps_memory:
        keep_freed_memory()
    before = resident()
    torch.manual_seed(0)
    try:
        ready, step = (case.ours if contestant.ours else case.peer)(contestant)
        for _ in range(1 if case.device == "cpu" and not contestant.compiled else WARMING_UP):
            step()
        synchronize(case)
    except torch.OutOfMemoryError:
        pipe.send(None)
        return
    forget_peak(case)
    pipe.send(ready)
    while steps := pipe.recv():
        begun, own = time.perf_counter(), time.process_time()
        for _ in range(steps):
            step()
        synchronize(case)
        spent = time.perf_counter() - begun, time.process_time() - own
        pipe.send((*spent, peak(case, before)))


def count(model: torch.nn.Module) -> int:
    """Parameters; shared ones once."""
    return sum(parameter.numel() for parameter in model.parameters())


def step_of(
    case: Case, networks: torch.nn.Module, module: Training, rows: Mapping[str, Tensor]
) -> tuple[Ready, Step]:
    """A step of ours on one batch, as encoders' stages run it, and the loss before the first."""
    optimizer = module.configure_optimizers()["optimizer"]
    if case.device != "cpu":
        module.compile_forward(fixed_shapes=True, graphs=True)

    with torch.no_grad(), case.autocast():
        networks.eval()
        first = float(module(rows)[0])
        networks.train()

    def step() -> None:
        with case.autocast():
            total = module.training_step(rows, 0)  # which begins without gradients
        total.backward()
        module.configure_gradient_clipping()
        optimizer.step()

    return Ready(parameters=count(networks), loss=first), step


def synchronize(case: Case) -> None:
    if case.device != "cpu":
        torch.cuda.synchronize()


def resident() -> int:
    """Bytes of this process in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def forget_peak(case: Case) -> None:
    """Count the peak from here on."""
    if case.device == "cpu":
        Path("/proc/self/clear_refs").write_text("5")
    else:
        torch.cuda.reset_peak_memory_stats()


def peak(case: Case, before: int) -> int:
    """Most bytes in use: on a CPU of the process, over what it had before the model."""
    if case.device != "cpu":
        return torch.cuda.max_memory_allocated()
    status = Path("/proc/self/status").read_text()
    (high,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(high) * 1024 - before
