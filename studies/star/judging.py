"""Verdicts on options, answers as shares of a guess, and the scores of a type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from studies.star.classes import TYPES
from studies.star.executor import CORRECT, WRONG, Executor
from studies.star.programs import Program
from studies.star.situations import Situations


def verdicts(
    situations: Situations, question: Program, options: Sequence[Program], *, fallback: str = "all"
) -> list[str]:
    """What the executor says of each option, whose program is run behind the question's."""
    return Executor(situations, fallback=fallback).run_each(question, options)


def all_right(given: Sequence[str], answer: int) -> bool:
    """The released runner's rule: each option is judged as it should be."""
    wanted = [CORRECT if place == answer else WRONG for place in range(len(given))]
    return list(given) == wanted


def accepted(given: Sequence[str]) -> list[int]:
    """The places of the options that are judged correct."""
    return [place for place, verdict in enumerate(given) if verdict == CORRECT]


def shares(chosen: Sequence[int], options: int) -> list[float]:
    """How likely each option is given as the answer: one of the chosen ones, else any, by chance.

    The rule for none or several is this study's; the paper names none.
    """
    places = list(chosen) or range(options)
    return [1 / len(places) if place in places else 0.0 for place in range(options)]


def accuracy(given: Iterable[tuple[Sequence[str], int]]) -> float:
    """Percent of questions whose verdicts are all right, of (verdicts, answer)."""
    return 100 * fmean(all_right(one, answer) for one, answer in given)


def mean_of_types(scores: Mapping[str, float] | Sequence[float]) -> float:
    """The headline: the plain mean of the types' scores."""
    return fmean(scores.values() if isinstance(scores, Mapping) else scores)


def type_of(question_id: str) -> str:
    """The type that a question's id begins with: `Sequence` of `Sequence_T1_12`."""
    return question_id.split("_", 1)[0]


def by_type(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The mean of each type's values in percent, of (question id, share of a point)."""
    found: dict[str, list[float]] = {}
    for question_id, value in values:
        found.setdefault(type_of(question_id), []).append(value)
    return {name: 100 * fmean(found[name]) for name in TYPES if name in found}
