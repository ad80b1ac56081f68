"""Tasks on real data that registry packages carry: no hub is needed (docs/data.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab import metrics
from lab.corpora.prepared import Prepared
from lab.datasets.embedded import catalogues, docstrings, olmo, sentiment, wordnet
from lab.datasets.fields import Label, Number, Text
from lab.datasets.source import Source
from t5study.tasks.generation import ENGLISH, summarize, text_task, translation_task
from t5study.tasks.labels import classification, label_constants
from t5study.tasks.task import Example, Task
from t5study.tasks.text import UNLABELLED, join_fields

SPLITS = ("train", "validation", "test")
FALSE_TRUE = ("False", "True")


def vader_sentiment() -> Task:
    """Return the sign of a sentence's sentiment, where it has a clear one."""
    return classification(
        name="vader_sentiment",
        prefix="sentiment",
        features=("sentence",),
        labels=("negative", "positive"),
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=of_prepared(sentiment.DATA, "sentiment-"),
        sizes={"train": 16_832, "validation": 816, "test": 787},
        lengths=(64, 4),
        about="Is the sentence's sentiment positive? (Mean rating of at least 0.5 either way.)",
        licence="MIT (Hutto and Gilbert 2014)",
        example={"sentence": "The plot is thin, but the cast is a joy.", "label": 1},
    )


def vader_rating() -> Task:
    """Return the mean sentiment rating of a sentence, -4..4 to the nearest 0.5."""

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        inputs = join_fields("rating", raw, ("sentence",))
        value = raw["rating"]
        return [{"inputs": inputs, "targets": UNLABELLED if value is None else rating_text(value)}]

    return Task(
        name="vader_rating",
        kind="regression",
        source=of_prepared(sentiment.DATA, "rating-"),
        fields={
            "sentence": Text("text"),
            "rating": Number("mean sentiment of 20 people, -4..4"),
        },
        answer="rating",
        to_text=to_text,
        to_target=lambda made: rating(made["targets"]),
        to_prediction=lambda text, _: rating(text),
        measure=metrics.all_of(metrics.pearson, metrics.spearman),
        metrics=("pearson", "spearman"),
        constants=lambda train: [sum(train) / len(train) if train else 0.0],
        sizes={"train": 20_628, "validation": 1000, "test": 1000},
        lengths=(64, 6),
        about="How positive is the sentence, -4..4?",
        licence="MIT (Hutto and Gilbert 2014)",
        example={"sentence": "The plot is thin, but the cast is a joy.", "rating": 1.4},
    )


def rating_text(value: float) -> str:
    """Return a rating as the nearest multiple of 0.5, ties to even multiples."""
    return f"{round(2 * value) / 2 + 0.0:.1f}"


def rating(text: str) -> float:
    """Return the number of -4..4 that `text` is, else 0, the neutral rating."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if -4 <= value <= 4 else 0.0


def gloss_category() -> Task:
    """Return the category of a noun from its gloss alone."""
    return classification(
        name="gloss_category",
        prefix="gloss",
        features=("definition",),
        labels=wordnet.CATEGORIES,
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=of_prepared(wordnet.GLOSSES),
        sizes={"train": 79_418, "validation": 1000, "test": 1000},
        lengths=(64, 4),
        about="Which of 25 categories is a noun of, by its dictionary definition?",
        licence="WordNet 3.0 licence",
        example={"definition": "a small bird that sings at dusk", "label": 1},
    )


def word_in_context() -> Task:
    """Return whether a word has one sense in two sentences (as WiC, Pilehvar and others 2019)."""
    return classification(
        name="word_in_context",
        prefix="sense",
        features=("sentence1", "sentence2", "word"),
        labels=FALSE_TRUE,
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=of_prepared(wordnet.USAGE),
        sizes={"train": 8147, "validation": 504, "test": 510},
        lengths=(64, 4),
        kind="word_sense",
        about="Does the word have the same sense in both sentences?",
        licence="WordNet 3.0 licence",
        example={
            "sentence1": "They sat on the bank of the river.",
            "sentence2": "The bank was closed on Sunday.",
            "word": "bank",
            "label": 0,
        },
    )


def boolq() -> Task:
    """Return BoolQ with the question first, so that a cut leaves it whole."""
    return classification(
        name="boolq",
        prefix="boolq",
        features=("question", "passage"),
        labels=FALSE_TRUE,
        measure=metrics.accuracy,
        metric_names=("acc",),
        source=of_prepared(olmo.BOOLQ),
        sizes={"train": 6969, "validation": 1000, "test": 1000},
        lengths=(128, 4),
        kind="question_answering",
        about="Is the answer to the question yes, by the passage?",
        licence="CC BY-SA 3.0 (Clark and others 2019)",
        example={
            "question": "is the moon larger than the earth?",
            "passage": "The Moon has about a quarter of the diameter of the Earth.",
            "label": 0,
        },
    )


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

    return Task(
        name="winogrande",
        kind="coreference",
        source=of_prepared(olmo.WINOGRANDE),
        fields={
            "sentence": Text("text with one _"),
            "option1": Text("noun phrase"),
            "option2": Text("noun phrase"),
            "label": Label("0 option1, 1 option2", ("option1", "option2")),
        },
        answer="label",
        to_text=to_text,
        to_target=lambda made: made["choices"].index(made["targets"]),
        to_prediction=to_prediction,
        measure=metrics.accuracy,
        metrics=("acc",),
        constants=label_constants(("option1", "option2")),
        sizes={"train": 39_398, "validation": 1000, "test": 1000},
        lengths=(64, 8),
        about="Which of two nouns fills the blank?",
        licence="CC BY (Sakaguchi and others 2020)",
        example={
            "sentence": "The ball broke the vase because the _ was fragile.",
            "option1": "ball",
            "option2": "vase",
            "label": 1,
        },
    )


def docstring_summary(*, words: str = ENGLISH) -> Task:
    """Return the line that sums up a docstring, from the rest of it (words: as in CNN/DM)."""

    def to_texts(raw: Mapping[str, Any]) -> tuple[str, str]:
        return summarize({"article": raw["document"], "highlights": raw["summary"]})

    return text_task(
        name="docstring_summary",
        kind="summarization",
        to_texts=to_texts,
        words=words,
        source=of_prepared(docstrings.DATA),
        fields={
            "document": Text("a docstring after its first paragraph"),
            "summary": Text("that paragraph"),
        },
        answer="summary",
        sizes={"train": 6594, "validation": 500, "test": 500},
        about="Which line sums up the description of a function or class?",
        licence="BSD-3-Clause (NetworkX, pandas, scikit-learn, SymPy)",
        example={
            "document": "Parameters x : array The values. Returns float The sum over all of x.",
            "summary": "Add up the values of an array.",
        },
    )


def _gettext(language: str, train: int, example: Mapping[str, str]) -> Callable[[], Task]:
    """Return the builder of the translation task from English to `language`."""

    def build() -> Task:
        return translation_task(
            name=f"gettext_en{language}",
            languages=("en", language),
            source=of_prepared(catalogues.DATA, f"en{language}-"),
            sizes={"train": train, "validation": 200, "test": 200},
            licence="BSD-3-Clause (Django, Wagtail)",
            example={"translation": dict(example)},
        )

    return build


def of_prepared(data: Prepared, prefix: str = "") -> Source:
    """Return the files called prefix + split of prepared data as a task's source."""
    splits = {split: f"{prefix}{split}" for split in SPLITS}
    return Source(folder=data.prepare, pins=data.identity, splits=splits)


TASKS: dict[str, Callable[..., Task]] = {
    "vader_sentiment": vader_sentiment,
    "vader_rating": vader_rating,
    "gloss_category": gloss_category,
    "word_in_context": word_in_context,
    "boolq": boolq,
    "winogrande": winogrande,
    "docstring_summary": docstring_summary,
    "gettext_ende": _gettext("de", 1397, {"en": "That is good.", "de": "Das ist gut."}),
    "gettext_enfr": _gettext("fr", 1428, {"en": "That is good.", "fr": "C'est bon."}),
    "gettext_enro": _gettext("ro", 1341, {"en": "That is good.", "ro": "Este bine."}),
}
