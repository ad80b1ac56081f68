"""Summarization and translation (paper, 2.3): free text, scored by overlap with a reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab import metrics
from lab.datasets.source import Source, TaskError
from t5study.tasks.labels import choose
from t5study.tasks.task import Example, Task, frequent

WMT_TERMS = "terms of the WMT corpora, research use"
LANGUAGES = {"en": "English", "de": "German", "fr": "French", "ro": "Romanian"}


def cnn_dailymail() -> Task:
    """Return CNN/Daily Mail, non-anonymized: a news article's highlights."""
    return text_task(
        name="cnn_dailymail",
        kind="summarization",
        to_texts=summarize,
        measure=metrics.rouge,
        metric_names=("rouge1", "rouge2", "rougeL"),
        source=Source(
            path="abisee/cnn_dailymail",
            config="3.0.0",
            revision="96df5e686bee6baa90b8bee7c28b81fa3fa6223d",
            splits={"train": "train", "validation": "validation", "test": "test"},
        ),
        fields={"article": "news article", "highlights": "its summary, a sentence a line"},
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


def wmt14_ende(*, data: str = "t2t") -> Task:
    """Return WMT English-German; newstest2013 validates, newstest2014 tests.

    data: "t2t" trains on the set of Vaswani et al. 2017 (what ran), "wmt14" on that of WMT 2014.
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
        example={"translation": {"en": "That is good.", "de": "Das ist gut."}},
    )


def wmt15_enfr() -> Task:
    """Return WMT English-French; newsdiscussdev2015 and newstest2014 validate."""
    return translation_task(
        name="wmt15_enfr",
        languages=("en", "fr"),
        source=_wmt_source("wmt/wmt15", "fr-en", "9c1ec82d252027f9f43f98f23e2feccaddcb395c"),
        sizes={"train": 40853137, "validation": 4503, "test": 1500},
        licence=WMT_TERMS,
        example={"translation": {"en": "That is good.", "fr": "C'est bon."}},
    )


def wmt16_enro() -> Task:
    """Return WMT English-Romanian; newsdev2016 validates, newstest2016 tests."""
    return translation_task(
        name="wmt16_enro",
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
        measure=metrics.bleu,
        metric_names=("bleu",),
        source=source,
        fields={f"translation.{code}|{code}": LANGUAGES[code] for code in languages},
        sizes=sizes,
        about=f"How does one say it in {LANGUAGES[theirs]}?",
        licence=licence,
        settings=settings,
        example=example,
    )


def text_task(
    *,
    name: str,
    kind: str,
    to_texts: Callable[[Mapping[str, Any]], tuple[str, str]],
    measure: metrics.Metric,
    metric_names: tuple[str, ...],
    source: Source,
    fields: Mapping[str, str],
    about: str,
    licence: str,
    example: Mapping[str, Any],
    sizes: Mapping[str, int] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Task:
    """Return a task whose target and prediction are the texts themselves."""

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        inputs, targets = to_texts(raw)
        if not isinstance(targets, str):
            raise TaskError(f"The target is {targets!r}, expected text.")
        kept = {key: raw[key] for key in ("id",) if key in raw}
        return [{"inputs": inputs, "targets": targets} | kept]

    return Task(
        name=name,
        kind=kind,
        source=source,
        fields=fields,
        to_text=to_text,
        to_target=lambda made: made["targets"],
        to_prediction=lambda text, _: text,
        measure=measure,
        metrics=metric_names,
        constants=lambda train_targets: frequent(train_targets, 3),
        sizes=sizes or {},
        about=about,
        licence=licence,
        settings=settings or {},
        example=example,
    )


TASKS: dict[str, Callable[..., Task]] = {
    "cnn_dailymail": cnn_dailymail,
    "wmt14_ende": wmt14_ende,
    "wmt15_enfr": wmt15_enfr,
    "wmt16_enro": wmt16_enro,
}
