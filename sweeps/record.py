"""The sweep's record: all that a table needs to know besides the finished stages."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from typing import Any

from sweeps.graph import Graph
from sweeps.labels import stage_labels
from sweeps.rows import Row, Sweep
from sweeps.store import Store, write_json


def record(sweep: Sweep, command: Sequence[str] | None = None) -> dict[str, Any]:
    """The record of a sweep as plain JSON values."""
    graph = Graph(sweep.stages)
    labels = stage_labels([sweep])
    some = sweep.cells[0]
    return {
        "schema": 1,
        "id": sweep.id,
        "title": sweep.title,
        "section": sweep.section,
        "study": sweep.study,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds"),
        "command": list(command or sys.argv),
        "sweep_file": sweep.file and {"name": sweep.file.name, "sha256": sweep.file.sha256},
        "common": list(sweep.common),
        "seeds": dict(sweep.seeds),
        "rows": [_row(row) for row in sweep.rows],
        "columns": [dict(column) for column in some.columns],
        "references": [dict(reference) for reference in some.references],
        "selection": some.selection,
        "footnotes": list(dict.fromkeys(n for cell in sweep.cells for n in cell.footnotes))
        + list(sweep.notices),
        "stages": {
            key: {
                "name": stage.name,
                "label": labels[key],
                "inputs": {role: parent.key for role, parent in stage.inputs.items()},
                "flops": float(stage.cost.flops),
            }
            for key, stage in graph.stages.items()
        },
        "search": sweep.found and dict(sweep.found),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "label": row.label,
        "name": row.name,
        "overrides": list(row.overrides),
        "baseline": row.baseline,
        "cells": [
            {
                "seed": cell.seed,
                "config": cell.config,
                "scores": {task: stage.key for task, stage in cell.scores.items()},
                "stages": sorted(Graph(cell.scores.values()).stages),
            }
            for cell in row.cells
        ],
    }


def write_record(store: Store, sweep: Sweep) -> None:
    """Write store/sweeps/<id>.json, whole or not at all."""
    write_json(store.record_path(sweep.id), record(sweep))
