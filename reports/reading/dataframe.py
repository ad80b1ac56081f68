"""A sweep as a pandas DataFrame, for notebooks and further statistics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas

from reports.reading.collect import (
    SCORES,
    distinct_cells,
    read_columns,
    sweep_results,
)
from reports.reading.records import find_record, flat
from reports.reading.results import Results

SETTING = "config."
"""Before the name of each setting in which the cells differ."""


def to_frame(store: Path, sweep: str) -> pandas.DataFrame:
    """One line for each run of each column; seeds that ask the same stages are one run.

    `row`, `baseline`, `column`, `seed`, `value` (NaN for a hole), `keys` (the evaluations behind
    the value), `flops` and `seconds` (of all stages behind the run, shared ones included; NaN where
    they are not known), and `config.NAME` for each setting in which the sweep's runs differ.
    Raises ReportError for an unknown sweep.
    """
    record = find_record(store, sweep)
    results = sweep_results(store, record)
    frame = pandas.DataFrame(list(_lines(record, results)))
    results.save()
    numbers = ["value", "flops", "seconds"]
    return frame.astype(dict.fromkeys(numbers, "float64")) if len(frame) else frame


def _lines(record: Mapping[str, Any], results: Results) -> Iterator[dict[str, Any]]:
    columns = read_columns(record)
    runs = [
        (row, cell, dict(flat(cell["config"])))
        for row in record["rows"]
        for cell in distinct_cells(row)
    ]
    names = dict.fromkeys(name for _, _, config in runs for name in config)
    differing = [
        name for name in names if len({json.dumps(config.get(name)) for _, _, config in runs}) > 1
    ]
    stages = record["stages"]
    for row, cell, config in runs:
        flops = sum(results.flops(key, stages[key]) for key in cell["stages"])
        found = [results.get(stages[key]["name"], key) for key in cell["stages"]]
        known = [one.wall_seconds for one in found if one and one.wall_seconds is not None]
        scores = {
            task: result.files.get(SCORES)
            for task, key in cell["scores"].items()
            if (result := results.get(stages[key]["name"], key))
        }
        about = {
            "flops": flops or None,
            "seconds": sum(known) if len(known) == len(found) else None,
            **{f"{SETTING}{name}": config.get(name) for name in differing if name != "seed"},
        }
        for column in columns:
            keys = dict.fromkeys(cell["scores"][t] for t in column.tasks if t in cell["scores"])
            yield {
                "row": str(row["label"]),
                "baseline": bool(row.get("baseline", False)),
                "column": column.name,
                "seed": cell["seed"],
                "value": column.value(scores),
                "keys": " ".join(keys),
                **about,
            }
