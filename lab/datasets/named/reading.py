"""Question answering and pronouns on the hub."""

from __future__ import annotations

from typing import Any

from lab import metrics
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Label, Text, Texts, TextsOrNone
from lab.datasets.source import Source


def _squad(
    *, name: str, config: str, revision: str, answers: Texts | TextsOrNone, **own: Any
) -> DataSet:
    """A version of SQuAD, whose set on the hub has its name."""
    return DataSet(
        name=name,
        kind="question_answering",
        licence="CC BY-SA 4.0",
        source=Source(
            path=f"rajpurkar/{name}",
            config=config,
            revision=revision,
            splits={"train": "train", "validation": "validation"},
        ),
        fields={
            "question": Text("text"),
            "context": Text("paragraph"),
            "answers.text": answers,
        },
        answer="answers.text",
        metrics=("em", "f1"),
        **own,
    )


DATASETS = [
    _squad(
        name="squad",
        about="What does the paragraph answer to the question?",
        config="plain_text",
        revision="7b6d24c440a36b6815f21b70d25016731768db1f",
        sizes={"train": 87599, "validation": 10570},
        answers=Texts("answers by several people"),
        measure=metrics.exact_match_f1,
        example={
            "id": "0",
            "question": "Where was the treaty signed?",
            "context": "The treaty (of 1648) was signed in Münster, after five years of talks.",
            "answers": {"text": ["Münster", "in Münster"], "answer_start": [35, 32]},
        },
    ),
    _squad(
        name="squad_v2",
        about="What does the paragraph answer to the question, if anything?",
        config="squad_v2",
        revision="3ffb306f725f7d2ce8394bc1873b24868140c412",
        sizes={"train": 130319, "validation": 11873},
        answers=TextsOrNone("answers by several people, none where nothing answers"),
        measure=metrics.exact_match_f1_or_none,
        example={
            "id": "0",
            "question": "Who signed the treaty?",
            "context": "The treaty (of 1648) was signed in Münster, after five years of talks.",
            "answers": {"text": [], "answer_start": []},
        },
    ),
    DataSet(
        name="dpr",
        kind="coreference",
        about="Which of two nouns does the highlighted pronoun mean?",
        licence="unknown (research use; Rahman and Ng 2012)",
        source=Source(
            path="community-datasets/definite_pronoun_resolution",
            config="plain_text",
            revision="0fdf659653e37a0a3bf8af0909a43969304b2b19",
            splits={"train": "train", "test": "test"},
        ),
        sizes={"train": 1322, "test": 564},
        fields={
            "sentence": Text("sentence"),
            "pronoun": Text("pronoun; its first occurrence is meant"),
            "candidates": Texts("two nouns"),
            "label": Label("index of the right candidate", ("first", "second")),
        },
        answer="label",
        measure=metrics.accuracy,
        metrics=("acc",),
        example={
            "sentence": "The dog chased the cat because it had stolen a bone.",
            "pronoun": "it",
            "candidates": ["The dog", "the cat"],
            "label": 1,
        },
    ),
]
"""Each found by its name (lab.datasets.get_dataset)."""
