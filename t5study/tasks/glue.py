"""GLUE (2.3): sentence and sentence-pair classification, and one similarity score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab import metrics
from lab.datasets.fields import Number, Text
from lab.datasets.source import Source
from t5study.tasks.labels import choose, classification
from t5study.tasks.task import Example, Task
from t5study.tasks.text import UNLABELLED, join_fields

COMMIT = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
LENGTHS = (512, 84)
ENTAILMENT = ("entailment", "not_entailment")
INFERENCE = ("entailment", "neutral", "contradiction")
ALL_SPLITS = ("train", "validation", "test")


def source(
    config: str, *, splits: Sequence[str] = ALL_SPLITS, names: Mapping[str, str] | None = None
) -> Source:
    """Return the hub's copy of one GLUE task; `names` are the splits that it calls otherwise."""
    return Source(
        path="nyu-mll/glue",
        config=config,
        revision=COMMIT,
        splits={split: (names or {}).get(split, split) for split in splits},
        withheld=("test",),
    )


def cola() -> Task:
    """Return CoLA: is the sentence grammatical?"""
    return classification(
        name="glue_cola",
        prefix="cola",
        features=("sentence",),
        labels=("unacceptable", "acceptable"),
        measure=metrics.matthews,
        metric_names=("mcc",),
        source=source("cola"),
        sizes={"train": 8551, "validation": 1043, "test": 1063},
        lengths=LENGTHS,
        about="Is the sentence acceptable English?",
        licence="research use (Warstadt et al. 2018)",
        example={"sentence": "The books was on the table.", "label": 0, "idx": 0},
    )


def sst2() -> Task:
    """Return SST-2: the sentiment of a phrase from a film review."""
    return classification(
        name="glue_sst2",
        prefix="sst2",
        features=("sentence",),
        labels=("negative", "positive"),
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=source("sst2"),
        sizes={"train": 67349, "validation": 872, "test": 1821},
        lengths=LENGTHS,
        about="Is the film review's sentence positive?",
        licence="unknown (Socher et al. 2013)",
        example={"sentence": "a warm and clever little film", "label": 1, "idx": 0},
    )


def mrpc() -> Task:
    """Return MRPC: do two news sentences say the same?"""
    return classification(
        name="glue_mrpc",
        prefix="mrpc",
        features=("sentence1", "sentence2"),
        labels=("not_equivalent", "equivalent"),
        measure=metrics.all_of(metrics.binary_f1, metrics.accuracy),
        metric_names=("f1", "acc"),
        source=source("mrpc"),
        sizes={"train": 3668, "validation": 408, "test": 1725},
        lengths=LENGTHS,
        about="Do two sentences mean the same?",
        licence="Microsoft Research terms",
        example={
            "sentence1": "The firm opened two shops in May.",
            "sentence2": "In May, two shops were opened by the firm.",
            "label": 1,
            "idx": 0,
        },
    )


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

    return Task(
        name="glue_stsb",
        kind="regression",
        source=source("stsb"),
        fields={
            "sentence1": Text("text"),
            "sentence2": Text("text"),
            "label": Number("similarity, 0..5; -1 withheld", withheld=(-1.0,)),
        },
        answer="label",
        to_text=to_text,
        to_target=lambda made: number(made["targets"]),
        to_prediction=to_prediction,
        measure=metrics.all_of(metrics.pearson, metrics.spearman),
        metrics=("pearson", "spearman"),
        constants=lambda train: [number(similarity_text(sum(train) / len(train) if train else 0))],
        sizes={"train": 5749, "validation": 1500, "test": 1379},
        lengths=LENGTHS,
        about="How alike are two sentences, 0..5?",
        licence="CC BY-SA 4.0 and the terms of its parts (Cer et al. 2017)",
        settings={"outputs": outputs},
        example={
            "sentence1": "A man plays a guitar.",
            "sentence2": "A man is playing an instrument.",
            "label": 3.25,
            "idx": 0,
        },
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


def qqp() -> Task:
    """Return QQP: do two questions ask the same?"""
    return classification(
        name="glue_qqp",
        prefix="qqp",
        features=("question1", "question2"),
        labels=("not_duplicate", "duplicate"),
        measure=metrics.all_of(metrics.binary_f1, metrics.accuracy),
        metric_names=("f1", "acc"),
        source=source("qqp"),
        sizes={"train": 363846, "validation": 40430, "test": 390965},
        lengths=LENGTHS,
        about="Do two questions ask the same?",
        licence="Quora terms of service, non-commercial",
        example={
            "question1": "How do I learn to swim?",
            "question2": "What is the best way to learn swimming?",
            "label": 1,
            "idx": 0,
        },
    )


def _inference(name: str, source: Source, sizes: Mapping[str, int], about: str) -> Task:
    metric = metrics.matthews if name == "glue_ax" else metrics.accuracy
    return classification(
        name=name,
        prefix="mnli",
        features=("hypothesis", "premise"),
        labels=INFERENCE,
        measure=metric,
        metric_names=("mcc",) if name == "glue_ax" else ("acc",),
        source=source,
        sizes=sizes,
        lengths=LENGTHS,
        about=about,
        licence="OANC, CC BY 3.0 and others (Williams et al. 2018)",
        example={
            "premise": "The train left before we reached the station.",
            "hypothesis": "We caught the train.",
            "label": 2,
            "idx": 0,
        },
    )


def mnli() -> Task:
    """Return MNLI with both validation sets joined; only its training set enters a mixture."""
    joined = {
        "validation": "validation_matched+validation_mismatched",
        "test": "test_matched+test_mismatched",
    }
    return _inference(
        "glue_mnli",
        source("mnli", names=joined),
        {"train": 392702, "validation": 19647, "test": 19643},
        "Does the premise entail the hypothesis?",
    )


def _mnli_part(part: str, sizes: Mapping[str, int], about: str) -> Callable[[], Task]:
    def build() -> Task:
        names = {"validation": f"validation_{part}", "test": f"test_{part}"}
        made = source("mnli", splits=("validation", "test"), names=names)
        return _inference(f"glue_mnli_{part}", made, sizes, about)

    build.__doc__ = f"Return MNLI's {part} evaluation sets."
    return build


def ax() -> Task:
    """Return GLUE's diagnostic set, read as MNLI."""
    return _inference(
        "glue_ax",
        source("ax", splits=("test",)),
        {"test": 1104},
        "Does the premise entail the hypothesis (hand-made diagnostics)?",
    )


def qnli() -> Task:
    """Return QNLI: does the sentence answer the question?"""
    return classification(
        name="glue_qnli",
        prefix="qnli",
        features=("question", "sentence"),
        labels=ENTAILMENT,
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=source("qnli"),
        sizes={"train": 104743, "validation": 5463, "test": 5463},
        lengths=LENGTHS,
        about="Does the sentence hold the answer to the question?",
        licence="CC BY-SA 4.0 (from SQuAD)",
        example={
            "question": "When was the bridge built?",
            "sentence": "The bridge, built in 1894, crosses the river.",
            "label": 0,
            "idx": 0,
        },
    )


def rte() -> Task:
    """Return RTE as GLUE has it."""
    return classification(
        name="glue_rte",
        prefix="rte",
        features=("sentence1", "sentence2"),
        labels=ENTAILMENT,
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=source("rte"),
        sizes={"train": 2490, "validation": 277, "test": 3000},
        lengths=LENGTHS,
        about="Does the first sentence entail the second?",
        licence="unknown (Dagan et al. 2005 and later)",
        example={
            "sentence1": "The mayor of Lyon opened the new museum on Friday.",
            "sentence2": "Lyon has a mayor.",
            "label": 0,
            "idx": 0,
        },
    )


TASKS: dict[str, Callable[..., Task]] = {
    "glue_cola": cola,
    "glue_sst2": sst2,
    "glue_mrpc": mrpc,
    "glue_stsb": stsb,
    "glue_qqp": qqp,
    "glue_mnli": mnli,
    "glue_mnli_matched": _mnli_part(
        "matched",
        {"validation": 9815, "test": 9796},
        "Does the premise entail the hypothesis (genres seen in training)?",
    ),
    "glue_mnli_mismatched": _mnli_part(
        "mismatched",
        {"validation": 9832, "test": 9847},
        "Does the premise entail the hypothesis (other genres)?",
    ),
    "glue_qnli": qnli,
    "glue_rte": rte,
    "glue_ax": ax,
}
