"""WinoGrande, which a package carries, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.datasets import get_dataset
from t5study.tasks.labels import label_constants
from t5study.tasks.task import Example, Task, text_form
from t5study.tasks.text import UNLABELLED, join_fields


def winogrande() -> Task:
    """Return WinoGrande as naming the noun that fills the blank."""

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        choices = [raw["option1"], raw["option2"]]
        read = {"choice1": choices[0], "choice2": choices[1], "sentence": raw["sentence"]}
        inputs = join_fields("winogrande", read, ("choice1", "choice2", "sentence"))
        answer = UNLABELLED if raw["label"] == -1 else choices[raw["label"]]
        return [{"inputs": inputs, "targets": answer, "choices": choices}]

    def to_prediction(text: str, made: Mapping[str, Any] | None) -> int:
        choices = made["choices"] if made else []
        return choices.index(text) if text in choices else -1

    return text_form(
        get_dataset("winogrande"),
        to_text=to_text,
        to_target=lambda made: made["choices"].index(made["targets"]),
        to_prediction=to_prediction,
        constants=label_constants(("option1", "option2")),
        lengths=(64, 8),
    )


TASKS = {"winogrande": winogrande}
