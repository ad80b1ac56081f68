"""The task of GLUE that is more than a template: how alike two sentences are (2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.datasets import get_dataset
from t5study.tasks.labels import choose
from t5study.tasks.task import Example, Task, text_form
from t5study.tasks.text import UNLABELLED, join_fields

LENGTHS = (512, 84)


def stsb(*, outputs: str = "any") -> Task:
    """Return STS-B: how alike two sentences are, 0..5 to the nearest 0.2.

    outputs: "any" reads every number (released code); "1-5" takes a number outside 1..5 for
    wrong, -1 (paper, 2.4).
    """
    choose("outputs", outputs, ("any", "1-5"))

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        made: Example = {
            "inputs": join_fields("stsb", raw, ("sentence1", "sentence2")),
            "targets": UNLABELLED if raw["label"] is None else similarity_text(raw["label"]),
        }
        return [made | ({"idx": raw["idx"]} if "idx" in raw else {})]

    def to_prediction(text: str, made: Mapping[str, Any] | None) -> float:
        value = number(text)
        return value if outputs == "any" or 1 <= value <= 5 else -1.0

    return text_form(
        get_dataset("glue_stsb"),
        to_text=to_text,
        to_target=lambda made: number(made["targets"]),
        to_prediction=to_prediction,
        constants=lambda train: [number(similarity_text(sum(train) / len(train) if train else 0))],
        lengths=LENGTHS,
        settings={"outputs": outputs},
    )


def similarity_text(label: float) -> str:
    """Return a score as the nearest multiple of 0.2, ties to even multiples, in float32."""
    import numpy as np

    fifths = np.round(np.float32(label) * np.float32(5))
    return f"{fifths / np.float32(5):.1f}"


def number(text: str) -> float:
    """Return the finite number that `text` is, else -1."""
    try:
        value = float(text)
    except ValueError:
        return -1.0
    return value if abs(value) < float("inf") else -1.0


TASKS = {"glue_stsb": stsb}
