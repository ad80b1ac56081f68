"""Questions with their options: made of drafts, passed through the executor, kept as lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from studies.star.generator.asking import Draft
from studies.star.generator.balance import split
from studies.star.generator.options import Known, Options
from studies.star.generator.times import Action, Span
from studies.star.generator.videos import Video
from studies.star.judging import all_right, type_of, verdicts
from studies.star.questions import Option, Question
from studies.star.templates import TEMPLATES

KEPT, THROWN_OUT, TOO_FEW = "kept", "thrown out", "without four options"
"""What becomes of a question."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A generated question; its graph is cut out of its video when it is read."""

    id: str
    video: str
    slots: Mapping[str, str]
    options: tuple[tuple[str, str], ...]
    """Verb and object of each, in the order in which they are shown."""
    answer: int
    answer_action: str
    graphed: Span
    condition: Action | None

    @property
    def template(self) -> str:
        """The template's name."""
        return self.id.rpartition("_")[0]

    @property
    def type(self) -> str:
        """One of the four."""
        return type_of(self.id)

    def _slots(self, place: int) -> dict[str, str]:
        verb, name = self.options[place]
        return {"answer_verb": verb, "answer_obj": name}

    @property
    def answer_text(self) -> str:
        """The right answer's sentence."""
        return TEMPLATES[self.template].say(self._slots(self.answer))

    def question(self, video: Video | None) -> Question:
        """As a reader sees it; without a video, with no situations."""
        shape = TEMPLATES[self.template]
        return Question(
            id=self.id,
            video=self.video,
            text=shape.ask(self.slots),
            program=shape.question_program(self.slots),
            options=tuple(
                Option(
                    text=shape.say(self._slots(place)),
                    program=shape.option_program(self._slots(place)),
                )
                for place in range(len(self.options))
            ),
            answer=self.answer,
            situations=video.graph(self.graphed, self.condition) if video else {},
        )


def write_questions(
    drafts: Iterable[Draft], videos: Mapping[str, Video], distractors: str, seed: int
) -> tuple[dict[str, list[Written]], dict[str, dict[str, int]]]:
    """The questions of each split, and what became of the drafts, by template.

    Training answers are counted after the split and before there are options. A question is kept
    where the executor accepts the right option alone.
    """
    drafted = split(drafts)
    options = Options(Known(drafted["train"]), distractors)
    numbers: Counter[str] = Counter()
    fates: dict[str, Counter[str]] = {}
    written: dict[str, list[Written]] = {}
    for name, some in drafted.items():
        written[name] = []
        for draft in some:
            number = numbers[draft.template]
            numbers[draft.template] += 1
            rng = np.random.default_rng([seed, 2, *_digits(draft.template), number])
            question = _written(draft, number, options, rng)
            fate = TOO_FEW
            if question is not None:
                passes = _passes(question.question(videos[draft.video]))
                fate = KEPT if passes else THROWN_OUT
                if passes:
                    written[name].append(question)
            fates.setdefault(draft.template, Counter())[fate] += 1
    return written, {name: dict(fates[name]) for name in TEMPLATES if name in fates}


def _digits(template: str) -> tuple[int, ...]:
    return tuple(template.encode())


def _written(
    draft: Draft, number: int, options: Options, rng: np.random.Generator
) -> Written | None:
    found = options.of(draft, rng)
    if found is None:
        return None
    order = np.random.default_rng(number).permutation(len(found)).tolist()
    return Written(
        id=f"{draft.template}_{number}",
        video=draft.video,
        slots=draft.slots,
        options=tuple((found[place].verb, found[place].object) for place in order),
        answer=order.index(0),
        answer_action=draft.action.id,
        graphed=draft.graphed,
        condition=draft.condition,
    )


def _passes(question: Question) -> bool:
    programs = [option.program for option in question.options]
    answer = question.answer
    return answer is not None and all_right(
        verdicts(question.situations, question.program, programs), answer
    )


def save(path: Path, questions: Iterable[Written]) -> None:
    """One question a line."""
    with path.open("w") as file:
        for question in questions:
            file.write(json.dumps(vars(question)) + "\n")


def load(path: Path) -> list[Written]:
    """What `save` wrote."""
    with path.open() as file:
        return [_read(json.loads(line)) for line in file]


def _read(line: Mapping[str, Any]) -> Written:
    condition = line["condition"]
    return replace(
        Written(**line),
        options=tuple((verb, name) for verb, name in line["options"]),
        graphed=Span(*line["graphed"]),
        condition=Action(*condition) if condition else None,
    )
