"""Summaries and translations on the hub."""

from __future__ import annotations

from lab import metrics
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Text
from lab.datasets.source import Source

DATASETS = [
    DataSet(
        name="cnn_dailymail",
        kind="summarization",
        about="What are the highlights of a news article?",
        licence="Apache 2.0",
        source=Source(
            path="abisee/cnn_dailymail",
            config="3.0.0",
            revision="96df5e686bee6baa90b8bee7c28b81fa3fa6223d",
            splits={"train": "train", "validation": "validation", "test": "test"},
        ),
        sizes={"train": 287113, "validation": 13368, "test": 11490},
        fields={
            "article": Text("news article"),
            "highlights": Text("its summary, a sentence a line"),
        },
        answer="highlights",
        measure=metrics.rouge,
        metrics=("rouge1", "rouge2", "rougeL"),
        example={
            "article": "A ferry ran aground off the coast on Monday. All 40 passengers are safe.",
            "highlights": "Ferry runs aground .\nNobody was hurt .",
        },
    ),
    DataSet(
        name="wmt14_ende",
        kind="translation",
        about="How does one say it in German?",
        licence="terms of the WMT corpora, research use",
        source=Source(
            path="wmt/wmt_t2t",
            config="de-en",
            revision="4c6696c8a5ea80b1993611b14e7b42bcd7fb2fb2",
            splits={"train": "train", "validation": "validation", "test": "test"},
        ),
        sizes={"train": 4592289, "validation": 3000, "test": 3003},
        fields={"translation.en|en": Text("English"), "translation.de|de": Text("German")},
        answer="translation.de|de",
        measure=metrics.bleu,
        metrics=("bleu",),
        example={"translation": {"en": "That is good.", "de": "Das ist gut."}},
    ),
    DataSet(
        name="wmt15_enfr",
        kind="translation",
        about="How does one say it in French?",
        licence="terms of the WMT corpora, research use",
        source=Source(
            path="wmt/wmt15",
            config="fr-en",
            revision="9c1ec82d252027f9f43f98f23e2feccaddcb395c",
            splits={"train": "train", "validation": "validation", "test": "test"},
        ),
        sizes={"train": 40853137, "validation": 4503, "test": 1500},
        fields={"translation.en|en": Text("English"), "translation.fr|fr": Text("French")},
        answer="translation.fr|fr",
        measure=metrics.bleu,
        metrics=("bleu",),
        example={"translation": {"en": "That is good.", "fr": "C'est bon."}},
    ),
    DataSet(
        name="wmt16_enro",
        kind="translation",
        about="How does one say it in Romanian?",
        licence="terms of the WMT corpora, research use",
        source=Source(
            path="wmt/wmt16",
            config="ro-en",
            revision="41d8a4013aa1489f28fea60ec0932af246086482",
            splits={"train": "train", "validation": "validation", "test": "test"},
        ),
        sizes={"train": 610320, "validation": 1999, "test": 1999},
        fields={"translation.en|en": Text("English"), "translation.ro|ro": Text("Romanian")},
        answer="translation.ro|ro",
        measure=metrics.bleu,
        metrics=("bleu",),
        example={"translation": {"en": "That is good.", "ro": "Este bine."}},
    ),
]
"""Each found by its name (lab.datasets.get_dataset)."""
