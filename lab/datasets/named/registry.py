"""Translations that Debian's archive carries, fetched only when asked for."""

from __future__ import annotations

from lab import metrics
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Text
from lab.datasets.registry import help_pages, messages
from lab.datasets.source import of_prepared

DATASETS = [
    DataSet(
        name="help_ende",
        kind="translation",
        about="How does one say it in German?",
        licence="MPL-2.0 (LibreOffice)",
        source=of_prepared(help_pages.DATA, "ende-"),
        sizes={"train": 21250, "validation": 500, "test": 1001},
        fields={"translation.en|en": Text("English"), "translation.de|de": Text("German")},
        answer="translation.de|de",
        measure=metrics.bleu,
        metrics=("bleu",),
        example={
            "translation": {
                "en": "Click the icon to close the window.",
                "de": "Klicken Sie auf das Symbol.",
            }
        },
    ),
    DataSet(
        name="help_enfr",
        kind="translation",
        about="How does one say it in French?",
        licence="MPL-2.0 (LibreOffice)",
        source=of_prepared(help_pages.DATA, "enfr-"),
        sizes={"train": 20184, "validation": 500, "test": 1000},
        fields={"translation.en|en": Text("English"), "translation.fr|fr": Text("French")},
        answer="translation.fr|fr",
        measure=metrics.bleu,
        metrics=("bleu",),
        example={
            "translation": {
                "en": "Click the icon to close the window.",
                "fr": "Cliquez sur l'icône.",
            }
        },
    ),
    DataSet(
        name="messages_enro",
        kind="translation",
        about="How does one say it in Romanian?",
        licence="MPL-2.0 (LibreOffice)",
        source=of_prepared(messages.DATA, "enro-"),
        sizes={"train": 2604, "validation": 200, "test": 400},
        fields={"translation.en|en": Text("English"), "translation.ro|ro": Text("Romanian")},
        answer="translation.ro|ro",
        measure=metrics.bleu,
        metrics=("bleu",),
        example={
            "translation": {
                "en": "The file could not be opened for reading.",
                "ro": "Fișierul nu s-a deschis.",
            }
        },
    ),
]
"""Each found by its name (lab.datasets.get_dataset)."""
