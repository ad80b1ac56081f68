"""ELECTRA for training.py: a step of ours, or of Hugging Face's BERT and ELECTRA.

All start from the same weights, read the same rows with the same positions drawn, clip gradients at
a norm of 1, and decay all but biases and norms. BERT's row is a masked language model; ELECTRA's is
a generator of a fraction of the width and the detector of what it wrote, with their tables shared.
Of the peers these are BertForMaskedLM (of a factorized table ElectraForMaskedLM, which is the same
model), and ElectraForMaskedLM beside ElectraForPreTraining, tied by hand. The embedded shape is the
study's on a CPU; the small one is the paper's.
"""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from contestants import Case, Comparison, Contestant, Ready, Step, count, step_of
from torch import Tensor, nn

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.groups import parameter_groups
from lab.encoder.huggingface import PretrainedEncoder, save_huggingface
from lab.encoder.pretraining.drawing import how_many
from studies.electra.batches import masked_batch
from studies.electra.generators.encoder import MaskedGenerator
from studies.electra.model import HEAD_WIDTH, generator
from studies.electra.networks import Networks, loss
from studies.electra.objectives import get_objective

LEARNING_RATE, WEIGHT_DECAY, CLIP = 5e-4, 0.01, 1.0
RATE = 0.15
"""Share of positions that are drawn."""
SPECIAL = {"pad": 0, "cls": 1, "sep": 2, "mask": 3}
WORDS_FROM = 5
"""The first piece that is a word."""
BACKWARD = 2
"""A backward pass costs this many forward passes."""


def encoder(width: int, layers: int, vocabulary: int, embedding: int) -> EncoderConfig:
    """An encoder of the paper's proportions."""
    return EncoderConfig(
        vocabulary=vocabulary,
        width=width,
        layers=layers,
        heads=width // HEAD_WIDTH,
        feed_forward=4 * width,
        embedding=embedding,
    )


@dataclass(frozen=True, kw_only=True)
class Size:
    """A detector's shape, and the rows it trains on."""

    encoder: EncoderConfig
    fraction: float
    """The generator's width, of the detector's."""
    rows: int
    length: int
    rows_on_gpu: int


SIZES: Mapping[str, Size] = {
    "embedded": Size(
        encoder=encoder(128, 4, 4_096, 128), fraction=0.5, rows=64, length=64, rows_on_gpu=512
    ),
    "small": Size(
        encoder=encoder(256, 12, 30_522, 128), fraction=0.25, rows=16, length=128, rows_on_gpu=1024
    ),
    "base": Size(
        encoder=encoder(768, 12, 30_522, 768), fraction=1 / 3, rows=16, length=512, rows_on_gpu=128
    ),
}


@dataclass(frozen=True, kw_only=True)
class ElectraCase(Case):
    """An objective, a size, and rows of full length."""

    objective: str
    size: str

    @property
    def length(self) -> int:
        """Pieces of a row."""
        return SIZES[self.size].length

    @property
    def drawn(self) -> int:
        """Positions drawn in a row."""
        return int(how_many(self.length, RATE, self.length))

    @property
    def config(self) -> EncoderConfig:
        """Of the main encoder."""
        return SIZES[self.size].encoder

    @property
    def generator(self) -> EncoderConfig:
        """Of the generator, where the objective has one."""
        return generator(self.config, SIZES[self.size].fraction)

    @property
    def tokens(self) -> int:
        return self.batch * self.length

    @property
    def flops(self) -> float:
        shape, one = self.config, 0.0
        if get_objective(self.objective).generator:
            one += encoder_flops(shape, self.length, self.length)
            one += 2 * self.length * shape.width * (shape.width + 1)
            shape = self.generator
        one += encoder_flops(shape, self.length, self.drawn)
        one += 2 * self.drawn * shape.embedding * (shape.width + shape.vocabulary)
        return (1 + BACKWARD) * self.batch * one

    @property
    def described(self) -> str:
        shape = self.config
        return (
            f"{self.objective}, {self.size} ({shape.layers} x {shape.width}), V "
            f"{shape.vocabulary}, {self.batch} x {self.length} tokens"
        )

    @property
    def tolerance(self) -> float:
        """Of 50 times the detector's loss, on samples that are not all the same."""
        return 0.1 if get_objective(self.objective).generator else 0.02

    def ours(self, contestant: Contestant) -> tuple[Ready, Step]:
        return ours(self, contestant)

    def peer(self, contestant: Contestant) -> tuple[Ready, Step]:
        return hugging_face(self, contestant)


def encoder_flops(shape: EncoderConfig, length: int, asked: int) -> float:
    """Products of a forward pass over one row, 2 operations a multiply-add.

    Of the last layer, those that positions `asked` for need.
    """
    width = shape.width
    keys_and_values = 4 * width**2 * length
    of_a_position = 4 * width**2 + 4 * width * length + 4 * width * shape.feed_forward
    mapped = 2 * shape.embedding * width * length if shape.embedding != width else 0
    positions = (shape.layers - 1) * length + asked
    return mapped + shape.layers * keys_and_values + positions * of_a_position


CPU_CONTESTANTS = (
    Contestant(name="Hugging Face, SDPA", ours=False),
    Contestant(name="SDPA, memory kept", ours=False, keeps_memory=True),
    Contestant(name="ours", ours=True),
)
COMPILED = Contestant(name="Hugging Face, SDPA, torch.compile", ours=False, compiled=True)
GPU_CONTESTANTS = (
    Contestant(name="Hugging Face, SDPA", ours=False),
    COMPILED,
    Contestant(name="ours", ours=True),
)
OBJECTIVES = ("bert", "electra")


def on_cpu(options: Namespace) -> Iterator[Comparison]:
    """Both objectives at the embedded and the small shape."""
    contestants = (*((COMPILED,) if options.compiled else ()), *CPU_CONTESTANTS)
    for size in options.sizes or ("embedded", "small"):
        for objective in OBJECTIVES:
            case = ElectraCase(objective=objective, size=size, batch=SIZES[size].rows)
            yield Comparison(case, contestants, "dropout 0.1")


def on_gpu(options: Namespace) -> Iterator[Comparison]:
    """Both objectives at the paper's shapes."""
    for size in options.sizes or ("small", "base"):
        for objective in OBJECTIVES:
            case = ElectraCase(objective=objective, size=size, batch=SIZES[size].rows_on_gpu)
            yield Comparison(case, GPU_CONTESTANTS, "dropout 0.1")


def ours(case: ElectraCase, contestant: Contestant) -> tuple[Ready, Step]:
    """The project's own training step, as its stages run it."""
    from lab.training.module import Training
    from lab.training.optimizers import get_optimizer
    from lab.training.schedule import constant

    networks = donor(case).to(case.device)
    groups = parameter_groups(
        networks, rate=LEARNING_RATE, weight_decay=WEIGHT_DECAY, layers=case.config.layers
    )
    module = Training(
        networks,
        loss,
        lambda rows: rows["share"].sum(),
        optimizer=lambda _: get_optimizer("adamw", groups),
        schedule=constant(1.0),
        clip=CLIP,
        reports=networks.reports,
    )
    return step_of(case, networks, module, batch(case))


def hugging_face(case: ElectraCase, contestant: Contestant) -> tuple[Ready, Step]:
    """Hugging Face's models and torch's AdamW, in the form that is fastest: the fused one."""
    rows = batch(case)
    model, answer = PEERS[get_objective(case.objective).generator](case, contestant, rows)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": WEIGHT_DECAY},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=LEARNING_RATE,
        eps=1e-6,
        fused=True,
    )

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


def masked_peer(
    case: ElectraCase, contestant: Contestant, rows: Mapping[str, Tensor]
) -> tuple[nn.Module, Callable[[], Tensor]]:
    """BertForMaskedLM, and the loss of the batch."""
    networks = donor(case)
    kind = "bert" if case.config.embedding == case.config.width else "electra"
    name = {"bert": "BertForMaskedLM", "electra": "ElectraForMaskedLM"}[kind]
    model = written(name, kind, networks.encoder, contestant, masked=networks.answer.pieces)
    model.to(case.device)
    run = torch.compile(model) if contestant.compiled else model
    inputs = masked_inputs(rows)

    def answer() -> Tensor:
        total: Tensor = run(**inputs).loss
        return total

    return model, answer


def detecting_peer(
    case: ElectraCase, contestant: Contestant, rows: Mapping[str, Tensor]
) -> tuple[nn.Module, Callable[[], Tensor]]:
    """ElectraForMaskedLM and ElectraForPreTraining with one set of tables, and their joint loss."""
    networks = donor(case)
    assert isinstance(networks.generator, MaskedGenerator)
    makes = written(
        "ElectraForMaskedLM",
        "electra",
        networks.generator.encoder,
        contestant,
        masked=networks.generator.pieces,
    )
    detects = written(
        "ElectraForPreTraining",
        "electra",
        networks.encoder,
        contestant,
        detection=networks.answer.detection,
    )
    makes.electra.embeddings = detects.electra.embeddings
    makes.generator_lm_head.weight = detects.electra.embeddings.word_embeddings.weight
    model = nn.ModuleList([makes, detects]).to(case.device)
    run = [torch.compile(one) if contestant.compiled else one for one in (makes, detects)]
    weight = get_objective(case.objective).weight
    inputs = masked_inputs(rows)
    tokens, chosen = rows["tokens"], inputs["labels"] >= 0

    def answer() -> Tensor:
        made = run[0](**inputs)
        with torch.no_grad():
            logits = made.logits[chosen].float()
            # As the released code; torch.multinomial takes nearly three times as long on a CPU.
            noise = -torch.log(-torch.log(torch.rand_like(logits) + 1e-9) + 1e-9)
            read = tokens.clone()
            read[chosen] = (logits + noise).argmax(-1)
            labels = (read != tokens).long()
        found = run[1](input_ids=read, attention_mask=inputs["attention_mask"], labels=labels)
        total: Tensor = made.loss + weight * found.loss
        return total

    return model, answer


PEERS = {False: masked_peer, True: detecting_peer}
"""By whether the objective has a generator."""


def written(name: str, kind: str, network: Encoder, contestant: Contestant, **heads: Any) -> Any:
    """Hugging Face's model of this name with the weights of an encoder and its heads."""
    import transformers

    with tempfile.TemporaryDirectory() as folder:
        save_huggingface(PretrainedEncoder(network, **heads), folder, kind)
        return getattr(transformers, name).from_pretrained(
            folder, attn_implementation=contestant.attention
        )


def donor(case: ElectraCase) -> Networks:
    """The weights that everyone starts from."""
    torch.manual_seed(0)
    made = {"kind": "encoder", "encoder": asdict(case.generator)}
    return Networks(get_objective(case.objective), case.config, made)


def batch(case: ElectraCase) -> dict[str, Tensor]:
    """What `networks.loss` reads: rows of random pieces without padding, with positions drawn."""
    rng = np.random.default_rng(1)
    shape = case.batch, case.length
    made = masked_batch(
        rng.integers(WORDS_FROM, case.config.vocabulary, shape),
        np.ones(shape, dtype=bool),
        get_objective(case.objective),
        rng,
        pieces=SimpleNamespace(
            **SPECIAL, special=frozenset(SPECIAL.values()), size=case.config.vocabulary
        ),
        longest=case.length,
        rate=RATE,
    )
    return {name: torch.from_numpy(value).to(case.device) for name, value in made.items()}


def masked_inputs(rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same rows as Hugging Face's masked language models take them."""
    tokens = rows["tokens"]
    labels = torch.full_like(tokens, -100)
    labels.scatter_(1, rows["drawn"], tokens.gather(1, rows["drawn"]))
    return {
        "input_ids": tokens.scatter(1, rows["drawn"], rows["seen"]),
        "attention_mask": torch.ones_like(tokens),
        "labels": labels,
    }
