"""Summarization and translation (paper, 2.3): free text, scored by overlap with a reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab import metrics
from lab.datasets.fields import Field, Text
from lab.datasets.source import Source
from lab.words import mostly_unspaced, mostly_without_english
from t5study.tasks.labels import choose
from t5study.tasks.task import Example, Task, frequent

WMT_TERMS = "terms of the WMT corpora, research use"
LANGUAGES = {"en": "English", "de": "German", "fr": "French", "ro": "Romanian"}


ENGLISH, ANY = "english", "any"
"""What counts as a word in a score: as the published scores have it, or of any script."""


def cnn_dailymail(*, words: str = ENGLISH) -> Task:
    """Return CNN/Daily Mail, non-anonymized: a news article's highlights.

    words: "english" counts words of a-z and 0-9 (published scores), "any" those of any script.
    """
    return text_task(
        name="cnn_dailymail",
        kind="summarization",
        to_texts=summarize,
        words=words,
        source=Source(
            path="abisee/cnn_dailymail",
            config="3.0.0",
            revision="96df5e686bee6baa90b8bee7c28b81fa3fa6223d",
            splits={"train": "train", "validation": "validation", "test": "test"},
        ),
        fields={
            "article": Text("news article"),
            "highlights": Text("its summary, a sentence a line"),
        },
        answer="highlights",
        sizes={"train": 287113, "validation": 13368, "test": 11490},
        about="What are the highlights of a news article?",
        licence="Apache 2.0",
        example={
            "article": "A ferry ran aground off the coast on Monday. All 40 passengers are safe.",
            "highlights": "Ferry runs aground .\nNobody was hurt .",
        },
    )


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
    path, revision, train = {
        "t2t": ("wmt/wmt_t2t", "4c6696c8a5ea80b1993611b14e7b42bcd7fb2fb2", 4592289),
        "wmt14": ("wmt/wmt14", "b199e406369ec1b7634206d3ded5ba45de2fe696", 4508785),
    }[choose("data", data, ("t2t", "wmt14"))]
    return translation_task(
        name="wmt14_ende",
        languages=("en", "de"),
        source=_wmt_source(path, "de-en", revision),
        sizes={"train": train, "validation": 3000, "test": 3003},
        licence=WMT_TERMS,
        settings={"data": data},
        words=words,
        example={"translation": {"en": "That is good.", "de": "Das ist gut."}},
    )


def wmt15_enfr(*, words: str = ENGLISH) -> Task:
    """Return WMT English-French; newsdiscussdev2015 and newstest2014 validate.

    words: as in `cnn_dailymail`.
    """
    return translation_task(
        name="wmt15_enfr",
        words=words,
        languages=("en", "fr"),
        source=_wmt_source("wmt/wmt15", "fr-en", "9c1ec82d252027f9f43f98f23e2feccaddcb395c"),
        sizes={"train": 40853137, "validation": 4503, "test": 1500},
        licence=WMT_TERMS,
        example={"translation": {"en": "That is good.", "fr": "C'est bon."}},
    )


def wmt16_enro(*, words: str = ENGLISH) -> Task:
    """Return WMT English-Romanian; newsdev2016 validates, newstest2016 tests.

    words: as in `cnn_dailymail`.
    """
    return translation_task(
        name="wmt16_enro",
        words=words,
        languages=("en", "ro"),
        source=_wmt_source("wmt/wmt16", "ro-en", "41d8a4013aa1489f28fea60ec0932af246086482"),
        sizes={"train": 610320, "validation": 1999, "test": 1999},
        licence=WMT_TERMS,
        example={"translation": {"en": "That is good.", "ro": "Este bine."}},
    )


def _wmt_source(path: str, config: str, revision: str) -> Source:
    splits = {"train": "train", "validation": "validation", "test": "test"}
    return Source(path=path, config=config, revision=revision, splits=splits)


def translation_task(
    *,
    name: str,
    languages: tuple[str, str],
    source: Source,
    licence: str,
    example: Mapping[str, Any],
    sizes: Mapping[str, int] | None = None,
    settings: Mapping[str, Any] | None = None,
    words: str = ENGLISH,
) -> Task:
    """Return translation between two language codes, scored by BLEU.

    An example holds both texts under their codes, inside a field "translation" or by themselves.
    """
    ours, theirs = languages

    def to_texts(raw: Mapping[str, Any]) -> tuple[str, str]:
        return translate(raw.get("translation", raw), ours, theirs)

    return text_task(
        name=name,
        kind="translation",
        to_texts=to_texts,
        words=words,
        source=source,
        fields={f"translation.{code}|{code}": Text(LANGUAGES[code]) for code in languages},
        answer=f"translation.{theirs}|{theirs}",
        sizes=sizes,
        about=f"How does one say it in {LANGUAGES[theirs]}?",
        licence=licence,
        settings=settings,
        example=example,
    )


SCORES: dict[str, tuple[tuple[str, ...], Mapping[str, metrics.Metric], Callable[[str], bool]]] = {
    "summarization": (
        ("rouge1", "rouge2", "rougeL"),
        {ENGLISH: metrics.rouge, ANY: metrics.rouge_of_any_script},
        mostly_without_english,
    ),
    "translation": (
        ("bleu",),
        {ENGLISH: metrics.bleu, ANY: metrics.bleu_of_any_script},
        mostly_unspaced,
    ),
}
"""Kind -> its scores, how they are computed, and which targets the published form cannot count."""


def text_task(
    *,
    name: str,
    kind: str,
    to_texts: Callable[[Mapping[str, Any]], tuple[str, str]],
    words: str,
    source: Source,
    fields: Mapping[str, Field],
    answer: str,
    about: str,
    licence: str,
    example: Mapping[str, Any],
    sizes: Mapping[str, int] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Task:
    """Return a task whose target and prediction are the texts themselves.

    `words` is what its score counts, ENGLISH or ANY: ROUGE of a summary, BLEU of a translation.
    """
    choose("words", words, (ENGLISH, ANY))
    names, by_words, uncounted = SCORES[kind]
    # The published form is no setting: what it is called must not change what is known of it.
    chosen = {} if words == ENGLISH else {"words": words}

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        inputs, targets = to_texts(raw)
        kept = {key: raw[key] for key in ("id",) if key in raw}
        return [{"inputs": inputs, "targets": targets} | kept]

    return Task(
        name=name,
        kind=kind,
        source=source,
        fields=fields,
        answer=answer,
        to_text=to_text,
        to_target=lambda made: made["targets"],
        to_prediction=lambda text, _: text,
        measure=by_words[words],
        metrics=names,
        uncounted=uncounted if words == ENGLISH else lambda target: False,
        constants=lambda train_targets: frequent(train_targets, 3),
        sizes=sizes or {},
        about=about,
        licence=licence,
        settings={**(settings or {}), **chosen},
        example=example,
    )


TASKS: dict[str, Callable[..., Task]] = {
    "cnn_dailymail": cnn_dailymail,
    "wmt14_ende": wmt14_ende,
    "wmt15_enfr": wmt15_enfr,
    "wmt16_enro": wmt16_enro,
}
