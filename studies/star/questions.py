"""Questions with four options: what every reader answers, and reading them from published files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import DataError, StudyError
from studies.star.classes import TYPES
from studies.star.judging import type_of
from studies.star.programs import Program, ProgramError, program, strangers
from studies.star.situations import Situations, read_situations

OPTIONS = 4
"""Options a question."""


class QuestionError(StudyError):
    """A question that is not in the published schema."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One answer that can be chosen."""

    text: str
    program: Program


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, with everything that a reader may look at."""

    id: str
    video: str
    text: str
    program: Program
    options: tuple[Option, ...]
    answer: int | None
    """The place of the right option; None where a file keeps it back."""
    situations: Situations

    @property
    def type(self) -> str:
        """One of the four."""
        return type_of(self.id)

    @property
    def answer_text(self) -> str:
        """The right option's sentence. Raises QuestionError where it is kept back."""
        if self.answer is None:
            raise QuestionError(f"question {self.id}: its answer is kept back")
        return self.options[self.answer].text


def read_questions(path: Path) -> list[Question]:
    """The questions of a published file.

    Raises DataError with one line: the file, the question's id and the field that is wrong.
    """
    try:
        given = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    except RecursionError:
        raise DataError(f"{path}: values lie too deep in each other to be read.") from None
    except ValueError as error:
        raise DataError(f"{path}: no JSON: {error}.") from error
    if not isinstance(given, list) or not given:
        raise DataError(f"{path}: expected a list of questions, as in STAR_val.json.")
    seen: set[str] = set()
    questions = []
    for place, one in enumerate(given):
        name = one.get("question_id") if isinstance(one, dict) else None
        where = f"{path}: question {name if isinstance(name, str) else f'number {place}'}"
        try:
            questions.append(_question(one))
        except QuestionError as error:
            raise DataError(f"{where}: {error}.") from None
        if questions[-1].id in seen:
            raise DataError(f"{where}: question_id: stands twice.")
        seen.add(questions[-1].id)
    return questions


def _question(given: Any) -> Question:
    if not isinstance(given, Mapping):
        raise QuestionError(f"expected its fields by name, not {type(given).__name__}")
    id = _text(given, "question_id")
    if type_of(id) not in TYPES:
        raise QuestionError(f"question_id: it begins with {type_of(id)!r}, not {_either(TYPES)}")
    choices = given.get("choices")
    if not isinstance(choices, list) or len(choices) != OPTIONS:
        found = len(choices) if isinstance(choices, list) else choices
        raise QuestionError(f"choices: expected a list of {OPTIONS}, found {found!r}")
    options = tuple(_option(place, choice) for place, choice in enumerate(choices))
    texts = [option.text for option in options]
    answer = None
    if given.get("answer") is not None:
        right = _text(given, "answer")
        if texts.count(right) != 1:
            raise QuestionError(f"answer: {right!r} stands {texts.count(right)} times in choices")
        answer = texts.index(right)
    try:
        situations = read_situations(given.get("situations"))
    except StudyError as error:
        raise QuestionError(f"situations: {error}") from None
    return Question(
        id=id,
        video=str(given.get("video_id", "")),
        text=_text(given, "question"),
        program=_program("question_program", given.get("question_program")),
        options=options,
        answer=answer,
        situations=situations,
    )


def _option(place: int, given: Any) -> Option:
    where = f"choices[{place}]"
    if not isinstance(given, Mapping):
        raise QuestionError(f"{where}: expected its fields by name, not {type(given).__name__}")
    return Option(
        text=_text(given, "choice", f"{where}."),
        program=_program(f"{where}.choice_program", given.get("choice_program")),
    )


def _program(where: str, given: Any) -> Program:
    try:
        read = program(given)
    except ProgramError as error:
        raise QuestionError(f"{where}: {error}") from None
    if wrong := strangers(given):
        raise QuestionError(f"{where}: {wrong[0]}")
    if not read:
        raise QuestionError(f"{where}: it has no step")
    return read


def _text(given: Mapping[str, Any], name: str, where: str = "") -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        wrong = "is missing" if name not in given else f"{value!r} is no text"
        raise QuestionError(f"{where}{name}: {wrong}")
    return value


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
