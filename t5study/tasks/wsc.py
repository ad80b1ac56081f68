"""Winograd tasks as naming the noun of a highlighted pronoun: WSC, WNLI, DPR (paper, 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab import metrics
from lab.datasets.fields import Label, Text, Texts, Whole
from lab.datasets.source import Source, TaskError
from t5study.tasks import glue, superglue
from t5study.tasks.labels import choose, label_constants, label_field
from t5study.tasks.pronouns import (
    highlight_pronoun,
    highlight_span,
    referent_match,
    wnli_texts,
    words_match,
)
from t5study.tasks.task import Example, Task
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
        name="super_glue_wsc",
        source=superglue.source("wsc.fixed"),
        fields={
            "text": Text("passage"),
            "span1_text": Text("noun phrase"),
            "span2_text": Text("pronoun"),
            "span2_index": Whole("the pronoun's word, counted from 0"),
            "label": label_field(ANSWERS),
        },
        to_text=to_text,
        match=match,
        # The wrong noun must not be learned as an answer (2.4).
        trains_on=lambda raw: raw["label"] == 1,
        sizes={"train": 554, "validation": 104, "test": 146},
        lengths=superglue.LENGTHS,
        about="Which noun does the highlighted pronoun mean? Right if it is the given one.",
        licence="CC BY 4.0",
        example={
            "text": "The cup would not fit on the shelf because it was too tall .",
            "span1_text": "The cup",
            "span2_text": "it",
            "span2_index": 9,
            "label": 1,
            "idx": 0,
        },
    )


def wnli(*, match: str = "released") -> Task:
    """Return GLUE's Winograd task, only evaluated: its training set overlaps WSC's (2.4).

    match: as in `wsc`.
    """

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        marked, candidate = wnli_texts(raw["sentence1"], raw["sentence2"])
        return [_referent_example(raw, marked, candidate)]

    return _referent_task(
        name="glue_wnli",
        source=glue.source("wnli", splits=("validation", "test")),
        fields={
            "sentence1": Text("premise"),
            "sentence2": Text("hypothesis"),
            "label": label_field(ANSWERS),
        },
        to_text=to_text,
        match=match,
        sizes={"validation": 71, "test": 146},
        lengths=glue.LENGTHS,
        about="Which noun does the premise's pronoun mean? Right if it is the hypothesis' one.",
        licence="CC BY 4.0",
        example={
            "sentence1": "The cup would not fit on the shelf because it was too tall.",
            "sentence2": "The cup was too tall.",
            "label": 1,
            "idx": 0,
        },
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

    return Task(
        name="dpr",
        kind="coreference",
        source=Source(
            path="community-datasets/definite_pronoun_resolution",
            config="plain_text",
            revision="0fdf659653e37a0a3bf8af0909a43969304b2b19",
            splits={"train": "train", "test": "test"},
        ),
        fields={
            "sentence": Text("sentence"),
            "pronoun": Text("pronoun; its first occurrence is meant"),
            "candidates": Texts("two nouns"),
            "label": Label("index of the right candidate", ("first", "second")),
        },
        answer="label",
        to_text=to_text,
        to_target=lambda made: made["label"],
        to_prediction=to_prediction,
        measure=metrics.accuracy,
        metrics=("acc",),
        constants=label_constants(("0", "1")),
        sizes={"train": 1322, "test": 564},
        lengths=superglue.LENGTHS,
        about="Which of two nouns does the highlighted pronoun mean?",
        licence="unknown (research use; Rahman and Ng 2012)",
        example={
            "sentence": "The dog chased the cat because it had stolen a bone.",
            "pronoun": "it",
            "candidates": ["The dog", "the cat"],
            "label": 1,
        },
    )


def _referent_example(raw: Mapping[str, Any], marked: str, referent: str) -> Example:
    made: Example = {
        "inputs": f"{PREFIX} {marked}",
        "targets": referent,
        # An example by itself may come without; 0 then, as in the released code.
        "label": raw.get("label", 0),
    }
    return made | ({"idx": raw["idx"]} if "idx" in raw else {})


def _referent_task(match: str, **parts: Any) -> Task:
    """Return a task whose answer is right when it names the example's referent."""
    rules = {"released": referent_match, "paper": words_match}
    rule = rules[choose("match", match, tuple(rules))]
    return Task(
        kind="coreference",
        answer="label",
        to_target=lambda made: made["label"],
        to_prediction=lambda text, made: rule(text, made["targets"]) if made else -1,
        settings={"match": match},
        measure=metrics.accuracy,
        metrics=("acc",),
        constants=label_constants(ANSWERS),
        **parts,
    )


TASKS = {"super_glue_wsc": wsc, "glue_wnli": wnli, "dpr": dpr}
