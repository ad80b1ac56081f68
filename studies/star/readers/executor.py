"""The symbolic reader: options whose program, behind the question's, ends in `Correct`."""

from __future__ import annotations

from collections.abc import Sequence

from studies.star.executor import ERROR
from studies.star.judging import accepted, verdicts
from studies.star.programs import ProgramError
from studies.star.questions import Question
from studies.star.readers import Chosen


def answer(questions: Sequence[Question], train: Sequence[Question]) -> Chosen:
    """The options that are accepted; none where a program cannot be run on what is seen."""
    return [accepted(judged(question)) for question in questions]


def judged(question: Question, *, fallback: str = "all") -> list[str]:
    """The verdict on each option; `error` for all where a program cannot be run."""
    programs = [option.program for option in question.options]
    try:
        return verdicts(question.situations, question.program, programs, fallback=fallback)
    except ProgramError:
        return [ERROR] * len(programs)
