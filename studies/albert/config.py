"""The study's configuration, typed: what conf/albert/ may say, and the bounds of each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from omegaconf import II, MISSING

from lab.encoder.config import FACTORIZED
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
    Evaluate,
    Start,
    SuiteSchema,
    TextRoles,
    TextRows,
)
from lab.schema import Named, by_name

BY_NAME = ("tasks", "shapes")
"""Keys whose values stand by names that nobody lists: any name may be given."""


@dataclass
class Roles(TextRoles):
    """What a preset has for what the paper's tables name: rows are written by role."""

    sizes: dict[str, str] = field(default_factory=dict)
    """base, large, xlarge and xxlarge of Table 1, and the depths and widths of Tables 11 to 13."""
    embeddings: dict[str, int] = field(default_factory=dict)
    """e64, e128 and e256 of Table 3 -> the width of the tables."""
    lengths: dict[str, float] = field(default_factory=dict)
    """Lengths beyond 125k updates, and that of equal hours (Table 6) -> the multiple of updates."""
    groups: dict[str, int] = field(default_factory=dict)
    """few and many groups of layers (section 4.5)."""


@dataclass
class Shape:
    """An encoder's layers and widths."""

    layers: int = field(default=MISSING, metadata=FEW)
    width: int = field(default=MISSING, metadata=WIDTH)
    heads: int = field(default=MISSING, metadata=WIDTH)
    start: list[int] = field(default_factory=list)
    """Depths that are trained one after the other before, each from the weights of the last one."""


def of_shape(name: str) -> Any:
    """What the shape that the size names has under a key."""
    return II(f"shapes.${{size.name}}.{name}")


@dataclass
class Size:
    name: str = MISSING
    layers: int = field(default=of_shape("layers"), metadata=FEW)
    width: int = field(default=of_shape("width"), metadata=WIDTH)
    """Feed-forward layers are four times as wide."""
    heads: int = field(default=of_shape("heads"), metadata=WIDTH)
    start: list[int] = field(default_factory=partial(of_shape, "start"))
    """Depths before (appendix A.1)."""


@dataclass
class Embedding:
    name: str = MISSING
    width: int = field(default=MISSING, metadata=WIDTH)
    """Of the tables; a map follows where it is not that of the encoder (section 3.1)."""
    factorized: str = field(default="tables", metadata={"choices": FACTORIZED})
    """Whether all tables are that wide, as released, or that of words alone, as Table 12 counts."""


@dataclass
class Sharing:
    name: str = field(
        default=MISSING, metadata={"choices": ("all", "attention", "ffn", "none", "groups")}
    )
    """Which parameters layers have in common."""
    groups: int = field(default=1, metadata=FEW)
    """Of groups: how many there are."""


@dataclass
class Dropout:
    name: str = MISSING
    hidden: float = field(default=MISSING, metadata=SHARE)
    attention: float = field(default=MISSING, metadata=SHARE)


@dataclass
class Length:
    name: str = MISSING
    fraction: float = field(default=1.0, metadata={"more_than": 0, "most": 10**4})
    """Of the updates of pre-training."""
    keep: list[float] = field(default_factory=list)
    """Shares of this length, after each of which the networks are kept beside the last ones."""


@dataclass
class Ensemble:
    """What is fine-tuned beside the last networks of this row, for one score together (4.9)."""

    name: str = MISSING
    checkpoints: list[float] = field(default_factory=list)
    """Shares of the training, of those in length.keep."""
    sizes: list[str] = field(default_factory=list)
    """Further shapes that are pre-trained alike, with as many checkpoints."""


@dataclass
class Masking:
    rate: float = field(default=0.15, metadata={**RATE, "percent": True})
    """Share of a row's pieces that are predicted."""
    most: int = field(default=20, metadata=AMOUNT)
    """Pieces that are predicted in a row at most."""
    longest: int = field(default=3, metadata=FEW)
    """Words of the longest n-gram."""
    across: bool = False
    """Whether n-grams go on across the middle [SEP], as released."""


@dataclass
class Rows(TextRows):
    """How a row of pre-training is made of lines (docs/studies/albert.md)."""

    short: float = field(default=0.1, metadata=SHARE)
    """Share of documents whose rows are shorter."""
    singles: str = field(default="split", metadata={"choices": ("split", "leave_out", "foreign")})
    """What becomes of a chunk of one line; the release pairs it with a foreign one."""
    passes: int = field(default=1, metadata=FEW)
    """How often the text is parted and paired anew; 40 as released."""


@dataclass
class Pretrain(Start):
    steps: int = field(default=MISSING, metadata=AMOUNT)
    """Updates at the whole length."""
    batch_size: int = field(default=MISSING, metadata=AMOUNT)
    rate: float | None = field(default=None, metadata=POSITIVE)
    """Peak; null: 0.00176 at 4,096 rows, and by the square root of the batch elsewhere."""
    warmup: float | None = field(default=None, metadata=SHARE)
    """Share of the updates; null: 1/40 at 4,096 rows, and in proportion to the batch elsewhere."""
    weight_decay: float = field(default=0.01, metadata=NOT_NEGATIVE)
    clip: float | None = field(default=1.0, metadata=POSITIVE)
    """The most that the gradient's norm may be."""
    seed: int = field(default=0, metadata=SEED)


@dataclass
class Model:
    positions: int = field(default=512, metadata=LENGTH)
    """Rows of the table of positions: the longest input."""
    initializer_range: float | None = field(default=0.02, metadata=INITIALIZER)
    """See EncoderConfig; null: by the width, for small ones."""


@dataclass
class Judged(Evaluate):
    """What is scored beside the suite."""

    curve: bool = False
    """Whether columns say how networks that length.keep kept predict pieces (Figure 2)."""
    layers: bool = False
    """Whether columns say how far each layer moves its input (Figure 1)."""


@dataclass
class Schema(SuiteSchema):
    """Every key of the study beside those of the run."""

    roles: Roles = field(default_factory=Roles)
    embedding: Embedding = field(default_factory=Embedding)
    sharing: Sharing = field(default_factory=Sharing)
    sentence_loss: Named = field(default_factory=Named)
    shapes: dict[str, Shape] = field(default_factory=partial(by_name, Shape))
    """What a size's name stands for (conf/albert/shapes.yaml)."""
    size: Size = field(default_factory=Size)
    dropout: Dropout = field(default_factory=Dropout)
    length: Length = field(default_factory=Length)
    ensemble: Ensemble = field(default_factory=Ensemble)
    masking: Masking = field(default_factory=Masking)
    rows: Rows = field(default_factory=Rows)
    model: Model = field(default_factory=Model)
    pretrain: Pretrain = field(default_factory=Pretrain)
    evaluate: Judged = field(default_factory=Judged)
