"""Winograd tasks as naming the noun of a highlighted pronoun: WSC, WNLI, DPR (paper, 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.datasets import get_dataset
from lab.datasets.dataset import DataSet
from lab.datasets.source import TaskError
from t5study.tasks import glue, superglue
from t5study.tasks.labels import choose, label_constants
from t5study.tasks.pronouns import (
    highlight_pronoun,
    highlight_span,
    referent_match,
    wnli_texts,
    words_match,
)
from t5study.tasks.task import Example, Task, text_form
from t5study.tasks.text import UNLABELLED

PREFIX = "wsc:"
ANSWERS = ("False", "True")


def wsc(*, match: str = "released") -> Task:
    """Return SuperGLUE's Winograd task: does the highlighted pronoun mean the given noun?

    match: "released" compares without case and determiners and tells possessives apart, "paper"
    takes the words as they stand (2.4).
    """

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        marked = highlight_span(raw["text"], raw["span2_text"], raw["span2_index"])
        return [_referent_example(raw, marked, raw["span1_text"])]

    return _referent_task(
        get_dataset("super_glue_wsc"),
        to_text=to_text,
        match=match,
        # The wrong noun must not be learned as an answer (2.4).
        trains_on=lambda raw: raw["label"] == 1,
        lengths=superglue.LENGTHS,
    )


def wnli(*, match: str = "released") -> Task:
    """Return GLUE's Winograd task, only evaluated: its training set overlaps WSC's (2.4).

    match: as in `wsc`.
    """

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        marked, candidate = wnli_texts(raw["sentence1"], raw["sentence2"])
        return [_referent_example(raw, marked, candidate)]

    return _referent_task(
        get_dataset("glue_wnli"),
        to_text=to_text,
        match=match,
        lengths=glue.LENGTHS,
    )


def dpr() -> Task:
    """Return Definite Pronoun Resolution, which joins WSC for training (2.3)."""

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        candidates, label = raw["candidates"], raw["label"]
        if label >= len(candidates):
            raise TaskError(f"Label {label} names none of the candidates {candidates}.")
        marked = highlight_pronoun(raw["sentence"], raw["pronoun"])
        return [
            {
                "inputs": f"{PREFIX} {marked}",
                "targets": UNLABELLED if label == -1 else candidates[label],
                "candidates": candidates,
                "label": label,
            }
        ]

    def to_prediction(text: str, made: Mapping[str, Any] | None) -> int:
        """The candidate that the text is; the right one where both have the same name."""
        candidates = made["candidates"] if made else []
        if made and text == made["targets"]:
            return int(made["label"])
        return candidates.index(text) if text in candidates else -1

    return text_form(
        get_dataset("dpr"),
        to_text=to_text,
        to_target=lambda made: made["label"],
        to_prediction=to_prediction,
        constants=label_constants(("0", "1")),
        lengths=superglue.LENGTHS,
    )


def _referent_example(raw: Mapping[str, Any], marked: str, referent: str) -> Example:
    made: Example = {
        "inputs": f"{PREFIX} {marked}",
        "targets": referent,
        # An example by itself may come without; 0 then, as in the released code.
        "label": raw.get("label", 0),
    }
    return made | ({"idx": raw["idx"]} if "idx" in raw else {})


def _referent_task(data: DataSet, match: str, **form: Any) -> Task:
    """Return a task whose answer is right when it names the example's referent."""
    rules = {"released": referent_match, "paper": words_match}
    rule = rules[choose("match", match, tuple(rules))]
    return text_form(
        data,
        to_target=lambda made: made["label"],
        to_prediction=lambda text, made: rule(text, made["targets"]) if made else -1,
        settings={"match": match},
        constants=label_constants(ANSWERS),
        **form,
    )


TASKS = {"super_glue_wsc": wsc, "glue_wnli": wnli, "dpr": dpr}
