"""Validation sets of hub tasks that registry packages carry, for evaluation without a hub."""

from __future__ import annotations

from pathlib import Path

from lab.corpora.prepared import Prepared
from lab.datasets.embedded import olmo, squad
from lab.datasets.source import TaskError, nearest

DATA: dict[str, Prepared] = {
    "glue_sst2": olmo.SLICES,
    "glue_mrpc": olmo.SLICES,
    "glue_rte": olmo.SLICES,
    "super_glue_boolq": olmo.SLICES,
    "super_glue_cb": olmo.SLICES,
    "super_glue_copa": olmo.SLICES,
    "squad": squad.DATA,
}
"""Task -> the data that holds its validation set under the task's name."""


def validation_file(task: str) -> Path:
    """Return a Parquet file with the task's validation set, as the hub has it.

    Give it as `get_task(task).load("validation", data_files=FILE)`. It is fetched when it is not
    there (squad: 358 MB). Raises TaskError for a task that has none.
    """
    if task not in DATA:
        raise TaskError(
            f"No embedded validation set for task '{task}'.{nearest(task, DATA)} "
            f"Known: {', '.join(DATA)}."
        )
    return DATA[task].prepare() / f"{task}.parquet"
