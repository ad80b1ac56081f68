"""Fetching what cells read: the embedded data, and whatever else lies outside the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from t5study.corpora import available, prepare_all
from t5study.stages import Stages


def prepare(configs: Sequence[Mapping[str, Any]], say: Callable[[str], None]) -> None:
    """Have the data of these cells' tasks and corpora in the cache. Raises DataError."""
    corpora = {
        name for c in configs for name in (c["vocabulary"]["corpus"], c["dataset"]["corpus"])
    }
    tasks = {
        task
        for config in configs
        for unit in Stages(config).units
        for task in (*unit.train, *unit.evaluate)
    }
    if not available(sorted(tasks), sorted(corpora)):
        say("Fetching the data once (about 200 MB); later runs read it from the cache.")
    announced: set[str] = set()

    def progress(what: str, done: int, total: int) -> None:
        if done and what not in announced:
            announced.add(what)
            say(f"  {what}")

    prepare_all(sorted(tasks), sorted(corpora), progress)
