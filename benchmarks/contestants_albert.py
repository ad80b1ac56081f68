"""ALBERT for training.py: a step of ours, or of Hugging Face's AlbertForPreTraining.

Both start from the same weights, read the same pairs with the same pieces masked, add the losses of
pieces and of the order of segments, and take a step of LAMB after clipping at a norm of 1. The peer
has our LAMB: torch has none, and those of other packages go through parameters one by one. The
embedded shape is the study's on a CPU; the others are those of the paper's widths of tables.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import torch
from contestants import Case, Comparison, Contestant, Ready, Step, count, step_of
from contestants_electra import (
    BACKWARD,
    COMPILED,
    CPU_CONTESTANTS,
    GPU_CONTESTANTS,
    SPECIAL,
    WORDS_FROM,
    encoder_flops,
    written,
)
from torch import Tensor, nn

from lab.encoder.config import EncoderConfig
from lab.encoder.groups import ratio_groups
from lab.training.module import Training
from lab.training.optimizers import get_optimizer
from lab.training.schedule import constant
from studies.albert.batches import masked_pairs
from studies.albert.masking import Masking, how_many
from studies.albert.networks import LABELS, Networks, loss

LEARNING_RATE, WEIGHT_DECAY, CLIP = 1e-3, 0.01, 1.0
WORD = 0.6
"""Share of the pieces that begin a word."""
HEAD_WIDTH = 64


def encoder(width: int, layers: int, vocabulary: int, embedding: int) -> EncoderConfig:
    """An encoder of the paper's proportions, whose layers share all parameters."""
    return EncoderConfig(
        vocabulary=vocabulary,
        width=width,
        layers=layers,
        heads=width // HEAD_WIDTH,
        feed_forward=4 * width,
        embedding=embedding,
        activation="gelu_tanh",
        sharing="all",
        dropout=0.0,
        attention_dropout=0.0,
    )


@dataclass(frozen=True, kw_only=True)
class Size:
    """An encoder's shape, and the rows it trains on."""

    encoder: EncoderConfig
    rows: int
    length: int
    rows_on_gpu: int


SIZES: Mapping[str, Size] = {
    "embedded": Size(encoder=encoder(128, 4, 2_000, 64), rows=16, length=64, rows_on_gpu=512),
    "small": Size(encoder=encoder(256, 12, 30_000, 128), rows=16, length=128, rows_on_gpu=1024),
    "base": Size(encoder=encoder(768, 12, 30_000, 128), rows=16, length=512, rows_on_gpu=128),
}


@dataclass(frozen=True, kw_only=True)
class AlbertCase(Case):
    """A size, and pairs of full length."""

    size: str

    @property
    def config(self) -> EncoderConfig:
        """Of the encoder."""
        return SIZES[self.size].encoder

    @property
    def length(self) -> int:
        """Pieces of a row."""
        return SIZES[self.size].length

    @property
    def tokens(self) -> int:
        return self.batch * self.length

    @property
    def flops(self) -> float:
        shape, masking = self.config, Masking()
        drawn = int(how_many(self.length, masking.rate, masking.most))
        one = encoder_flops(shape, self.length, drawn + 1)
        one += 2 * drawn * shape.embedding * (shape.width + shape.vocabulary)
        one += 2 * shape.width * (shape.width + LABELS)
        return (1 + BACKWARD) * self.batch * one

    @property
    def described(self) -> str:
        shape = self.config
        return (
            f"ALBERT, {self.size} ({shape.layers} x {shape.width}, all shared), V "
            f"{shape.vocabulary}, E {shape.embedding}, {self.batch} x {self.length} tokens"
        )

    @property
    def tolerance(self) -> float:
        return 0.02

    def ours(self, contestant: Contestant) -> tuple[Ready, Step]:
        return ours(self)

    def peer(self, contestant: Contestant) -> tuple[Ready, Step]:
        return hugging_face(self, contestant)


def on_cpu(options: Namespace) -> Iterator[Comparison]:
    """The embedded and the small shape."""
    contestants = (*((COMPILED,) if options.compiled else ()), *CPU_CONTESTANTS)
    for size in options.sizes or ("embedded", "small"):
        yield Comparison(AlbertCase(size=size, batch=SIZES[size].rows), contestants, "no dropout")


def on_gpu(options: Namespace) -> Iterator[Comparison]:
    """The small and the paper's base shape."""
    for size in options.sizes or ("small", "base"):
        case = AlbertCase(size=size, batch=SIZES[size].rows_on_gpu)
        yield Comparison(case, GPU_CONTESTANTS, "no dropout")


def lamb(model: nn.Module) -> torch.optim.Optimizer:
    """LAMB as released: no ratio and no decay of norms and biases."""
    return get_optimizer("lamb", ratio_groups(model, rate=LEARNING_RATE, weight_decay=WEIGHT_DECAY))


def ours(case: AlbertCase) -> tuple[Ready, Step]:
    """The project's own training step, as its stages run it."""
    networks = donor(case).to(case.device)
    module = Training(
        networks,
        loss,
        lambda rows: rows["share"].sum(),
        optimizer=lambda _: lamb(networks),
        schedule=constant(1.0),
        clip=CLIP,
        reports=networks.reports,
    )
    return step_of(case, networks, module, batch(case))


def hugging_face(case: AlbertCase, contestant: Contestant) -> tuple[Ready, Step]:
    """AlbertForPreTraining, which answers for pieces and for the order of segments."""
    networks = donor(case)
    model = written(
        "AlbertForPreTraining",
        "albert",
        networks.encoder,
        contestant,
        masked=networks.masked,
        pooler=networks.pooler,
        sentence=networks.sentence,
    )
    model.dropout = model.sop_classifier.dropout = nn.Identity()
    model.to(case.device)
    optimizer = lamb(model)
    answer = answering(case, torch.compile(model) if contestant.compiled else model)

    with torch.no_grad(), case.autocast():
        model.eval()
        first = float(answer())
        model.train()

    def step() -> None:
        with case.autocast():
            total = answer()
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()

    return Ready(parameters=count(model), loss=first), step


def answering(case: AlbertCase, run: Callable[..., object]) -> Callable[[], Tensor]:
    """The loss of the batch by Hugging Face's model."""
    rows = batch(case)
    labels = torch.full_like(rows["tokens"], -100)
    labels.scatter_(1, rows["drawn"], torch.where(rows["used"], rows["targets"], -100))
    inputs = {
        "input_ids": rows["tokens"],
        "token_type_ids": rows["types"],
        "attention_mask": rows["real"],
        "labels": labels,
        "sentence_order_label": rows["label"],
    }

    def answer() -> Tensor:
        total: Tensor = run(**inputs).loss
        return total

    return answer


def donor(case: AlbertCase) -> Networks:
    """The weights that everyone starts from."""
    torch.manual_seed(0)
    return Networks(case.config)


def batch(case: AlbertCase) -> dict[str, Tensor]:
    """What `networks.loss` reads: pairs of random pieces without padding, n-grams of them drawn."""
    rng = np.random.default_rng(1)
    shape = case.batch, case.length
    middle = case.length // 2
    tokens = rng.integers(WORDS_FROM, case.config.vocabulary, shape)
    tokens[:, 0] = SPECIAL["cls"]
    tokens[:, [middle, -1]] = SPECIAL["sep"]
    made = masked_pairs(
        {
            "tokens": tokens,
            "types": np.broadcast_to((np.arange(case.length) > middle).astype(np.int64), shape),
            "real": np.ones(shape, dtype=bool),
            "label": rng.integers(0, LABELS, case.batch),
        },
        Masking(),
        rng,
        pieces=SimpleNamespace(
            **SPECIAL, special=frozenset(SPECIAL.values()), size=case.config.vocabulary
        ),
        begins=rng.random(case.config.vocabulary) < WORD,
    )
    return {
        name: torch.from_numpy(np.ascontiguousarray(value)).to(case.device)
        for name, value in made.items()
    }
