"""Corrections beside what they were to be: references, and the scores of a whole set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from studies.gector.corrector import Members
from studies.gector.members import open_members
from studies.gector.scoring import Example, Score, Scorer, score
from studies.gector.scoring.edits import GoldEdit
from studies.gector.training.pairs import read_pairs


class Reference(NamedTuple):
    """A sentence and what it should become."""

    source: list[str]
    target: list[str]


def read_references(folder: Path, examples: int | None = None) -> list[Reference]:
    """The pairs that a stage published, the first `examples` of them."""
    rows = [Reference(row["source"].split(), row["target"].split()) for row in read_pairs(folder)]
    return rows[:examples]


def judged(
    references: Sequence[Reference], outputs: Sequence[Sequence[str]], scorer: Scorer
) -> Score:
    """The scores of outputs; the right edits are those that the scorer finds in the pair."""
    return score(
        (
            Example(one.source, output, [_gold(one, scorer)])
            for one, output in zip(references, outputs, strict=True)
        ),
        scorer,
    )


def _gold(reference: Reference, scorer: Scorer) -> list[GoldEdit]:
    return [(edit,) for edit in scorer.edits(reference.source, reference.target)]


def members_of(config: Mapping[str, Any], inputs: Mapping[str, Path], context: Any) -> Members:
    """The taggers that a stage reads, `member_0` and so on."""
    folders = [path for role, path in inputs.items() if role.startswith("member_")]
    return open_members(
        folders,
        reading=config["reading"],
        device=context.device,
        threads=context.threads,
        batch_size=config["batch_size"],
        precision=config["precision"],
    )
