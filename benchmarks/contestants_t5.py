"""T5 for training.py: one training step of ours, or of Hugging Face's T5ForConditionalGeneration.

All start from the same weights, read the same batch, and train with AdaFactor of the same settings.
On a CPU the model is the small one of the study's CPU sizes; on a GPU the models are the published
sizes at 512 input and 114 target tokens in bfloat16.
"""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from contestants import Case, Comparison, Contestant, Ready, Step, count
from torch import Tensor

from lab.text_to_text.config import model_config
from lab.text_to_text.flops import training_flops
from t5study.model import build_model, save_huggingface

LEARNING_RATE = 1e-3

HEADLINE = {"dropout_rate": 0.1}
NANO_T5 = {"dropout_rate": 0.0, "feed_forward": "gated_gelu", "tie_embeddings": False}
"""The setting that nanoT5 trains with: v1.1 without dropout."""
V1_1: dict[str, dict[str, Any]] = {
    "small": {"d_ff": 1024, "num_heads": 6, "num_layers": 8, "num_decoder_layers": 8},
    "base": {"d_ff": 2048},
    "large": {"d_ff": 2816},
}
"""What else is v1.1's of the published sizes."""
NANO_T5_NAME = "as nanoT5 trains (v1.1, AdamWScale)"
SIZES = ("small", "base", "large")
GPU_BATCHES = {"small": 256, "base": 128, "large": 48}
BASE_ON_H200 = (("40%", 931.0), ("50%", 1163.0))
"""Sequences a second of Base at these shares of an H200's 989 TFLOP/s: the aim and the goal."""


@dataclass(frozen=True, kw_only=True)
class T5Contestant(Contestant):
    """One program that can train a T5."""

    dropout_form: str = "elementwise"
    """"elementwise", as every peer draws masks, or "broadcast"."""
    examples_a_row: int = 1
    """Examples packed into each row; more than one only for ours."""
    optimizer: str = "adafactor"
    """A peer's optimizer: "adafactor", or nanoT5's "adamw_scale"."""
    settings: dict[str, Any] | None = None
    """Of the model, where they are not the case's: then its figures are of another model."""

    def case(self, case: Case) -> Case:
        return case if self.settings is None else replace(case, settings=self.settings)

    @property
    def comparable(self) -> bool:
        """Packed examples see less."""
        return self.examples_a_row == 1


@dataclass(frozen=True, kw_only=True)
class T5Case(Case):
    """A T5, and batches of inputs and targets."""

    size: str
    vocab_size: int = 8192
    batch: int = 32
    source: int = 128
    target: int = 32
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the model: dropout_rate, feed_forward, tie_embeddings."""

    @property
    def tokens(self) -> int:
        return self.batch * (self.source + self.target)

    @property
    def flops(self) -> float:
        config = model_config(size=self.size, vocab_size=self.vocab_size, **self.settings)
        return self.batch * training_flops(config, self.source, self.target)

    @property
    def described(self) -> str:
        return (
            f"{self.size}, V {self.vocab_size}, {self.batch} x ({self.source} + {self.target}) "
            "tokens"
        )

    def aims(self, device: str) -> Sequence[tuple[str, float]]:
        if self.size != "base" or "H200" not in device:
            return ()
        return [(f"{share} of an H200's peak", aim) for share, aim in BASE_ON_H200]

    def ours(self, contestant: Contestant) -> tuple[Ready, Step]:
        return ours(self, contestant)

    def peer(self, contestant: Contestant) -> tuple[Ready, Step]:
        return hugging_face(self, contestant)


CPU_CASE = T5Case(size="micro", settings=HEADLINE)
CPU_CONTESTANTS = (
    T5Contestant(name="Hugging Face, eager", ours=False, attention="eager"),
    T5Contestant(name="Hugging Face, SDPA", ours=False),
    T5Contestant(name="eager, memory kept", ours=False, attention="eager", keeps_memory=True),
    T5Contestant(name="SDPA, memory kept", ours=False, keeps_memory=True),
    T5Contestant(name="ours, element-wise dropout", ours=True),
    T5Contestant(name="ours, masks broadcast", ours=True, dropout_form="broadcast"),
)
CPU_COMPILED = T5Contestant(name="Hugging Face, SDPA, torch.compile", ours=False, compiled=True)
"""Takes half a minute to compile, and is no faster: only where it is asked for."""
GPU_CONTESTANTS = (
    T5Contestant(name="Hugging Face, SDPA", ours=False),
    T5Contestant(name="ours", ours=True, dropout_form="broadcast"),
    T5Contestant(name="Hugging Face, SDPA, torch.compile", ours=False, compiled=True),
    T5Contestant(
        name="ours, 4 examples a row", ours=True, dropout_form="broadcast", examples_a_row=4
    ),
)


def on_cpu(options: Namespace) -> Iterator[Comparison]:
    """The small model, with all peers that the options ask for."""
    settings, kind = _setting(options)
    peers = (CPU_COMPILED,) if options.compiled else ()
    if options.nanot5:
        peers += (nano_t5("micro", compiled=options.compiled),)
    yield Comparison(replace(CPU_CASE, settings=settings), (*peers, *CPU_CONTESTANTS), kind)


def on_gpu(options: Namespace) -> Iterator[Comparison]:
    """Each published size."""
    settings, kind = _setting(options)
    for size in options.sizes or SIZES:
        case = T5Case(
            size=size,
            vocab_size=32128,
            batch=GPU_BATCHES.get(size, 32),
            source=512,
            target=114,
            settings={**settings, **V1_1.get(size, {})} if options.nanot5 else settings,
        )
        yield Comparison(case, (*GPU_CONTESTANTS, nano_t5(size, compiled=True)), kind)


def _setting(options: Namespace) -> tuple[dict[str, Any], str]:
    """Of the model, and what a table says of it."""
    if options.nanot5:
        return NANO_T5, "v1.1 without dropout"
    return HEADLINE, "dropout 0.1"


def nano_t5(size: str, *, compiled: bool) -> T5Contestant:
    """The peer that trains as nanoT5 does, whatever the other contestants' model is."""
    return T5Contestant(
        name=NANO_T5_NAME + (", torch.compile" if compiled else ""),
        ours=False,
        compiled=compiled,
        optimizer="adamw_scale",
        settings={**NANO_T5, **V1_1.get(size, {})},
    )


def ours(case: T5Case, contestant: T5Contestant) -> tuple[Ready, Step]:
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

    with torch.no_grad(), case.autocast():
        model.eval()
        _, nats = module(batch)
        loss = float(nats / batch["decoder_loss_weights"].sum())
        model.train()

    def step() -> None:
        with case.autocast():
            loss = module.training_step(batch, 0)  # which begins without gradients
        loss.backward()
        optimizer.step()

    return Ready(parameters=count(model), loss=loss), step


def hugging_face(case: T5Case, contestant: T5Contestant) -> tuple[Ready, Step]:
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

    with torch.no_grad(), case.autocast():
        loss = float(model.eval()(**batch).loss)
        model.train()

    def step() -> None:
        with case.autocast():
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


def donor(case: T5Case, dropout_form: str) -> Any:
    """The weights that everyone starts from."""
    return build_model(
        size=case.size, vocab_size=case.vocab_size, dropout_form=dropout_form, **case.settings
    )


def tokens(case: T5Case) -> tuple[Tensor, Tensor]:
    """Random inputs (B, S) and targets (B, T) without padding."""
    generator = torch.Generator().manual_seed(1)
    return tuple(  # type: ignore[return-value]
        torch.randint(2, case.vocab_size, (case.batch, width), generator=generator).to(case.device)
        for width in (case.source, case.target)
    )


def ours_batch(case: T5Case, examples_a_row: int) -> dict[str, Tensor]:
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
