"""The study's configuration, typed: what conf/star/ may say, and the bounds of each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from omegaconf import MISSING

from lab.schema import Named, by_name
from studies.star.generator.distractors import KINDS

AMOUNT = {"more_than": 0, "most": 10**9}
LENGTH = {"least": 2, "most": 2**16}
SHARE = {"least": 0, "most": 1}
SECONDS = {"more_than": 0, "most": 10**4}
SEED = {"least": 0, "most": 2**63 - 1}
TRUTH = ("gt", "noisy")

BY_NAME = ("world.contact",)


def one_of(*names: str) -> Any:
    """An axis whose options have these names."""
    return field(default=MISSING, metadata={"choices": names})


@dataclass
class Reader:
    name: str = one_of("random", "frequent", "blind", "graph_text", "executor")


@dataclass
class Distractors:
    name: str = one_of(*KINDS)


@dataclass
class Balance:
    name: str = one_of("none", "answers")


@dataclass
class Truth:
    name: str = one_of(*TRUTH)


@dataclass
class ProgramAxis:
    name: str = one_of(*TRUTH, "parsed")


@dataclass
class World:
    """Generated videos. Every value is invented; conf/star/world/ says what each is."""

    name: str = MISSING
    videos: int = field(default=MISSING, metadata={"least": 1, "most": 9999})
    seconds: float = field(default=MISSING, metadata=SECONDS)
    """The mean length of a video; single ones are between 0.6 and 1.4 times as long."""
    actions: float = field(default=MISSING, metadata=AMOUNT)
    """The mean number of actions of a video of mean length; they begin at any time."""
    skew: float = field(default=MISSING, metadata={"least": 0, "most": 10})
    """The exponent of Zipf's law for how often actions happen; 0 makes all equally frequent."""
    other_share: float = field(default=MISSING, metadata={"least": 0, "less_than": 1})
    """The share of actions outside of the 95 pairs, which a question may only mention."""
    same_object: float = field(default=MISSING, metadata=SHARE)
    """How often an action is one on the object of the action before."""
    action_seconds: float = field(default=MISSING, metadata=SECONDS)
    action_spread: float = field(default=MISSING, metadata={"least": 0, "most": 5})
    """The standard deviation of the logarithm of an action's seconds."""
    rate: float = field(default=MISSING, metadata={"more_than": 0, "most": 1000})
    """Frames a second, by which frames are numbered."""
    keyframe_seconds: float = field(default=MISSING, metadata=SECONDS)
    """Time between the frames that a graph has."""
    background: int = field(default=MISSING, metadata={"least": 0, "most": 30})
    """Objects that are in view in all of a video."""
    in_view_seconds: float = field(default=MISSING, metadata={"least": 0, "most": 10**4})
    """How long before and after an action its object is in view."""
    contact_seen: float = field(default=MISSING, metadata=SHARE)
    """How often a running action shows as a relation of contact in a frame."""
    spatial: list[str] = MISSING
    """The relations of place, one of which each object in view has in a video."""
    contact: dict[str, str] = field(default_factory=partial(by_name, str))
    """Verb -> the relation of contact that it shows as."""
    seed: int = field(default=0, metadata=SEED)


@dataclass
class Learning:
    """How a model is trained."""

    steps: int = field(default=MISSING, metadata=AMOUNT)
    batch_size: int = field(default=MISSING, metadata=AMOUNT)
    inputs_length: int = field(default=MISSING, metadata=LENGTH)
    targets_length: int = field(default=MISSING, metadata=LENGTH)
    hold: int = field(default=2500, metadata=AMOUNT)
    """k of the learning rate 1 / sqrt(max(step, k))."""


@dataclass
class Model:
    size: str = MISSING
    """A name in lab.text_to_text.config.SIZES."""
    dropout_rate: float = field(default=0.1, metadata={"least": 0, "less_than": 1})
    seed: int = field(default=0, metadata=SEED)


@dataclass
class Schema:
    """Every key of the study beside those of the run."""

    preset: Named = field(default_factory=Named)
    world: World = field(default_factory=World)
    reader: Reader = field(default_factory=Reader)
    distractors: Distractors = field(default_factory=Distractors)
    balance: Balance = field(default_factory=Balance)
    objects: Truth = field(default_factory=Truth)
    relations: Truth = field(default_factory=Truth)
    graph: Truth = field(default_factory=Truth)
    program: ProgramAxis = field(default_factory=ProgramAxis)
    noise: float = field(default=0.2, metadata=SHARE)
    """How often what is noisy is wrong."""
    clip: str = field(default="paper", metadata={"choices": ("paper", "released")})
    """Where the clip of Prediction_T3 ends (docs/studies/star.md)."""
    fallback: str = field(default="all", metadata={"choices": ("all", "none")})
    """What a filter of situations gives where no frame passes: all frames, or none."""
    split: str = field(default="test", metadata={"choices": ("validation", "test")})
    model: Model = field(default_factory=Model)
    reading: Learning = field(default_factory=Learning)
    """Of the readers blind and graph_text."""
    parsing: Learning = field(default_factory=Learning)
    """Of program=parsed."""
    precision: str = field(
        default="32-true", metadata={"choices": ("32-true", "bf16-mixed", "64-true")}
    )
