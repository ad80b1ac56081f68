"""Which generators, ways of tying and algorithms do not go together (section 3.2), a line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from studies.electra.config import Schema
from studies.electra.objectives import get_objective

CONSTANT = ("unigram", "uniform")
"""Kinds of generators without parameters of their own."""


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """What of a configuration has to fit together."""

    objective: str
    generator: str
    constant: bool
    """Whether the generator has nothing to learn."""
    fraction: float
    tying: str
    algorithm: str
    kept: bool
    """Whether rows are checkpoints of one run."""


Rule = tuple[Callable[[Pairing], bool], str]
RULES: tuple[Rule, ...] = (
    (
        lambda p: p.constant and p.tying != "none",
        "generator={generator} with tying={tying}: it has no parameters to share. Add tying=none.",
    ),
    (
        lambda p: p.constant and p.algorithm != "joint",
        "generator={generator} with algorithm={algorithm}: it learns nothing. Take "
        "algorithm=joint, or a generator that is an encoder, such as quarter.",
    ),
    (
        lambda p: not p.constant and p.fraction > 1,
        "generator.fraction={fraction:g}: a generator larger than the discriminator makes its task "
        "too hard and may collapse it. Accepted is up to 1.",
    ),
    (
        lambda p: not p.constant and p.tying == "all" and p.fraction != 1,
        "tying=all with generator.fraction={fraction:g}: all weights can be shared by equal shapes "
        "alone. Add generator=equal, or take tying=embeddings.",
    ),
    (
        lambda p: not p.constant and p.algorithm == "two_stage" and p.fraction != 1,
        "algorithm=two_stage with generator.fraction={fraction:g}: the discriminator starts from "
        "the generator's weights. Add generator=equal.",
    ),
    (
        lambda p: not p.constant and p.algorithm == "two_stage" and p.tying != "none",
        "algorithm=two_stage with tying={tying}: the generator is frozen while the discriminator "
        "learns. Add tying=none.",
    ),
    (
        lambda p: p.algorithm == "two_stage" and p.kept,
        "algorithm=two_stage with length.checkpoint_of: an early checkpoint has no second stage. "
        "Take length.checkpoint_of=[].",
    ),
    (
        lambda p: p.algorithm == "adversarial" and p.tying == "all",
        "algorithm=adversarial with tying=all: one network would be trained towards two opposite "
        "ends. Take tying=embeddings or none.",
    ),
    (
        lambda p: p.algorithm == "adversarial" and p.objective != "electra",
        "algorithm=adversarial with objective={objective}: the reward is the discriminator's loss "
        "at all positions. Take objective=electra.",
    ),
)
"""When a pairing is impossible, and what to say then in the command line's words."""


def complaints(config: Schema) -> list[str]:
    """What does not go together; nothing where the objective has no generator.

    Raises StudyError for an objective that is not there.
    """
    if not get_objective(config.objective.name).generator:
        return []
    pairing = Pairing(
        objective=config.objective.name,
        generator=config.generator.name,
        constant=config.generator.kind in CONSTANT,
        fraction=config.generator.fraction or config.size.generator,
        tying=config.tying.name,
        algorithm=config.algorithm.name,
        kept=bool(config.length.checkpoint_of),
    )
    return [words.format(**asdict(pairing)) for wrong, words in RULES if wrong(pairing)]
