"""Summarization and translation (paper, 2.3): free text, scored by overlap with a reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lab import metrics
from lab.datasets import get_dataset
from lab.datasets.dataset import DataSet
from lab.words import mostly_unspaced, mostly_without_english
from t5study.tasks.labels import choose
from t5study.tasks.task import Example, Task, frequent, text_form

LANGUAGES = {"en": "English", "de": "German", "fr": "French", "ro": "Romanian"}
ENGLISH, ANY = "english", "any"
"""What counts as a word in a score: as the published scores have it, or of any script."""


def cnn_dailymail(*, words: str = ENGLISH) -> Task:
    """Return CNN/Daily Mail, non-anonymized: a news article's highlights.

    words: "english" counts words of a-z and 0-9 (published scores), "any" those of any script.
    """
    return text_task(get_dataset("cnn_dailymail"), to_texts=summarize, words=words)


def summarize(raw: Mapping[str, Any]) -> tuple[str, str]:
    """Return "summarize: article" and the highlights."""
    return f"summarize: {raw['article']}", raw["highlights"]


def translate(pair: Mapping[str, Any], source: str, target: str) -> tuple[str, str]:
    """Return "translate LANGUAGE to LANGUAGE: text" and its translation, by language codes."""
    prefix = f"translate {LANGUAGES[source]} to {LANGUAGES[target]}:"
    return f"{prefix} {pair[source]}", pair[target]


def wmt14_ende(*, data: str = "t2t", words: str = ENGLISH) -> Task:
    """Return WMT English-German; newstest2013 validates, newstest2014 tests.

    data: "t2t" trains on the set of Vaswani et al. 2017 (what ran), "wmt14" on that of WMT 2014.
    words: as in `cnn_dailymail`.
    """
    settings = {"data": choose("data", data, ("t2t", "wmt14"))}
    known = get_dataset("wmt14_ende")
    if data == "wmt14":
        revision = "b199e406369ec1b7634206d3ded5ba45de2fe696"
        known = replace(
            known,
            source=replace(known.source, path="wmt/wmt14", revision=revision),
            sizes={**known.sizes, "train": 4508785},
        )
    return translation_task(known, words=words, settings=settings)


def translation(name: str) -> Callable[..., Task]:
    """Return the builder of a translation task."""

    def build(*, words: str = ENGLISH) -> Task:
        return translation_task(get_dataset(name), words=words)

    build.__doc__ = f"Return {name} as text (words: as in `cnn_dailymail`)."
    return build


def translation_task(
    data: DataSet, *, words: str = ENGLISH, settings: Mapping[str, Any] | None = None
) -> Task:
    """Return translation between the two languages of a data set's fields, scored by BLEU.

    An example holds both texts under their codes, inside a field "translation" or by themselves.
    """
    ours, theirs = (field.rpartition("|")[2] for field in data.fields)

    def to_texts(raw: Mapping[str, Any]) -> tuple[str, str]:
        return translate(raw.get("translation", raw), ours, theirs)

    return text_task(data, to_texts=to_texts, words=words, settings=settings)


SCORES: dict[str, tuple[Mapping[str, metrics.Metric], Callable[[str], bool]]] = {
    "summarization": (
        {ENGLISH: metrics.rouge, ANY: metrics.rouge_of_any_script},
        mostly_without_english,
    ),
    "translation": ({ENGLISH: metrics.bleu, ANY: metrics.bleu_of_any_script}, mostly_unspaced),
}
"""Kind -> how its scores are computed, and which targets the published form cannot count."""


def text_task(
    data: DataSet,
    *,
    to_texts: Callable[[Mapping[str, Any]], tuple[str, str]],
    words: str = ENGLISH,
    settings: Mapping[str, Any] | None = None,
) -> Task:
    """Return a task whose target and prediction are the texts themselves.

    `words` is what its score counts, ENGLISH or ANY: ROUGE of a summary, BLEU of a translation.
    """
    choose("words", words, (ENGLISH, ANY))
    by_words, uncounted = SCORES[data.kind]
    # The published form is no setting: what it is called must not change what is known of it.
    chosen = {} if words == ENGLISH else {"words": words}

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        inputs, targets = to_texts(raw)
        kept = {key: raw[key] for key in ("id",) if key in raw}
        return [{"inputs": inputs, "targets": targets} | kept]

    return text_form(
        data,
        to_text=to_text,
        to_target=lambda made: made["targets"],
        to_prediction=lambda text, _: text,
        measure=by_words[words],
        uncounted=uncounted if words == ENGLISH else lambda target: False,
        constants=lambda train_targets: frequent(train_targets, 3),
        settings={**(settings or {}), **chosen},
    )


TASKS: dict[str, Callable[..., Task]] = {
    "cnn_dailymail": cnn_dailymail,
    "wmt14_ende": wmt14_ende,
    "wmt15_enfr": translation("wmt15_enfr"),
    "wmt16_enro": translation("wmt16_enro"),
}
