"""Translation tasks on what Debian's archive carries, fetched only when asked for."""

from __future__ import annotations

from collections.abc import Callable

from t5study.tasks.generation import translation
from t5study.tasks.task import Task

TASKS: dict[str, Callable[..., Task]] = {
    name: translation(name) for name in ("help_ende", "help_enfr", "messages_enro")
}
