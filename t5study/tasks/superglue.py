"""Tasks of SuperGLUE as text (2.3) that are more than a template, but for Winograd's (wsc.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab import metrics
from lab.datasets import get_dataset
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Text
from t5study.tasks.labels import choose, classification, format_example, label_index
from t5study.tasks.task import Example, Task, frequent, text_form
from t5study.tasks.text import UNLABELLED

LENGTHS = (512, 62)
BOOLEAN = ("False", "True")


def copa(*, labels: str = "choice") -> Task:
    """Return COPA: which of two sentences is the cause or the effect?

    labels: "choice" answers choice1 or choice2 (released code), "boolean" False or True (paper,
    D.10).
    """
    words = {"choice": ("choice1", "choice2"), "boolean": BOOLEAN}
    return classification(
        get_dataset("super_glue_copa"),
        prefix="copa",
        labels=words[choose("labels", labels, tuple(words))],
        lengths=LENGTHS,
        settings={"labels": labels},
    )


def multirc(*, f1a: str = "all", tags: str = "removed") -> Task:
    """Return MultiRC: is this answer to a question about a paragraph right?

    f1a: "all" takes F1 over all answers (code since December 2019), "question" its mean over
    questions (before). tags: "removed" takes <b> and <br> out of the text (released code), "kept"
    leaves them (paper, D.11).
    """
    choose("f1a", f1a, ("all", "question"))
    choose("tags", tags, ("removed", "kept"))
    over = {"all": metrics.ungrouped, "question": metrics.mean_over_groups}[f1a]
    f1 = metrics.renamed(over(metrics.binary_f1), f1="f1a")
    exact = metrics.mean_over_groups(metrics.all_right)
    features = ("question", "answer", "paragraph")
    data = get_dataset("super_glue_multirc")

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        made = format_example(raw, "multirc", BOOLEAN, features)
        text = made["inputs"]
        if tags == "removed":
            text = text.replace("<br>", " ").replace("<b>", "").replace("</b>", "")
        return [{"inputs": text, "targets": made["targets"]} | scored_with(data, raw)]

    return text_form(
        data,
        to_text=to_text,
        to_target=lambda made: {
            "group": made["group"] if "group" in made else made["idx/question"],
            "value": label_index(made["targets"], BOOLEAN),
        },
        to_prediction=lambda text, _: {"value": label_index(text, BOOLEAN)},
        measure=metrics.all_of(f1, exact),
        constants=lambda train_targets: [{"value": 0}, {"value": 1}],
        lengths=LENGTHS,
        settings={"f1a": f1a, "tags": tags},
    )


def record(*, scored: str = "query") -> Task:
    """Return ReCoRD: which entity of the passage fills the query's gap?

    A query becomes one example for each of its answers. scored: "query" scores its prediction
    once (code since 2022), "answer" once for each answer (before).
    """
    choose("scored", scored, ("query", "answer"))
    over = {"query": metrics.once_per_group, "answer": metrics.ungrouped}[scored]
    data = get_dataset("super_glue_record")

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        answers = list(raw["answers"])
        text = (
            f"record query: {raw['query']} entities: {', '.join(raw['entities'])} "
            f"passage: {join_highlights(raw['passage'])}"
        )
        index = scored_with(data, raw)
        return [
            {"inputs": text, "targets": answer, "answers": answers} | index
            for answer in answers or [UNLABELLED]
        ]

    def constants(train_targets: Sequence[Any]) -> list[dict[str, str]]:
        answers = [answer for target in train_targets for answer in target["value"]]
        return [{"value": answer} for answer in frequent(answers)]

    return text_form(
        data,
        to_text=to_text,
        to_target=lambda made: {
            "group": made["group"] if "group" in made else [made["idx/passage"], made["idx/query"]],
            "value": list(made["answers"]),
        },
        to_prediction=lambda text, _: {"value": text},
        measure=over(metrics.exact_match_f1),
        constants=constants,
        lengths=LENGTHS,
        settings={"scored": scored},
    )


def scored_with(data: DataSet, raw: Mapping[str, Any]) -> Example:
    """Return the members of an example's index as "idx/member", and the "group" it is scored in.

    Both stay away where the example has no index: training needs none.
    """
    index = raw.get("idx")
    group = data.group(raw)
    if group is None or not isinstance(index, Mapping):
        return {}
    return {f"idx/{name}": number for name, number in index.items()} | {"group": list(group)}


def join_highlights(passage: str) -> str:
    """Return a ReCoRD passage with its highlights as sentences in a row."""
    parts = passage.split("\n@highlight\n")
    ended = [
        part if part.endswith((".", "?", "!", '"', "'")) else f"{part}." for part in parts[:-1]
    ]
    return " ".join([*ended, parts[-1]])


def wic(*, pos: bool = False) -> Task:
    """Return WiC: has a word the same sense in two sentences?

    pos: begin the input with the word's part of speech (paper, D.12; never in released code, and
    the hub's copy has no such field).
    """
    choose("pos", pos, (False, True))
    data = get_dataset("super_glue_wic")
    if not pos:
        return classification(data, prefix="wic", lengths=LENGTHS, settings={"pos": pos})
    return classification(
        data,
        prefix="wic",
        features=("pos", "sentence1", "sentence2", "word"),
        fields={"pos": Text("text"), **data.fields},
        example={**data.example, "pos": "N"},
        lengths=LENGTHS,
        settings={"pos": pos},
    )


TASKS: dict[str, Callable[..., Task]] = {
    "super_glue_copa": copa,
    "super_glue_multirc": multirc,
    "super_glue_record": record,
    "super_glue_wic": wic,
}
