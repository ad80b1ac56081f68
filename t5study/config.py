"""The study's configuration, typed: what conf/ may say, and the bounds of each value beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from omegaconf import II, MISSING

from lab.corpora import is_own
from lab.schema import Named, by_name
from t5study.mixing import SETTINGS as MIXING_SETTINGS

BY_NAME = ("mixing.limits", "tasks")
"""Keys whose values stand by names that nobody lists, such as tasks': any name may be given."""

AMOUNT = {"more_than": 0, "most": 10**12}
"""Of steps, sequences, examples, tokens: far above what any study counts."""
LENGTH = {"more_than": 0, "most": 2**20}
"""Of a sequence or of a part of one, in tokens."""
MULTIPLE = {"more_than": 0, "most": 10**6}
WIDTH = {"more_than": 0, "most": 2**20}
FEW = {"more_than": 0, "most": 1000}
"""Of what is in memory or worked on all at once."""
NOT_NEGATIVE = {"least": 0, "most": 10**6}
SEED = {"least": 0, "most": 2**63 - 1}
RATE = {"more_than": 0, "less_than": 1, "accepted": "a rate lies between 0 and 1"}
NORMALIZERS = {"choices": ("padded", "tokens")}
SPLITS = ("train", "validation", "test")


@dataclass
class Roles:
    """What a preset has for what the paper's tables name: rows are written by role."""

    halved: str = "half the layers"
    """What to call architecture=half (section 3.2)."""
    sizes: dict[str, str] = field(default_factory=dict)
    """double and quadruple (section 3.6), rung1 to rung5 (section 3.7) -> a size."""
    corpora: dict[str, str] = field(default_factory=dict)
    """A data set of section 3.4.1 -> a corpus."""
    vocabulary: str = MISSING
    """The corpus that the vocabulary is trained on where pre-training has none of the user's."""
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
    targets: str = field(default="released", metadata={"choices": ("released", "paper")})
    """How targets number their sentinels: "released" or "paper" (docs/fidelity.md)."""


@dataclass
class Dataset:
    name: str = MISSING
    corpus: str = MISSING
    tokens: float | None = field(default=None, metadata=AMOUNT)
    """Only the first N tokens (section 3.4.2); null takes all."""
    repeats: float | None = field(default=None, metadata=AMOUNT)
    """Only as many tokens as pre-training repeats this often."""


@dataclass
class Finetuning:
    name: str = MISSING
    adapter_dim: int | None = field(default=None, metadata=WIDTH)
    norms: str = field(default="all", metadata={"choices": ("all", "own")})
    """Which layer norms train beside adapters: "all" or the adapters' "own"."""


@dataclass
class Mixing:
    name: str = field(default=MISSING, metadata={"choices": tuple(MIXING_SETTINGS)})
    limit: float | None = field(default=None, metadata=AMOUNT)
    """K of examples-proportional mixing, in examples."""
    limits: dict[str, float] = field(default_factory=partial(by_name, float), metadata=AMOUNT)
    """K of single tasks by name, in place of the common one (section 3.7)."""
    temperature: float = field(default=1.0, metadata=AMOUNT)


@dataclass
class Strategy:
    name: str = MISSING
    unsupervised_examples: float | None = field(default=None, metadata=AMOUNT)
    """The size that the unsupervised task counts with in a mixture; null: its real size."""


@dataclass
class Scaling:
    name: str = MISSING
    steps: float = field(default=1.0, metadata=MULTIPLE)
    """Multiplies the steps of pre-training and of fine-tuning (section 3.6)."""
    batch: float = field(default=1.0, metadata=MULTIPLE)
    """Multiplies the batches of both."""
    pretrain_steps: float = field(default=1.0, metadata=MULTIPLE)
    """Multiplies the steps of pre-training alone (section 3.7)."""
    pretrain_batch: float = field(default=1.0, metadata=MULTIPLE)
    ensemble: int = field(default=1, metadata=FEW)
    members: str = field(default="pretrained", metadata={"choices": ("pretrained", "finetuned")})
    """What an ensemble's members have of their own: "pretrained" or only "finetuned"."""
    average: str = field(default="logits", metadata={"choices": ("logits", "probabilities")})


@dataclass
class Model:
    dropout_rate: float = field(
        default=0.1, metadata={"least": 0, "less_than": 1, "accepted": RATE["accepted"]}
    )
    dropout_form: str = field(
        default="broadcast", metadata={"choices": ("elementwise", "broadcast")}
    )
    """One dropout mask for all positions of a sequence, or "elementwise" (docs/fidelity.md)."""
    feed_forward: str = field(default="relu", metadata={"choices": ("relu", "gated_gelu")})
    tie_embeddings: bool = True


@dataclass
class VocabularySettings:
    corpus: str | None = None
    """What it is trained on; null: the user's corpus where `dataset` has one, else the preset's."""
    pieces: int = field(default=32000, metadata={"more_than": 0, "most": 10**7})
    lines: int = field(default=10_000_000, metadata=AMOUNT)
    """How many lines SentencePiece reads."""
    byte_fallback: bool = False
    file: str | None = None
    """An existing spiece.model instead of a trained one, or "published" for that of T5."""


@dataclass
class Pretrain:
    from_: str | None = None
    """A pre-trained model instead of a training: a folder of Hugging Face's T5, v1.1 or mT5, or a
    finished stage of pre-training by its folder or its key."""
    store: str = II("store")
    """Where the stage of a key in `from` is looked for."""
    steps: int = field(default=MISSING, metadata=AMOUNT)
    batch_size: int = field(default=MISSING, metadata=AMOUNT)
    inputs_length: int = field(default=MISSING, metadata=LENGTH)
    hold: int = field(default=10000, metadata=AMOUNT)
    """k of 1 / sqrt(max(step, k))."""
    ramp: float = field(
        default=0.0,
        metadata={
            "least": 0,
            "less_than": 1,
            "accepted": "a share of the steps, from 0 to below 1",
        },
    )
    z_loss: float = field(default=1e-4, metadata=NOT_NEGATIVE)
    normalizer: str = field(default="padded", metadata=NORMALIZERS)
    seed: int = field(default=0, metadata=SEED)


@dataclass
class Finetune:
    steps: int = field(default=MISSING, metadata=AMOUNT)
    batch_size: int = field(default=MISSING, metadata=AMOUNT)
    learning_rate: float = field(default=0.001, metadata=MULTIPLE)
    inputs_length: int = field(default=MISSING, metadata=LENGTH)
    targets_length: int = field(default=MISSING, metadata=LENGTH)
    """Of units with free text; where all tasks answer with labels, the longest one decides."""
    packing: bool = True
    checkpoint_every: int = field(default=MISSING, metadata=AMOUNT)
    validation_examples: int | None = field(default=None, metadata=AMOUNT)
    train_examples: int | None = field(default=None, metadata=AMOUNT)
    z_loss: float = field(default=1e-4, metadata=NOT_NEGATIVE)
    normalizer: str = field(default="padded", metadata=NORMALIZERS)
    optimizer: str = field(default="carried", metadata={"choices": ("carried", "fresh")})
    """Whether AdaFactor goes on with its state of pre-training, as released, or begins anew."""
    seed: int = field(default=0, metadata=SEED)


@dataclass
class Training:
    """How training is carried out; no part of any stage's identity."""

    activation_checkpointing: bool = False
    """Keep less for the backward pass and compute it again: less memory, one more forward pass."""
    micro_batch_size: int | None = field(default=None, metadata=AMOUNT)
    """At most so many rows on a device at once, their gradients added up; null: its whole share."""


@dataclass
class Evaluate:
    split: str = field(default="validation", metadata={"choices": SPLITS})
    examples: int | None = field(default=None, metadata=AMOUNT)
    beam_width: int = field(default=1, metadata=FEW)
    length_penalty: float = field(default=0.6, metadata=NOT_NEGATIVE)
    max_length: int | None = field(default=None, metadata=LENGTH)


@dataclass
class Unit:
    """One fine-tuning run of a suite: a task, or a mixture of tasks."""

    train: list[str] | None = None
    """Tasks that are trained on; the suite's own where null."""
    evaluate: list[str] | None = None
    """Tasks that are scored; those trained on, or the suite's own, where null."""
    steps: int | None = field(default=None, metadata=AMOUNT)
    batch_size: int | None = field(default=None, metadata=AMOUNT)
    learning_rate: float | None = field(default=None, metadata=MULTIPLE)
    inputs_length: int | None = field(default=None, metadata=LENGTH)
    targets_length: int | None = field(default=None, metadata=LENGTH)
    """Where null, what the labels need; finetune.targets_length for other tasks."""
    checkpoint_every: int | None = field(default=None, metadata=AMOUNT)
    beam_width: int | None = field(default=None, metadata=FEW)
    evaluate_examples: int | None = field(default=None, metadata=AMOUNT)
    split: str | None = field(default=None, metadata={"choices": SPLITS})
    """The split that is scored, where it is not evaluate.split."""


@dataclass
class Column:
    name: str = MISSING
    terms: list[list[str]] = MISSING
    """Groups of task.metric: the mean over groups of each group's mean."""
    kind: str | None = None
    paper: str | None = None
    """The paper's column of the same kind."""
    decimals: int = field(default=2, metadata={"least": 0, "most": 10})


@dataclass
class Suite:
    name: str = MISSING
    units: dict[str, Unit] = MISSING
    """What is fine-tuned together; a task is a name, or a YAML file that defines one."""
    tasks: list[str] | None = None
    """Tasks, by name or file, each fine-tuned by itself: in place of units and columns."""
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
    tasks: dict[str, dict[str, Any]] = field(
        default_factory=partial(by_name, dict[str, Any]), metadata={"list_of": "suite.tasks"}
    )
    """Settings of tasks by name (docs/fidelity.md), data_dir or data_files among them."""
    data_dir: str | None = None
    """A folder with hub data sets by name, instead of the hub (docs/data.md)."""
    corruption: float = field(default=0.15, metadata={**RATE, "percent": True})
    span_length: float = field(default=3.0, metadata=LENGTH)
    selection: str = field(default="best", metadata={"choices": ("best", "best_together", "last")})
    precision: str = field(
        default="32-true", metadata={"choices": ("32-true", "bf16-mixed", "16-mixed", "64-true")}
    )
    model: Model = field(default_factory=Model)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    pretrain: Pretrain = field(default_factory=Pretrain)
    finetune: Finetune = field(default_factory=Finetune)
    evaluate: Evaluate = field(default_factory=Evaluate)
    training: Training = field(default_factory=Training)


def corpora_named(config: Schema) -> list[str]:
    """The corpora that a cell reads as text: that of pre-training, then the vocabulary's.

    None where the model is given.
    """
    if config.pretrain.from_ is not None:
        return []
    names = [config.dataset.corpus]
    if not config.vocabulary.file:
        names.append(vocabulary_corpus(config))
    return list(dict.fromkeys(names))


def vocabulary_corpus(config: Schema) -> str:
    """The corpus that the vocabulary is trained on. Raises DataError for one that is not there."""
    if config.vocabulary.corpus is not None:
        return config.vocabulary.corpus
    return config.dataset.corpus if is_own(config.dataset.corpus) else config.roles.vocabulary
