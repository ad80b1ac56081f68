"""The study's configuration, typed: what conf/electra/ may say, and the bounds of each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from omegaconf import II, MISSING

from lab.encoder.suite.settings import (
    AMOUNT,
    FEW,
    INITIALIZER,
    LENGTH,
    NOT_NEGATIVE,
    POSITIVE,
    RATE,
    SEED,
    SHARE,
    WIDTH,
    Start,
    SuiteSchema,
    TextRoles,
    TextRows,
)
from lab.schema import by_name

BY_NAME = ("tasks", "shapes")
"""Keys whose values stand by names that nobody lists: any name may be given."""


@dataclass
class Roles(TextRoles):
    """What a preset has for what the paper's tables name: rows are written by role."""

    sizes: dict[str, str] = field(default_factory=dict)
    """small, base and large of the tables, width1 to width4 of Figure 4 -> a shape."""
    published: dict[str, Any] = field(default_factory=dict)
    """By shape, the settings of Tables 6 and 7, which the preset `paper` takes."""


@dataclass
class Objective:
    name: str = MISSING
    weight: float | None = field(default=None, metadata=NOT_NEGATIVE)
    """Lambda: of the main encoder's loss beside the generator's; null: the objective's own."""
    masked: float | None = field(default=None, metadata={"least": 0, "most": 1})
    """Share of drawn positions that show [MASK]; null: the objective's own."""
    random: float | None = field(default=None, metadata={"least": 0, "most": 1})
    """Share of drawn positions that show a random piece."""


@dataclass
class Generator:
    name: str = MISSING
    kind: str = field(default="encoder", metadata={"choices": ("encoder", "unigram", "uniform")})
    fraction: float | None = field(default=None, metadata=POSITIVE)
    """Its width as a fraction of the discriminator's (section 3.2)."""


@dataclass
class Tying:
    name: str = field(default=MISSING, metadata={"choices": ("none", "embeddings", "all")})


@dataclass
class Algorithm:
    name: str = field(default=MISSING, metadata={"choices": ("joint", "two_stage", "adversarial")})
    first: float = field(default=0.5, metadata=RATE)
    """Share of the updates that two_stage trains the generator alone for."""


@dataclass
class Shape:
    """An encoder's layers and widths, and the generator's width beside it."""

    layers: int = field(default=MISSING, metadata=FEW)
    width: int = field(default=MISSING, metadata=WIDTH)
    heads: int = field(default=MISSING, metadata=WIDTH)
    feed_forward: int = field(default=MISSING, metadata=WIDTH)
    embedding: int = field(default=MISSING, metadata=WIDTH)
    """Width of the tables."""
    generator: float = field(default=MISSING, metadata=POSITIVE)
    """The fraction of generator=published."""


def of_shape(name: str) -> Any:
    """What the shape that the size names has under a key."""
    return II(f"shapes.${{size.name}}.{name}")


@dataclass
class Size:
    name: str = MISSING
    layers: int = field(default=of_shape("layers"), metadata=FEW)
    width: int = field(default=of_shape("width"), metadata=WIDTH)
    heads: int = field(default=of_shape("heads"), metadata=WIDTH)
    feed_forward: int = field(default=of_shape("feed_forward"), metadata=WIDTH)
    embedding: int = field(default=of_shape("embedding"), metadata=WIDTH)
    generator: float = field(default=of_shape("generator"), metadata=POSITIVE)


@dataclass
class Length:
    name: str = MISSING
    fraction: float = field(default=1.0, metadata={"more_than": 0, "most": 10**4})
    """Of the updates of pre-training."""
    checkpoint_of: list[float] = field(default_factory=list)
    """Fractions that are checkpoints of one whole run; where empty each is a run of its own."""


@dataclass
class Model:
    dropout: float = field(default=0.1, metadata=SHARE)
    attention_dropout: float = field(default=0.1, metadata=SHARE)
    positions: int = field(default=512, metadata=LENGTH)
    """Rows of the table of positions: the longest input."""
    initializer_range: float | None = field(default=0.02, metadata=INITIALIZER)
    """See EncoderConfig; null: by the width, for small ones."""


@dataclass
class Masking:
    rate: float = field(default=0.15, metadata={**RATE, "percent": True})
    """Share of a row's pieces that are drawn."""
    replacement: bool = False
    """Whether a position may be drawn twice, as the released code draws."""


@dataclass
class Rows(TextRows):
    """How a row of pre-training is made of lines (docs/studies/electra.md)."""

    segments: int = field(default=2, metadata={"choices": (1, 2)})
    single: float = field(default=0.1, metadata=SHARE)
    """Chance that all of a row is one segment."""
    short: float = field(default=0.05, metadata=SHARE)
    """Chance that a row's length is drawn instead of the longest."""


@dataclass
class Pretrain(Start):
    steps: int = field(default=MISSING, metadata=AMOUNT)
    """Updates of ELECTRA at the whole length."""
    bert_steps: int | None = field(default=None, metadata=AMOUNT)
    """Updates where there is no generator; null: as many as cost what ELECTRA's cost."""
    equal: str = field(default="flops", metadata={"choices": ("flops", "steps")})
    """Whether rows without a generator get ELECTRA's FLOPs, or its number of updates."""
    counting: str = field(default="ours", metadata={"choices": ("ours", "paper")})
    """By which count FLOPs are equal."""
    batch_size: int = field(default=MISSING, metadata=AMOUNT)
    rate: float = field(default=MISSING, metadata=POSITIVE)
    warmup: int = field(default=MISSING, metadata={"least": 0, "most": 10**9})
    """Updates over which the rate goes up."""
    weight_decay: float = field(default=0.01, metadata=NOT_NEGATIVE)
    clip: float | None = field(default=1.0, metadata=POSITIVE)
    """The most that the gradient's norm may be."""
    seed: int = field(default=0, metadata=SEED)


@dataclass
class Schema(SuiteSchema):
    """Every key of the study beside those of the run."""

    roles: Roles = field(default_factory=Roles)
    objective: Objective = field(default_factory=Objective)
    generator: Generator = field(default_factory=Generator)
    tying: Tying = field(default_factory=Tying)
    algorithm: Algorithm = field(default_factory=Algorithm)
    shapes: dict[str, Shape] = field(default_factory=partial(by_name, Shape))
    """What a size's name stands for (conf/electra/shapes.yaml)."""
    size: Size = field(default_factory=Size)
    length: Length = field(default_factory=Length)
    temperature: float = field(default=1.0, metadata=POSITIVE)
    """Divides the generator's logits where samples are drawn."""
    masking: Masking = field(default_factory=Masking)
    rows: Rows = field(default_factory=Rows)
    model: Model = field(default_factory=Model)
    pretrain: Pretrain = field(default_factory=Pretrain)
