"""Who takes part in training.py: one training step of ours, or of Hugging Face's T5.

Each contestant lives in processes of its own, which wait for their turn. All start from the same
weights, read the same batch, and train with AdaFactor of the same settings. A peer is a script as a
user writes it; one that `keeps_memory` also has what our stages ask of the C allocator.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lab.allocator import keep_freed_memory
from t5study.model import build_model, save_huggingface

LEARNING_RATE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Case:
    """What all contestants of one comparison share."""

    size: str
    vocab_size: int = 8192
    batch: int = 32
    source: int = 128
    target: int = 32
    precision: str = "fp32"
    """"fp32", or "bf16" for autocast over float32 weights."""
    device: str = "cpu"
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the model: dropout_rate, feed_forward, tie_embeddings."""

    @property
    def tokens(self) -> int:
        """Input and target tokens of a step, none of them padding."""
        return self.batch * (self.source + self.target)


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One program that can train the case's model."""

    name: str
    ours: bool
    attention: str = "sdpa"
    """A peer's attention: "eager" or "sdpa"."""
    dropout_form: str = "elementwise"
    """"elementwise", as every peer draws masks, or "broadcast"."""
    compiled: bool = False
    keeps_memory: bool = False
    """Whether a peer reuses freed memory, as ours does (`keep_freed_memory`)."""
    examples_a_row: int = 1
    """Examples packed into each row; more than one only for ours."""
    optimizer: str = "adafactor"
    """A peer's optimizer: "adafactor", or nanoT5's "adamw_scale"."""
    settings: dict[str, Any] | None = None
    """Of the model, where they are not the case's: then its figures are of another model."""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What a process says of its model before it trains."""

    parameters: int
    loss: float
    """Without dropout and z-loss, of the first batch, in nats a target token."""


Step = Callable[[], None]

WARMING_UP = 4
"""Steps before the first turn where kernels are compiled or CUDA graphs are captured."""


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
        ready, step = (ours if contestant.ours else hugging_face)(case, contestant)
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


def ours(case: Case, contestant: Contestant) -> tuple[Ready, Step]:
    """The project's own training step, as its stages run it."""
    from lab.text_to_text.module import TextToText
    from lab.training.schedule import constant

    model = donor(case, contestant.dropout_form).to(case.device)
    module = TextToText(model, schedule=constant(LEARNING_RATE))
    optimizer = module.configure_optimizers()["optimizer"]
    optimizer.param_groups[0]["lr"] = LEARNING_RATE
    if case.device != "cpu":
        module.compile_forward(fixed_shapes=True, graphs=True)
    batch = ours_batch(case, contestant.examples_a_row)

    with torch.no_grad(), precision(case):
        model.eval()
        _, nats = module(batch)
        loss = float(nats / batch["decoder_loss_weights"].sum())
        model.train()

    def step() -> None:
        with precision(case):
            loss = module.training_step(batch, 0)  # which begins without gradients
        loss.backward()
        optimizer.step()

    return Ready(parameters=count(model), loss=loss), step


def hugging_face(case: Case, contestant: Contestant) -> tuple[Ready, Step]:
    """T5ForConditionalGeneration with the same library's AdaFactor, or nanoT5's way of training.

    nanoT5 (its public repository, at commit 1375b38) trains v1.1 with dropout 0, in bfloat16 by
    autocast, 512 and 114 tokens, 128 rows, with an AdamW whose steps are scaled by a weight's root
    mean square, gradients clipped at a norm of 1, and torch.compile if told to. All that is alike
    here. Not alike: its model is a trimmed copy of Hugging Face's with attention spelled out (here
    SDPA, which is faster); its data loading and its logs of norms, which take time, are left out.
    """
    from transformers import T5ForConditionalGeneration
    from transformers.optimization import Adafactor

    with tempfile.TemporaryDirectory() as folder:
        save_huggingface(donor(case, "elementwise"), folder)
        model: Any = T5ForConditionalGeneration.from_pretrained(
            folder, attn_implementation=contestant.attention
        )
    model.to(case.device)
    run = torch.compile(model) if contestant.compiled else model
    scaled = contestant.optimizer == "adamw_scale"
    optimizer: torch.optim.Optimizer = (
        AdamWScale(model.parameters(), lr=2e-2)
        if scaled
        else Adafactor(
            model.parameters(),
            lr=LEARNING_RATE,
            relative_step=False,
            warmup_init=False,
            scale_parameter=True,
        )
    )
    inputs, targets = tokens(case)
    batch = {"input_ids": inputs, "attention_mask": torch.ones_like(inputs), "labels": targets}

    with torch.no_grad(), precision(case):
        loss = float(model.eval()(**batch).loss)
        model.train()

    def step() -> None:
        with precision(case):
            loss = run(**batch).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if scaled:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return Ready(parameters=count(model), loss=loss), step


class AdamWScale(torch.optim.Optimizer):
    """Adam whose steps are multiplied by a weight's root mean square, one weight after the other.

    Without weight decay, which nanoT5 leaves at 0.
    """

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update."""
        first, second = 0.9, 0.999
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
                state["step"] += 1
                state["mean"].lerp_(p.grad, 1 - first)
                state["square"].mul_(second).addcmul_(p.grad, p.grad, value=1 - second)
                unbiased = (1 - second ** state["step"]) ** 0.5 / (1 - first ** state["step"])
                rms = max(1e-3, float(p.norm()) / p.numel() ** 0.5)
                below = state["square"].sqrt().add_(1e-6)
                p.addcdiv_(state["mean"], below, value=-group["lr"] * unbiased * rms)


def donor(case: Case, dropout_form: str) -> Any:
    """The weights that everyone starts from."""
    return build_model(
        size=case.size, vocab_size=case.vocab_size, dropout_form=dropout_form, **case.settings
    )


def tokens(case: Case) -> tuple[Tensor, Tensor]:
    """Random inputs (B, S) and targets (B, T) without padding."""
    generator = torch.Generator().manual_seed(1)
    return tuple(  # type: ignore[return-value]
        torch.randint(2, case.vocab_size, (case.batch, width), generator=generator).to(case.device)
        for width in (case.source, case.target)
    )


def ours_batch(case: Case, examples_a_row: int) -> dict[str, Tensor]:
    """The same tokens as a batch of t5study.batching; packed ones see only their own example."""
    inputs, targets = tokens(case)
    batch = {"encoder_input_tokens": inputs, "decoder_target_tokens": targets}
    for side, ids in (("encoder", inputs), ("decoder", targets)):
        column = torch.arange(ids.shape[1], device=case.device)
        segments = 1 + column * examples_a_row // ids.shape[1]
        batch[f"{side}_segment_ids"] = segments.expand_as(ids).contiguous()
    shifted = torch.nn.functional.pad(targets, (1, 0))[:, :-1]
    starts = torch.nn.functional.pad(batch["decoder_segment_ids"], (1, 0))[:, :-1]
    batch["decoder_input_tokens"] = shifted * (starts == batch["decoder_segment_ids"])
    batch["decoder_loss_weights"] = torch.ones_like(targets)
    return batch


def precision(case: Case) -> contextlib.AbstractContextManager[None]:
    """The case's autocast."""
    return torch.autocast(case.device, dtype=torch.bfloat16, enabled=case.precision == "bf16")


def count(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


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
