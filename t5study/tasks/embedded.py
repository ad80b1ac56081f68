"""Tasks on real data that registry packages carry: no hub is needed (docs/data.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.datasets import get_dataset
from t5study.tasks.generation import ENGLISH, summarize, text_task, translation
from t5study.tasks.labels import classification, label_constants
from t5study.tasks.task import Example, Task, text_form
from t5study.tasks.text import UNLABELLED, join_fields


def _task(name: str, prefix: str, lengths: tuple[int, int]) -> Callable[[], Task]:
    """Return the builder of one classification task."""

    def build() -> Task:
        return classification(get_dataset(name), prefix=prefix, lengths=lengths)

    build.__doc__ = f"Return {name} as text."
    return build


def vader_rating() -> Task:
    """Return the mean sentiment rating of a sentence, -4..4 to the nearest 0.5."""

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        inputs = join_fields("rating", raw, ("sentence",))
        value = raw["rating"]
        return [{"inputs": inputs, "targets": UNLABELLED if value is None else rating_text(value)}]

    return text_form(
        get_dataset("vader_rating"),
        to_text=to_text,
        to_target=lambda made: rating(made["targets"]),
        to_prediction=lambda text, _: rating(text),
        constants=lambda train: [sum(train) / len(train) if train else 0.0],
        lengths=(64, 6),
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


def docstring_summary(*, words: str = ENGLISH) -> Task:
    """Return the line that sums up a docstring, from the rest of it (words: as in CNN/DM)."""

    def to_texts(raw: Mapping[str, Any]) -> tuple[str, str]:
        return summarize({"article": raw["document"], "highlights": raw["summary"]})

    return text_task(get_dataset("docstring_summary"), to_texts=to_texts, words=words)


TASKS: dict[str, Callable[..., Task]] = {
    "vader_sentiment": _task("vader_sentiment", "sentiment", (64, 4)),
    "vader_rating": vader_rating,
    "gloss_category": _task("gloss_category", "gloss", (64, 4)),
    "word_in_context": _task("word_in_context", "sense", (64, 4)),
    "acceptability": _task("acceptability", "acceptability", (64, 4)),
    # The question first, so that a cut leaves it whole.
    "boolq": _task("boolq", "boolq", (128, 4)),
    "winogrande": winogrande,
    "docstring_summary": docstring_summary,
    **{name: translation(name) for name in ("gettext_ende", "gettext_enfr", "gettext_enro")},
}
