"""RACE (Lai et al. 2017): questions about passages, each with four options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab import metrics
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Label, MismatchError, Text, Texts
from lab.datasets.source import Source

BLANK = "_"
OPTIONS = ("A", "B", "C", "D")


def ending(question: str, option: str) -> str:
    """A question with an option in its blanks, or behind it where it has none."""
    return question.replace(BLANK, option) if BLANK in question else f"{question} {option}"


def endings(row: Mapping[str, Any]) -> list[str]:
    """The question with each of its options. Raises MismatchError where there are not four."""
    options = row["options"]
    if len(options) != len(OPTIONS):
        raise MismatchError(f"Field 'options' holds {len(options)} texts, expected {len(OPTIONS)}.")
    return [ending(row["question"], option) for option in options]


SIZES = {
    "": {"train": 87866, "validation": 4887, "test": 4934},
    "middle": {"train": 25421, "validation": 1436, "test": 1436},
    "high": {"train": 62445, "validation": 3451, "test": 3498},
}
"""Questions by the schools they were written for; of both with no name."""


def of_schools(schools: str) -> DataSet:
    """The questions of middle or high schools alone, or of both (`""`)."""
    of = f" (of {schools} schools)" if schools else ""
    return DataSet(
        name=f"race_{schools}" if schools else "race",
        kind="classification",
        about=f"Which of four options answers the question about the passage{of}?",
        licence="research use (Lai and others 2017)",
        source=Source(
            path="ehovy/race",
            config=schools or "all",
            revision="2fec9fd81f1dc971569a9b729c43f2f0e6436637",
            splits={"train": "train", "validation": "validation", "test": "test"},
        ),
        sizes=SIZES[schools],
        fields={
            "article": Text("passage"),
            "question": Text("text, where an option may fill a _"),
            "options": Texts("four texts"),
            "answer": Label("letter of the right option", OPTIONS),
        },
        answer="answer",
        labels=OPTIONS,
        segments=("{article}", "{question}"),
        endings=endings,
        measure=metrics.accuracy,
        metrics=("acc",),
        example={
            "article": "Ida baked bread on Monday. Tom ate two slices of it.",
            "question": "Tom ate _ .",
            "options": ["two slices", "a cake", "nothing", "on Sunday"],
            "answer": "A",
        },
    )


DATASETS = [of_schools(schools) for schools in SIZES]
"""Each found by its name (lab.datasets.get_dataset)."""
