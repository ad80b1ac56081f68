"""The study's configuration, typed: what conf/ may say, and what is impossible about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from omegaconf import MISSING, DictConfig

BY_NAME = ("mixing.limits", "tasks")
"""Keys whose values stand by names that nobody lists, such as tasks': any name may be given."""


def by_name(values: Any) -> Any:
    """An empty mapping for a key of BY_NAME; others refuse what is not there without a +."""
    return DictConfig({}, key_type=str, element_type=values, flags={"struct": False})


@dataclass
class Named:
    name: str = MISSING


@dataclass
class Roles:
    """What a preset has for what the paper's tables name: rows are written by role."""

    halved: str = "half the layers"
    """What to call architecture=half (section 3.2)."""
    sizes: dict[str, str] = field(default_factory=dict)
    """double and quadruple (section 3.6), rung1 to rung5 (section 3.7) -> a size."""
    corpora: dict[str, str] = field(default_factory=dict)
    """A data set of section 3.4.1 -> a corpus."""
    repeats: dict[str, float] = field(default_factory=dict)
    """r64 to r4096 (section 3.4.2) -> how often pre-training goes through its tokens."""
    adapters: dict[str, int] = field(default_factory=dict)
    """d32 to d2048 (section 3.5.1) -> an adapter's inner width."""
    limits: dict[str, float] = field(default_factory=dict)
    """k16 to k21 (section 3.5.2) -> K in examples."""
    longer: dict[str, float] = field(default_factory=dict)
    """steps and batch of the final models' pre-training, as multiples (section 3.7)."""
    translations: dict[str, float] = field(default_factory=dict)
    """Tasks that count as at most so many examples for the final models (section 3.7)."""
    unsupervised: dict[str, float] = field(default_factory=dict)
    """rung1 to rung5 -> the examples that unsupervised data counts with (section 3.7)."""


@dataclass
class Architecture:
    name: str = MISSING
    loss_on_inputs: bool = False
    """Whether a single stack also learns to write its input (docs/fidelity.md)."""


@dataclass
class Objective:
    name: str = MISSING
    targets: str = "released"
    """How targets number their sentinels: "released" or "paper" (docs/fidelity.md)."""


@dataclass
class Dataset:
    name: str = MISSING
    corpus: str = MISSING
    tokens: float | None = None
    """Only the first N tokens (section 3.4.2); null takes all."""
    repeats: float | None = None
    """Only as many tokens as pre-training repeats this often."""


@dataclass
class Finetuning:
    name: str = MISSING
    adapter_dim: int | None = None
    norms: str = "all"
    """Which layer norms train beside adapters: "all" or the adapters' "own"."""


@dataclass
class Mixing:
    name: str = MISSING
    limit: float | None = None
    """K of examples-proportional mixing, in examples."""
    limits: dict[str, float] = field(default_factory=partial(by_name, float))
    """K of single tasks by name, in place of the common one (section 3.7)."""
    temperature: float = 1.0


@dataclass
class Strategy:
    name: str = MISSING
    unsupervised_examples: float | None = None
    """The size that the unsupervised task counts with in a mixture; null: its real size."""


@dataclass
class Scaling:
    name: str = MISSING
    steps: float = 1.0
    """Multiplies the steps of pre-training and of fine-tuning (section 3.6)."""
    batch: float = 1.0
    """Multiplies the batches of both."""
    pretrain_steps: float = 1.0
    """Multiplies the steps of pre-training alone (section 3.7)."""
    pretrain_batch: float = 1.0
    ensemble: int = 1
    members: str = "pretrained"
    """What an ensemble's members have of their own: "pretrained" or only "finetuned"."""
    average: str = "logits"


@dataclass
class Model:
    dropout_rate: float = 0.1
    dropout_form: str = "broadcast"
    """One dropout mask for all positions of a sequence, or "elementwise" (docs/fidelity.md)."""
    feed_forward: str = "relu"
    tie_embeddings: bool = True


@dataclass
class VocabularySettings:
    corpus: str = MISSING
    pieces: int = 32000
    lines: int = 10_000_000
    """How many lines SentencePiece reads."""
    byte_fallback: bool = False
    file: str | None = None
    """An existing spiece.model instead of a trained one, or "published" for that of T5."""


@dataclass
class Pretrain:
    steps: int = MISSING
    batch_size: int = MISSING
    inputs_length: int = MISSING
    hold: int = 10000
    """k of 1 / sqrt(max(step, k))."""
    ramp: float = 0.0
    z_loss: float = 1e-4
    normalizer: str = "padded"
    seed: int = 0


@dataclass
class Finetune:
    steps: int = MISSING
    batch_size: int = MISSING
    learning_rate: float = 0.001
    inputs_length: int = MISSING
    targets_length: int = MISSING
    packing: bool = True
    checkpoint_every: int = MISSING
    validation_examples: int | None = None
    train_examples: int | None = None
    z_loss: float = 1e-4
    normalizer: str = "padded"
    seed: int = 0


@dataclass
class Training:
    """How training is carried out; no part of any stage's identity."""

    activation_checkpointing: bool = False
    """Keep less for the backward pass and compute it again: less memory, one more forward pass."""
    micro_batch_size: int | None = None
    """At most so many rows on a device at once, their gradients added up; null: its whole share."""


@dataclass
class Evaluate:
    split: str = "validation"
    examples: int | None = None
    beam_width: int = 1
    length_penalty: float = 0.6
    max_length: int | None = None


@dataclass
class Unit:
    """One fine-tuning run of a suite: a task, or a mixture of tasks."""

    train: list[str] | None = None
    """Tasks that are trained on; the suite's own where null."""
    evaluate: list[str] | None = None
    """Tasks that are scored; those trained on, or the suite's own, where null."""
    steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    inputs_length: int | None = None
    targets_length: int | None = None
    checkpoint_every: int | None = None
    beam_width: int | None = None
    evaluate_examples: int | None = None
    split: str | None = None
    """The split that is scored, where it is not evaluate.split."""


@dataclass
class Column:
    name: str = MISSING
    terms: list[list[str]] = MISSING
    """Groups of task.metric: the mean over groups of each group's mean."""
    kind: str | None = None
    paper: str | None = None
    """The paper's column of the same kind."""
    decimals: int = 2


@dataclass
class Suite:
    name: str = MISSING
    units: dict[str, Unit] = MISSING
    columns: list[Column] | None = None
    """The table's columns; those of t5study.tasks.suites where null."""
    full: bool = False
    """Every metric of the paper's Table 16 instead of the condensed columns."""
    average: str | None = "Average"


@dataclass
class Schema:
    """Every key of the study beside those of the run."""

    preset: Named = field(default_factory=Named)
    roles: Roles = field(default_factory=Roles)
    architecture: Architecture = field(default_factory=Architecture)
    objective: Objective = field(default_factory=Objective)
    dataset: Dataset = field(default_factory=Dataset)
    finetuning: Finetuning = field(default_factory=Finetuning)
    mixing: Mixing = field(default_factory=Mixing)
    strategy: Strategy = field(default_factory=Strategy)
    scaling: Scaling = field(default_factory=Scaling)
    size: Named = field(default_factory=Named)
    suite: Suite = field(default_factory=Suite)
    tasks: dict[str, dict[str, Any]] = field(default_factory=partial(by_name, dict[str, Any]))
    """Settings of tasks by name (docs/fidelity.md), data_dir or data_files among them."""
    data_dir: str | None = None
    """A folder with hub data sets by name, instead of the hub (docs/data.md)."""
    corruption: float = 0.15
    span_length: float = 3.0
    selection: str = "best"
    precision: str = "32-true"
    model: Model = field(default_factory=Model)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    pretrain: Pretrain = field(default_factory=Pretrain)
    finetune: Finetune = field(default_factory=Finetune)
    evaluate: Evaluate = field(default_factory=Evaluate)
    training: Training = field(default_factory=Training)
