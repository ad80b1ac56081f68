"""The study's configuration, typed: what conf/ may say, and what is impossible about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING


@dataclass
class Named:
    name: str = MISSING


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


@dataclass
class Mixing:
    name: str = MISSING
    limit: float | None = None
    """K of examples-proportional mixing, in examples."""
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
    byte_fallback: bool = False
    file: str | None = None
    """An existing spiece.model instead of a trained one."""


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
class Evaluate:
    split: str = "validation"
    examples: int | None = None
    beam_width: int = 1
    length_penalty: float = 0.6
    max_length: int | None = None


@dataclass
class Unit:
    """One fine-tuning run of a suite: a task, or a mixture of tasks."""

    tasks: list[str] = MISSING
    """Tasks that are trained on and scored."""
    train_only: list[str] = field(default_factory=list)
    evaluate_only: list[str] = field(default_factory=list)
    steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    inputs_length: int | None = None
    targets_length: int | None = None
    checkpoint_every: int | None = None
    beam_width: int | None = None
    evaluate_examples: int | None = None


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
    columns: list[Column] = MISSING
    average: str | None = "Average"


@dataclass
class Schema:
    """Every key of the study beside those of the run."""

    preset: Named = field(default_factory=Named)
    architecture: Named = field(default_factory=Named)
    objective: Objective = field(default_factory=Objective)
    dataset: Dataset = field(default_factory=Dataset)
    finetuning: Finetuning = field(default_factory=Finetuning)
    mixing: Mixing = field(default_factory=Mixing)
    strategy: Strategy = field(default_factory=Strategy)
    scaling: Scaling = field(default_factory=Scaling)
    size: Named = field(default_factory=Named)
    suite: Suite = field(default_factory=Suite)
    corruption: float = 0.15
    span_length: float = 3.0
    selection: str = "best"
    precision: str = "32-true"
    model: Model = field(default_factory=Model)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    pretrain: Pretrain = field(default_factory=Pretrain)
    finetune: Finetune = field(default_factory=Finetune)
    evaluate: Evaluate = field(default_factory=Evaluate)


CHOICES: dict[str, tuple[str, ...]] = {
    "selection": ("best", "last"),
    "precision": ("32-true", "bf16-mixed", "16-mixed", "64-true"),
    "objective.targets": ("released", "paper"),
    "model.dropout_form": ("elementwise", "broadcast"),
    "model.feed_forward": ("relu", "gated_gelu"),
    "pretrain.normalizer": ("padded", "tokens"),
    "finetune.normalizer": ("padded", "tokens"),
    "evaluate.split": ("train", "validation", "test"),
    "scaling.members": ("pretrained", "finetuned"),
    "scaling.average": ("logits", "probabilities"),
}
POSITIVE = (
    *("span_length", "mixing.temperature", "mixing.limit", "finetuning.adapter_dim"),
    *("scaling.steps", "scaling.batch", "scaling.ensemble", "vocabulary.pieces"),
    *("pretrain.steps", "pretrain.batch_size", "pretrain.inputs_length", "pretrain.hold"),
    *("finetune.steps", "finetune.batch_size", "finetune.learning_rate"),
    *("finetune.inputs_length", "finetune.targets_length", "finetune.checkpoint_every"),
    *("evaluate.beam_width", "dataset.tokens", "dataset.repeats"),
)


def look_up(config: Any, dotted: str) -> Any:
    """The value of a dotted key."""
    for part in dotted.split("."):
        config = config[part]
    return config


def complaints(config: Any) -> list[str]:
    """What is impossible about a resolved configuration, in the command line's words."""
    said = []
    for key in ("corruption", "model.dropout_rate"):
        value = look_up(config, key)
        low_ok = value > 0 or (key == "model.dropout_rate" and value == 0)
        if not (low_ok and value < 1):
            said.append(f"{key}={value:g}: a rate lies between 0 and 1.")
    for key, accepted in CHOICES.items():
        value = look_up(config, key)
        if value not in accepted:
            said.append(f"{key}={value}: accepted are {', '.join(accepted)}.")
    for key in POSITIVE:
        value = look_up(config, key)
        if value is not None and not value > 0:
            said.append(f"{key}={value:g}: must be greater than 0.")
    ramp = config["pretrain"]["ramp"]
    if not 0 <= ramp < 1:
        said.append(f"pretrain.ramp={ramp:g}: a share of the steps, from 0 to below 1.")
    if config["dataset"]["tokens"] and config["dataset"]["repeats"]:
        said.append("dataset.tokens and dataset.repeats say the same thing twice: give one.")
    if config["finetuning"]["name"] == "adapters" and not config["finetuning"]["adapter_dim"]:
        said.append("finetuning=adapters: finetuning.adapter_dim must say the inner width.")
    return said
