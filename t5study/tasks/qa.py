"""SQuAD v1.1: an answer span of a paragraph, written out (paper, 2.3 and D.15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab import metrics
from lab.datasets.fields import Text, Texts
from lab.datasets.source import Source
from t5study.tasks.labels import choose
from t5study.tasks.task import Example, Task, frequent
from t5study.tasks.text import PADDED, UNLABELLED, collapse, pad_punctuation


def squad(*, padding: str = "punctuation") -> Task:
    """Return SQuAD; the first answer is learned, every answer counts in scoring.

    padding: the characters set off with spaces, "punctuation" (code since 2022), "non-word"
    (2019, which also split letters with accents) or "none" (paper, D.15).
    """
    choose("padding", padding, (*PADDED, "none"))

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        answers = [pad_punctuation(answer, padding) for answer in raw["answers"]["text"]]
        question = pad_punctuation(raw["question"], padding)
        context = pad_punctuation(raw["context"], padding)
        text = f"question: {question} context: {context}"
        made: Example = {
            "inputs": text if padding == "none" else collapse(text),
            "targets": answers[0] if answers else UNLABELLED,
            "answers": answers,
        }
        return [made | ({"id": raw["id"]} if "id" in raw else {})]

    def constants(train_targets: Sequence[Any]) -> list[str]:
        return frequent([answer for answers in train_targets for answer in answers[:1]])

    return Task(
        name="squad",
        kind="question_answering",
        source=Source(
            path="rajpurkar/squad",
            config="plain_text",
            revision="7b6d24c440a36b6815f21b70d25016731768db1f",
            splits={"train": "train", "validation": "validation"},
        ),
        fields={
            "question": Text("text"),
            "context": Text("paragraph"),
            "answers.text": Texts("answers by several people"),
        },
        answer="answers.text",
        to_text=to_text,
        to_target=lambda made: list(made["answers"]),
        to_prediction=lambda text, _: text,
        measure=metrics.exact_match_f1,
        metrics=("em", "f1"),
        constants=constants,
        sizes={"train": 87599, "validation": 10570},
        lengths=(512, 97),
        about="What does the paragraph answer to the question?",
        licence="CC BY-SA 4.0",
        settings={"padding": padding},
        example={
            "id": "0",
            "question": "Where was the treaty signed?",
            "context": "The treaty (of 1648) was signed in Münster, after five years of talks.",
            "answers": {"text": ["Münster", "in Münster"], "answer_start": [36, 33]},
        },
    )


TASKS = {"squad": squad}
