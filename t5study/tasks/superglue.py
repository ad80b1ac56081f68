"""SuperGLUE (2.3) but for its Winograd task (wsc.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab import metrics
from lab.datasets.fields import Text, Texts, Whole
from lab.datasets.source import Source
from t5study.tasks.labels import choose, classification, format_example, label_field, label_index
from t5study.tasks.task import Example, Task, frequent
from t5study.tasks.text import UNLABELLED

COMMIT = "3de24cf8022e94f4ee4b9d55a6f539891524d646"
LENGTHS = (512, 62)
BOOLEAN = ("False", "True")
ENTAILMENT = ("entailment", "not_entailment")


def source(config: str, splits: Sequence[str] = ("train", "validation", "test")) -> Source:
    """Return the hub's copy of one SuperGLUE task."""
    return Source(
        path="aps/super_glue",
        config=config,
        revision=COMMIT,
        splits={split: split for split in splits},
        # The diagnostic sets, which are test alone, have their labels.
        withheld=("test",) if "train" in splits else (),
    )


def boolq() -> Task:
    """Return BoolQ: yes or no, after reading a passage."""
    return classification(
        name="super_glue_boolq",
        kind="question_answering",
        prefix="boolq",
        features=("passage", "question"),
        labels=BOOLEAN,
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=source("boolq"),
        sizes={"train": 9427, "validation": 3270, "test": 3245},
        lengths=LENGTHS,
        about="Is the answer to the question yes?",
        licence="CC BY-SA 3.0",
        example={
            "question": "is the harbour still in use",
            "passage": "The old harbour was closed in 1970 and is a park today.",
            "label": 0,
            "idx": 0,
        },
    )


def cb() -> Task:
    """Return CommitmentBank: does the speaker commit to the embedded clause?"""
    return classification(
        name="super_glue_cb",
        prefix="cb",
        features=("hypothesis", "premise"),
        labels=("entailment", "contradiction", "neutral"),
        measure=metrics.all_of(metrics.macro_f1_over(3), metrics.accuracy),
        metric_names=("f1", "acc"),
        source=source("cb"),
        sizes={"train": 250, "validation": 56, "test": 250},
        lengths=LENGTHS,
        about="Does the premise's speaker hold the hypothesis for true?",
        licence="research use (de Marneffe et al. 2019)",
        example={
            "premise": "A: Do you think the shop is open? B: I doubt that it opens on Sundays.",
            "hypothesis": "the shop opens on Sundays",
            "label": 1,
            "idx": 0,
        },
    )


def copa(*, labels: str = "choice") -> Task:
    """Return COPA: which of two sentences is the cause or the effect?

    labels: "choice" answers choice1 or choice2 (released code), "boolean" False or True (paper,
    D.10).
    """
    words = {"choice": ("choice1", "choice2"), "boolean": BOOLEAN}
    return classification(
        name="super_glue_copa",
        prefix="copa",
        features=("choice1", "choice2", "premise", "question"),
        labels=words[choose("labels", labels, tuple(words))],
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=source("copa"),
        sizes={"train": 400, "validation": 100, "test": 500},
        lengths=LENGTHS,
        about="Which of two sentences is the premise's cause or effect?",
        licence="BSD 2-clause",
        settings={"labels": labels},
        example={
            "premise": "The lamp went out.",
            "choice1": "The bulb had burnt through.",
            "choice2": "The window was open.",
            "question": "cause",
            "label": 0,
            "idx": 0,
        },
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

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        made = format_example(raw, "multirc", BOOLEAN, features)
        text = made["inputs"]
        if tags == "removed":
            text = text.replace("<br>", " ").replace("<b>", "").replace("</b>", "")
        index = group_index(raw)
        return [{"inputs": text, "targets": made["targets"]} | index]

    return Task(
        name="super_glue_multirc",
        kind="question_answering",
        source=source("multirc"),
        fields={
            "paragraph": Text("text with <b> and <br>"),
            "question": Text("text"),
            "answer": Text("one of the question's answers"),
            "label": label_field(BOOLEAN),
            "idx.question": Whole("number of the question, by which answers are grouped"),
        },
        answer="label",
        numbered=("idx.question", "paragraph", "question"),
        to_text=to_text,
        to_target=lambda made: {
            "group": made["idx/question"],
            "value": label_index(made["targets"], BOOLEAN),
        },
        to_prediction=lambda text, _: {"value": label_index(text, BOOLEAN)},
        measure=metrics.all_of(f1, exact),
        metrics=("f1a", "em"),
        constants=lambda train_targets: [{"value": 0}, {"value": 1}],
        labels=BOOLEAN,
        sizes={"train": 27243, "validation": 4848, "test": 9693},
        lengths=LENGTHS,
        about="Is the given answer to a question about the paragraph right?",
        licence="research use (Khashabi et al. 2018)",
        settings={"f1a": f1a, "tags": tags},
        example={
            "paragraph": "<b>Sent 1: </b>Ida baked bread.<br><b>Sent 2: </b>Tom ate two slices.",
            "question": "Who ate the bread?",
            "answer": "Tom",
            "label": 1,
            "idx": {"paragraph": 0, "question": 0, "answer": 1},
        },
    )


def record(*, scored: str = "query") -> Task:
    """Return ReCoRD: which entity of the passage fills the query's gap?

    A query becomes one example for each of its answers. scored: "query" scores its prediction
    once (code since 2022), "answer" once for each answer (before).
    """
    choose("scored", scored, ("query", "answer"))
    over = {"query": metrics.once_per_group, "answer": metrics.ungrouped}[scored]

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        answers = list(raw["answers"])
        text = (
            f"record query: {raw['query']} entities: {', '.join(raw['entities'])} "
            f"passage: {join_highlights(raw['passage'])}"
        )
        index = group_index(raw)
        return [
            {"inputs": text, "targets": answer, "answers": answers} | index
            for answer in answers or [UNLABELLED]
        ]

    def constants(train_targets: Sequence[Any]) -> list[dict[str, str]]:
        answers = [answer for target in train_targets for answer in target["value"]]
        return [{"value": answer} for answer in frequent(answers)]

    return Task(
        name="super_glue_record",
        kind="question_answering",
        source=source("record"),
        fields={
            "passage": Text("news text; @highlight parts it"),
            "query": Text("sentence with @placeholder"),
            "entities": Texts("names in the passage"),
            "answers": Texts("those that fill the gap; none where withheld"),
            "idx.passage": Whole("number of the passage"),
            "idx.query": Whole("number of the query, by which examples are grouped"),
        },
        answer="answers",
        numbered=("idx.passage", "idx.query", "passage", "query"),
        to_text=to_text,
        to_target=lambda made: {
            "group": [made["idx/passage"], made["idx/query"]],
            "value": list(made["answers"]),
        },
        to_prediction=lambda text, _: {"value": text},
        measure=over(metrics.exact_match_f1),
        metrics=("f1", "em"),
        constants=constants,
        sizes={"train": 100730, "validation": 10000, "test": 10000},
        lengths=LENGTHS,
        about="Which name fills the gap in a sentence about the passage?",
        licence="Apache 2.0",
        settings={"scored": scored},
        example={
            "passage": "Nora Lind won the race on Sunday\n@highlight\nIt was her third title.",
            "query": "@placeholder now holds three titles.",
            "entities": ["Nora Lind", "Sunday"],
            "answers": ["Nora Lind"],
            "idx": {"passage": 0, "query": 0},
        },
    )


def group_index(raw: Mapping[str, Any]) -> Example:
    """Return the parts of an example's index as "idx/part"; training needs none."""
    given = raw.get("idx")
    return {f"idx/{k}": v for k, v in given.items()} if isinstance(given, Mapping) else {}


def join_highlights(passage: str) -> str:
    """Return a ReCoRD passage with its highlights as sentences in a row."""
    parts = passage.split("\n@highlight\n")
    ended = [
        part if part.endswith((".", "?", "!", '"', "'")) else f"{part}." for part in parts[:-1]
    ]
    return " ".join([*ended, parts[-1]])


def rte() -> Task:
    """Return RTE as SuperGLUE has it."""
    return _entailment(
        "super_glue_rte",
        source("rte"),
        {"train": 2490, "validation": 277, "test": 3000},
        "Does the premise entail the hypothesis?",
        "unknown (Dagan et al. 2005 and later)",
    )


def axb() -> Task:
    """Return SuperGLUE's broad diagnostic set, read as RTE."""
    return _entailment(
        "super_glue_axb",
        source("axb", ("test",)),
        {"test": 1104},
        "Does the premise entail the hypothesis (hand-made diagnostics)?",
        "unknown (Wang et al. 2018)",
        renamed={"premise": "sentence1", "hypothesis": "sentence2"},
        metric="mcc",
    )


def axg() -> Task:
    """Return SuperGLUE's gender diagnostic set, read as RTE."""
    return _entailment(
        "super_glue_axg",
        source("axg", ("test",)),
        {"test": 356},
        "Does the premise entail the hypothesis, whatever the pronoun's gender?",
        "CC BY 4.0",
    )


def _entailment(
    name: str,
    source: Source,
    sizes: Mapping[str, int],
    about: str,
    licence: str,
    *,
    renamed: Mapping[str, str] | None = None,
    metric: str = "acc",
) -> Task:
    fields = {"hypothesis": "hypothesis", "premise": "premise"} | dict(renamed or {})
    return classification(
        name=name,
        prefix="rte",
        features=("hypothesis", "premise"),
        labels=ENTAILMENT,
        measure={"acc": metrics.accuracy, "mcc": metrics.matthews}[metric],
        metric_names=(metric,),
        source=source,
        sizes=sizes,
        lengths=LENGTHS,
        about=about,
        licence=licence,
        renamed=renamed,
        example={
            fields["premise"]: "The mayor of Lyon opened the new museum on Friday.",
            fields["hypothesis"]: "Lyon has a mayor.",
            "label": 0,
            "idx": 0,
        },
    )


def wic(*, pos: bool = False) -> Task:
    """Return WiC: has a word the same sense in two sentences?

    pos: begin the input with the word's part of speech (paper, D.12; never in released code, and
    the hub's copy has no such field).
    """
    choose("pos", pos, (False, True))
    features = ("pos",) * pos + ("sentence1", "sentence2", "word")
    example = {
        "word": "bank",
        "sentence1": "They sat on the bank of the river.",
        "sentence2": "The bank lends money to farmers.",
        "label": 0,
        "idx": 0,
    }
    return classification(
        name="super_glue_wic",
        prefix="wic",
        features=features,
        labels=BOOLEAN,
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=source("wic"),
        sizes={"train": 5428, "validation": 638, "test": 1400},
        lengths=LENGTHS,
        about="Has a word the same sense in two sentences?",
        licence="CC BY-NC 4.0",
        settings={"pos": pos},
        example=example | ({"pos": "N"} if pos else {}),
    )


TASKS: dict[str, Callable[..., Task]] = {
    "super_glue_boolq": boolq,
    "super_glue_cb": cb,
    "super_glue_copa": copa,
    "super_glue_multirc": multirc,
    "super_glue_record": record,
    "super_glue_rte": rte,
    "super_glue_wic": wic,
    "super_glue_axb": axb,
    "super_glue_axg": axg,
}
