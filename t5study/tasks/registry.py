"""Translation tasks on what Debian's archive carries, fetched only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.corpora.prepared import Prepared
from lab.datasets.registry import help_pages, messages
from t5study.tasks.embedded import of_prepared
from t5study.tasks.generation import translation_task
from t5study.tasks.task import Task

EXAMPLES = {
    "de": {"en": "Click the icon to close the window.", "de": "Klicken Sie auf das Symbol."},
    "fr": {"en": "Click the icon to close the window.", "fr": "Cliquez sur l'icône."},
    "ro": {"en": "The file could not be opened for reading.", "ro": "Fișierul nu s-a deschis."},
}


def _translation(
    name: str, language: str, data: Prepared, sizes: Mapping[str, int]
) -> Callable[[], Task]:
    """Return the builder of the translation task from English to `language`."""

    def build() -> Task:
        return translation_task(
            name=name,
            languages=("en", language),
            source=of_prepared(data, f"en{language}-"),
            sizes=sizes,
            licence="MPL-2.0 (LibreOffice)",
            example={"translation": EXAMPLES[language]},
        )

    return build


TASKS: dict[str, Callable[..., Task]] = {
    "help_ende": _translation(
        "help_ende", "de", help_pages.DATA, {"train": 21_250, "validation": 500, "test": 1001}
    ),
    "help_enfr": _translation(
        "help_enfr", "fr", help_pages.DATA, {"train": 20_184, "validation": 500, "test": 1000}
    ),
    "messages_enro": _translation(
        "messages_enro", "ro", messages.DATA, {"train": 2604, "validation": 200, "test": 400}
    ),
}
