"""Readers, a file each: its name is the file's, and `answer` says which options it takes.

Those that are trained are in studies/star/training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.errors import StudyError, unknown
from lab.named import modules_of
from studies.star.questions import Question

Chosen = list[list[int]]
"""For each question the places of the options that are taken; none or several leave a guess."""

Answers = Callable[[Sequence[Question], Sequence[Question]], Chosen]
"""(questions, training questions without situations) -> what is chosen."""


def reader(name: str) -> Answers:
    """The reader of this name that is not trained. Raises StudyError for a name that is none."""
    found = {module.__name__.rpartition(".")[2]: module for module in modules_of(__name__)}
    if name not in found:
        raise StudyError(unknown("reader", name, found))
    answers: Answers = found[name].answer
    return answers
