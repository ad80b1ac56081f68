"""What studies of encoders say alike in their configurations: text, fine-tunings, their table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from omegaconf import II, MISSING

from lab.schema import Named, by_name

AMOUNT = {"more_than": 0, "most": 10**12}
"""Of updates, rows, examples."""
LENGTH = {"least": 8, "most": 2**20}
"""Of a row, in pieces."""
WIDTH = {"more_than": 0, "most": 2**20}
FEW = {"more_than": 0, "most": 1000}
INITIALIZER = {"more_than": 0, "less_than": 1}
SEED = {"least": 0, "most": 2**63 - 1}
NOT_NEGATIVE = {"least": 0, "most": 10**6}
POSITIVE = {"more_than": 0, "most": 10**6}
RATE = {"more_than": 0, "less_than": 1, "accepted": "a rate lies between 0 and 1, without both"}
SHARE = {"least": 0, "less_than": 1, "accepted": "a share, from 0 to below 1"}
SPANS = ("joint", "threshold", "separate")
SPLITS = ("train", "validation", "test")


@dataclass
class Dataset:
    name: str = MISSING
    corpus: str = MISSING


@dataclass
class VocabularySettings:
    corpus: str | None = None
    """What it is trained on; null: the user's corpus where `dataset` has one, else the preset's."""
    pieces: int = field(default=MISSING, metadata={"more_than": 0, "most": 10**7})
    """Of SentencePiece; [CLS], [SEP] and [MASK] come on top."""
    lines: int = field(default=10_000_000, metadata=AMOUNT)
    """How many lines SentencePiece reads."""
    byte_fallback: bool = False
    file: str | None = None
    """An existing vocab.txt (WordPiece) or .model (SentencePiece) instead of a trained one."""
    lowercase: bool = True
    """Of a vocab.txt: whether text is lower-cased, and accents are stripped."""


@dataclass
class Start:
    """What a pre-training of encoders may be instead."""

    from_: str | None = None
    """A pre-trained encoder instead of a training: a folder of Hugging Face's, or a finished stage
    of pre-training by its folder or its key."""
    store: str = II("store")
    """Where the stage of a key in `from` is looked for."""


@dataclass
class Finetune:
    epochs: int | None = field(default=None, metadata=FEW)
    """Passes over the training set, where a unit gives no steps."""
    steps: int | None = field(default=None, metadata=AMOUNT)
    """Updates; before epochs."""
    batch_size: int = field(default=32, metadata=AMOUNT)
    rate: float = field(default=MISSING, metadata=POSITIVE)
    layer_decay: float = field(default=0.8, metadata={"more_than": 0, "most": 1})
    """The rate of a layer is this share of the one above it."""
    form: str = field(default="released", metadata={"choices": ("released", "meant")})
    """Whether the top layer has decay^2, as released, or decay^1."""
    warmup: float = field(default=0.1, metadata=SHARE)
    """Share of the updates over which the rate goes up."""
    weight_decay: float = field(default=0.0, metadata=NOT_NEGATIVE)
    clip: float | None = field(default=1.0, metadata=POSITIVE)
    reduction: str = field(default="mean", metadata={"choices": ("mean", "sum")})
    """Of a batch's losses; the released code sums, which the clip all but undoes."""
    dropout: float | None = field(default=None, metadata=SHARE)
    """null: that of the encoder."""
    length: int = field(default=MISSING, metadata=LENGTH)
    examples: int | None = field(default=None, metadata=AMOUNT)
    selection: str = field(default="last", metadata={"choices": ("last", "best")})
    validation_examples: int | None = field(default=None, metadata=AMOUNT)
    checkpoint_every: int = field(default=100, metadata=AMOUNT)
    """Updates between checkpoints; read by selection=best."""
    head_dropout: float = field(default=0.1, metadata=SHARE)
    kernel: str = field(default="glorot", metadata={"choices": ("glorot", "normal")})
    """How a head's last layer begins."""
    vector: str = field(default="first", metadata={"choices": ("first", "pooled", "mean")})
    """What labels and numbers are read off: the first position, that through the pooler of the
    pre-training, or a row's mean."""
    spans: str = field(default="joint", metadata={"choices": SPANS})
    """Whether a span's end is predicted with its start known, or both apart; threshold is joint,
    and says that there is no answer as the scored rows have the best F1."""
    start: bool = False
    """Whether units start from the fine-tuned encoders that they name."""
    seeds: int = field(default=1, metadata=FEW)
    """Fine-tunings of one pre-training, which differ in their seed alone."""
    seed: int = field(default=0, metadata={"least": 0, "most": 2**62})
    """Of the first of them; each further one's is 10,000 more."""
    summary: str = field(default="median", metadata={"choices": ("median", "mean", "ensemble")})
    """What of these fine-tunings a table shows; ensemble: one score of their answers together."""


@dataclass
class Training:
    """How training is carried out; no part of any stage's identity."""

    micro_batch_size: int | None = field(default=None, metadata=AMOUNT)
    """At most so many rows on a device at once, their gradients added up; null: its whole share."""


@dataclass
class Unit:
    """One fine-tuning of a suite."""

    train: str | None = None
    """The data set that is trained on, by name or YAML file; the unit's own name where null."""
    evaluate: list[str] | None = None
    """Those that are scored; the one trained on where null."""
    start: str | None = None
    """The unit whose fine-tuned encoder this one starts from, by finetune.start (Table 3)."""
    steps: int | None = field(default=None, metadata=AMOUNT)
    epochs: int | None = field(default=None, metadata=FEW)
    batch_size: int | None = field(default=None, metadata=AMOUNT)
    rate: float | None = field(default=None, metadata=POSITIVE)
    length: int | None = field(default=None, metadata=LENGTH)
    dropout: float | None = field(default=None, metadata=SHARE)
    orders: int = field(default=1, metadata={"choices": (1, 2)})
    """2: pairs are trained on in both orders."""
    spans: str | None = field(default=None, metadata={"choices": SPANS})
    """How spans are answered, where it is not by finetune.spans."""
    split: str | None = field(default=None, metadata={"choices": SPLITS})
    """The split that is scored, where it is not evaluate.split."""


@dataclass
class Column:
    name: str = MISSING
    terms: list[list[str]] = MISSING
    """Groups of task.metric: the mean over groups of each group's mean."""
    kind: str | None = None
    paper: str | None = None
    """The published column of the same kind."""
    decimals: int = field(default=2, metadata={"least": 0, "most": 10})
    note: str | None = None
    """What must be known about it, below the table."""


@dataclass
class Suite:
    name: str = MISSING
    units: dict[str, Unit] = MISSING
    tasks: list[str] | None = None
    """Data sets, by name or YAML file, each fine-tuned by itself: in place of units and columns."""
    columns: list[Column] | None = None
    """The table's columns; one a metric where null."""
    absent: dict[str, str] = field(default_factory=dict)
    """What columns name and nothing scores, such as withheld answers -> why: holes that say so."""
    average: str | None = "GLUE"
    """What the plain mean of the columns is called; null leaves it out."""


@dataclass
class Evaluate:
    split: str = field(default="validation", metadata={"choices": SPLITS})
    examples: int | None = field(default=None, metadata=AMOUNT)
    intrinsic: bool = True
    """Whether columns say how generator and discriminator do on text held out."""
    rows: int = field(default=512, metadata=AMOUNT)
    """Of held-out text, for these columns."""
    cost: bool = False
    """Whether columns say the parameters and what pre-training takes."""


@dataclass
class TextRoles:
    """What a preset has for what published tables name: rows are written by role."""

    corpora: dict[str, str] = field(default_factory=dict)
    """What was pre-trained on in print -> a corpus."""
    vocabulary: str = MISSING
    """The corpus that the vocabulary is trained on where pre-training has none of the user's."""


@dataclass
class TextRows:
    """How a row of pre-training is made of lines."""

    length: int = field(default=MISSING, metadata=LENGTH)
    seed: int = field(default=0, metadata=SEED)
    """Of how rows are made; the same rows for all seeds of pre-training."""
    held_out: float = field(default=0.01, metadata=SHARE)
    """Share of the documents that nothing trains on."""


@dataclass
class SuiteSchema:
    """The keys that studies of encoders have alike, beside those of the run."""

    preset: Named = field(default_factory=Named)
    roles: TextRoles = field(default_factory=TextRoles)
    dataset: Dataset = field(default_factory=Dataset)
    suite: Suite = field(default_factory=Suite)
    tasks: dict[str, dict[str, Any]] = field(
        default_factory=partial(by_name, dict[str, Any]), metadata={"list_of": "suite.tasks"}
    )
    """data_dir or data_files of data sets by name."""
    data_dir: str | None = None
    """A folder with hub data sets by name, instead of the hub (docs/data.md)."""
    rows: TextRows = field(default_factory=TextRows)
    precision: str = field(
        default="32-true", metadata={"choices": ("32-true", "bf16-mixed", "64-true")}
    )
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    pretrain: Start = field(default_factory=Start)
    finetune: Finetune = field(default_factory=Finetune)
    evaluate: Evaluate = field(default_factory=Evaluate)
    training: Training = field(default_factory=Training)
