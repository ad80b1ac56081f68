"""A definition drafted from a file of rows, by what its columns hold: guesses to look over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.datasets.contents import Values, first_row, values
from lab.datasets.source import TaskError, existing_files
from lab.datasets.written import name_of
from lab.errors import DataError
from lab.rows import FileRows, ending_of

ANSWERS = ("label", "labels", "answer", "target", "class", "category")
"""What columns of answers are often called."""
MOST_LABELS = 20
"""Different values of a column that may be labels, each of some rows."""
ROWS_A_LABEL = 5
PLAIN = re.compile(r"[^\W\d_][\w .-]*\w|\d+(\.\d+)?", re.ASCII)
"""What YAML reads as the text that stands there also inside of brackets."""
SHARED = (
    "# A tenth of the rows becomes validation, another tenth test: docs/definitions.md says how "
    "else."
)


def write_draft(file: str) -> Path:
    """Write a definition beside a file of rows. Raises TaskError where there is one already."""
    (data,) = existing_files(name_of(file), file)[:1]
    path = data.parent / f"{data.name.removesuffix(str(ending_of(data)))}.yaml"
    text = draft(data)
    try:
        with path.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise TaskError(f"{path} is there already: look at it by show, or remove it.") from error
    except OSError as error:
        raise TaskError(f"{path} cannot be written: {error.strerror}.") from error
    return path


def draft(data: Path) -> str:
    """Return a definition of these rows. Raises DataError, TaskError."""
    row = first_row([data])
    names = [name for name, value in (row or {}).items() if not isinstance(value, dict | list)]
    if len(names) < 2:
        raise DataError(
            f"{data} has the columns {', '.join(names) or 'none'}: an input and an answer are two."
        )
    rows = FileRows([data])
    held = {name: values(rows, name) for name in names}
    answer = _answer(held)
    inputs = _inputs({name: one for name, one in held.items() if name != answer})
    others = [name for name in names if name not in (answer, *inputs)]
    stem = data.name.removesuffix(str(ending_of(data)))
    single = len(inputs) == 1
    texts = [f"{{{name}}}" if single else f"{name}: {{{name}}}" for name in inputs]
    lines = [
        "# A draft: look it over, then type: python -m t5study.tasks show THIS_FILE",
        *_kind(held[answer], answer),
        f"data: {_scalar(data.name)}",
        f"input: {json.dumps(f'{stem}: ' + ' '.join(texts), ensure_ascii=False)}"
        + (f"  # also there: {', '.join(f'{{{name}}}' for name in others)}" if others else ""),
        f"answer: {_scalar(answer)}",
        *_range(held[answer]),
        SHARED,
    ]
    return "\n".join(lines) + "\n"


def _labels(held: Values) -> bool:
    return 2 <= len(held.counts) <= min(MOST_LABELS, held.rows // ROWS_A_LABEL)


def _answer(held: Mapping[str, Values]) -> str:
    """The column that is called as answers are; else the last with few values; else the last."""
    named = [name for name in held if name.lower() in ANSWERS]
    few = [name for name, one in held.items() if _labels(one)]
    numbers = [name for name, one in held.items() if one.numbers]
    return [*held, *numbers, *few, *named][-1]


def _inputs(held: Mapping[str, Values]) -> list[str]:
    """The columns of words with spaces between; without one, that of the longest texts."""
    texts = [
        name for name, one in held.items() if 2 * sum(map(_spaced, one.counts)) > len(one.counts)
    ]
    return texts or [max(held, key=lambda name: _length(held[name].counts))]


def _spaced(text: str) -> bool:
    return " " in text


def _length(texts: Iterable[str]) -> float:
    lengths = [len(text) for text in texts]
    return sum(lengths) / max(1, len(lengths))


def _kind(held: Values, answer: str) -> list[str]:
    """The kind of the answers, with why, and the labels of a classification."""
    different = f"'{answer}' holds {len(held.counts):,} different values in {held.where}"
    if _labels(held):
        counted = ", ".join(f"{' '.join(t.split())} {n:,}" for t, n in held.counts.items())
        labels = ", ".join(map(_scalar, sorted(held.counts)))
        return [
            f"kind: classification  # {different}",
            f"labels: [{labels}]  # {counted}; {{0: bad, 1: good}} writes other words",
        ]
    if held.numbers:
        return [f"kind: regression  # {different}, all numbers"]
    return [f"kind: generation  # {different}"]


def _range(held: Values) -> list[str]:
    """Of a regression the ends and the step of its numbers, as they are written."""
    if _labels(held) or not held.numbers:
        return []
    least, most = min(held.numbers), max(held.numbers)
    places = max(len(text.partition(".")[2]) for text in held.counts)
    step = 1 / 10 ** min(places, 1) if most - least > 1 else 1 / 10 ** min(places, 2)
    return [
        f"range: [{least:g}, {most:g}]  # what the rows hold; further answers need a wider one",
        f"step: {step:g}  # answers are written to the nearest multiple",
    ]


def _scalar(text: str) -> str:
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
