"""What a sweep's record must hold so that a table can be drawn of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sweeps.columns import recorded_columns
from sweeps.errors import ColumnError


def record_fault(record: Any) -> str | None:
    """What is wrong with a record read from a file; None where nothing is.

    Of a cell, stages that the record does not name are a fault too: nothing could be said of them.
    """
    return next(_faults(record), None)


def _faults(record: Any) -> Iterator[str]:
    if not isinstance(record, Mapping):
        yield "it is no JSON object"
        return
    stages, rows = record.get("stages"), record.get("rows")
    if not isinstance(stages, Mapping):
        yield "stages is no object"
        return
    for key, stage in stages.items():
        if not isinstance(stage, Mapping) or not isinstance(stage.get("name"), str):
            yield f"stages: {key} has no name"
        elif not _texts(stage.get("inputs", {})):
            yield f"stages: inputs of {key} are no keys by role"
    if not isinstance(rows, list):
        yield "rows is no list"
        return
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or "label" not in row:
            yield f"row {number} has no label"
        elif not isinstance(row.get("cells"), list):
            yield f"row {number} has no cells"
        else:
            yield from _cell_faults(number, row["cells"], stages)
    for name, kind, meaning in _LISTS:
        if record.get(name) is not None and not isinstance(record[name], kind):
            yield f"{name} is no {meaning}"
    if record.get("columns") is not None:
        try:
            recorded_columns(record)
        except ColumnError as error:
            yield str(error)
    yield from _search_faults(record.get("search"))
    for reference in record.get("references") or []:
        if not isinstance(reference, Mapping) or not {"label", "file"} <= reference.keys():
            yield "references: one has no label and file"


_LISTS = (
    ("columns", list, "list"),
    ("references", list, "list"),
    ("footnotes", list, "list"),
    ("common", list, "list"),
    ("command", list, "list"),
    ("search", Mapping, "object"),
)


def _cell_faults(row: int, cells: list[Any], stages: Mapping[str, Any]) -> Iterator[str]:
    for cell in cells:
        if not isinstance(cell, Mapping) or not _texts(cell.get("scores")):
            yield f"row {row}: a cell has no scores by task"
        elif not isinstance(cell.get("stages"), list) or not all(
            isinstance(key, str) and key in stages for key in cell["stages"]
        ):
            yield f"row {row}: a cell names stages that are not there"
        elif not isinstance(cell.get("seed"), int) or not isinstance(cell.get("config"), Mapping):
            yield f"row {row}: a cell has no seed and configuration"


def _search_faults(search: Any) -> Iterator[str]:
    if not isinstance(search, Mapping):
        return
    axes = search.get("axes")
    if not isinstance(axes, list) or not isinstance(search.get("score"), str):
        yield "search has no score and axes"
        return
    for axis in axes:
        if not isinstance(axis, Mapping) or not {"name", "candidates"} <= axis.keys():
            yield "search: an axis has no name and candidates"
        elif axis.get("winner") is not None and axis["winner"] not in (axis.get("scores") or ()):
            yield f"search: the winner of {axis['name']} has no score"


def _texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(text, str) for name, text in value.items()
    )
