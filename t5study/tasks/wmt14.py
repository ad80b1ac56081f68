"""WMT English-German, whose training set is not that of WMT 2014 (paper, 2.3)."""

from __future__ import annotations

from dataclasses import replace

from t5study.tasks.defined import ENGLISH, named_builder
from t5study.tasks.labels import choose
from t5study.tasks.task import Task


def wmt14_ende(*, data: str = "t2t", words: str = ENGLISH) -> Task:
    """Return WMT English-German; newstest2013 validates, newstest2014 tests.

    data: "t2t" trains on the set of Vaswani et al. 2017 (what ran), "wmt14" on that of WMT 2014.
    words: "english" counts words of a-z and 0-9 (published scores), "any" those of any script.
    """
    choose("data", data, ("t2t", "wmt14"))
    task = named_builder("wmt14_ende")(words=words)
    task = replace(task, settings={"data": data, **task.settings})
    if data == "t2t":
        return task
    revision = "b199e406369ec1b7634206d3ded5ba45de2fe696"
    source = replace(task.source, path="wmt/wmt14", revision=revision)
    return replace(task, source=source, sizes={**task.sizes, "train": 4508785})


TASKS = {"wmt14_ende": wmt14_ende}
