"""The one or two texts of a row that an encoder reads, as segments of one input."""

from __future__ import annotations

from collections.abc import Callable

from lab.datasets.dataset import DataSet, Row
from lab.datasets.fields import Whole
from lab.datasets.templates import template

MOST = 2
"""Segments of an input: an encoder has as many kinds of them."""


def templates(data: DataSet) -> tuple[str, ...]:
    """Return a template over the fields for each segment: those the data set names, or its fields.

    There may be more than an encoder can read: see `complaint`.
    """
    numbers = [name for name, field in data.fields.items() if isinstance(field, Whole)]
    texts = [name for name in data.fields if name not in (data.answer, *numbers)]
    return data.segments or tuple(f"{{{name}}}" for name in texts)


def complaint(data: DataSet) -> str | None:
    """Return what keeps the rows from being one or two segments; None where nothing does."""
    found = templates(data)
    if 1 <= len(found) <= MOST:
        return None
    return (
        f"an encoder reads one text or two, and its rows have {len(found)}: {', '.join(found)}. "
        'Say which by `segments` of the data set, or by `input: ["{a}", "{b}"]` of a definition.'
    )


def segments_of(data: DataSet) -> Callable[[Row], tuple[str, ...]]:
    """Return what makes the texts of a row's segments. Raises TaskError for too many of them."""
    if wrong := complaint(data):
        raise data.error(wrong)
    renders = [template(text) for text in templates(data)]

    def texts(row: Row) -> tuple[str, ...]:
        try:
            return tuple(render(row.fields) for render in renders)
        except KeyError as error:
            found = ", ".join(map(repr, row.fields)) or "nothing"
            raise data.error(f"an example has no field {error}, only {found}.") from None

    return texts
