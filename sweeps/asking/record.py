"""The sweep's record: all that a table needs to know besides the finished stages."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sweeps.asking.labels import stage_labels
from sweeps.asking.rows import Row, Sweep
from sweeps.errors import RefusedError
from sweeps.graph import Graph
from sweeps.store import Store, write_json


def record(sweep: Sweep, command: Sequence[str] | None = None) -> dict[str, Any]:
    """The record of a sweep as plain JSON values, without what further seeds would cost."""
    graph = Graph(sweep.stages)
    labels = stage_labels([sweep])
    some = sweep.cells[0]
    return {
        "schema": 1,
        "id": sweep.id,
        "name": sweep.name,
        "title": sweep.title,
        "section": sweep.section,
        "study": sweep.study,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds"),
        "command": list(command or sys.argv),
        "sweep_file": sweep.file and {"name": sweep.file.name, "sha256": sweep.file.sha256},
        "common": list(sweep.common),
        "asked": list(sweep.asked),
        "seeds": dict(sweep.seeds),
        "rows": [_row(row) for row in sweep.rows],
        "columns": [column.to_json() for column in some.columns],
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
        "claims": _claims(sweep) if sweep.claims else None,
        **({"figure": dict(sweep.file.figure)} if sweep.file and sweep.file.figure else {}),
    }


def _claims(sweep: Sweep) -> dict[str, Any]:
    return {
        "level": sweep.level,
        "list": [claim.to_json() for claim in sweep.claims],
        **(sweep.rounds or {}),
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
                **({"absent": dict(cell.absent)} if cell.absent else {}),
            }
            for cell in row.cells
        ],
    }


def write_record(store: Store, sweep: Sweep) -> str | None:
    """Write store/sweeps/<name>.json, whole or not at all; what is to be said about another one.

    The id means this sweep from now on. An earlier one of that id, which asked for something else,
    goes by its own name, unless it is contained in this one: then its record goes.
    """
    content, path, notice = record(sweep), store.records.path(sweep.name), None
    if sweep.further:
        content["claims"]["further"] = dict(sweep.further())
    before = [one for one in store.records.all() if one.id == sweep.id]
    while "order" not in content or store.records.shares_order(path):
        content["order"] = store.records.next_order()
        write_json(path, content)
    for one in before:
        if one.path == path:
            continue
        if one.own == sweep.name or _contains(content, one.record):
            one.path.unlink(missing_ok=True)
        elif one is before[-1]:
            asked = " ".join(one.record.get("asked", one.record.get("common", [])))
            notice = (
                f"{sweep.id} is this sweep from now on; the one before, of "
                f"{asked or 'no overrides'}, goes by {one.own}."
            )
    return notice


def _contains(whole: Mapping[str, Any], part: Mapping[str, Any]) -> bool:
    """Whether a table has all that another has. A search's path is its own."""
    return not part.get("search") and part["stages"].keys() <= whole["stages"].keys()


@contextmanager
def withdrawn_if_refused(store: Store, sweeps: Iterable[Sweep]) -> Iterator[None]:
    """Put the sweeps' records back as they were where nothing of them could begin."""
    sweeps = list(sweeps)
    ids = {sweep.id for sweep in sweeps}
    before = {one.path: one.record for one in store.records.all() if one.id in ids}
    try:
        yield
    except RefusedError as error:
        if not error.begun:
            for path, content in before.items():
                write_json(path, content)
            for path in {store.records.path(sweep.name) for sweep in sweeps} - before.keys():
                path.unlink(missing_ok=True)
        raise
