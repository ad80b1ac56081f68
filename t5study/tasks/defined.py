"""Tasks that a YAML file defines: a definition's rows as texts (docs/own-data.md)."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.datasets import get_definition
from lab.datasets.dataset import DataSet
from lab.datasets.definition import Definition
from lab.datasets.fields import Text, value_at, way_of
from lab.datasets.source import Source
from lab.datasets.templates import ToText, field_text, template
from lab.datasets.written import name_of, read_definition
from lab.words import mostly_unspaced, mostly_without_english
from t5study.tasks.labels import choose, label_constants, label_index
from t5study.tasks.task import Example, Task, frequent, text_form
from t5study.tasks.text import UNLABELLED, join_fields

ENGLISH, ANY = "english", "any"
"""What counts as a word in a score: as the published scores have it, or of any script."""
LENGTHS = (512, 512)
"""Tokens of input and target where none are published."""


def named_builder(name: str) -> Callable[..., Task]:
    """Return what makes the task of a data set with a name that a YAML file defines.

    One that answers with texts has the setting `words`, as such a file has the key. What the file
    makes of the example that it shows is the task's identity; without one, what the file says is.
    """
    return _builder(get_definition(name))


@functools.cache
def _builder(definition: Definition) -> Callable[..., Task]:
    def task() -> Task:
        return task_of(definition) if "example" in definition.written else own_task(definition)

    def text_task(*, words: str = ENGLISH) -> Task:
        # The published form is no setting: what it is called must not change what is known of it.
        if choose("words", words, (ENGLISH, ANY)) == ENGLISH:
            return task()
        return task_of(definition.but(words=words), settings={"words": words})

    return text_task if definition.kind == "generation" else task


def load_task(file: str | Path) -> Task:
    """Return the task that a user's file defines. Raises DefinitionError with all that is wrong."""
    path = Path(file).expanduser()
    return own_task(Definition(name_of(path), read_definition(path), folder=path.parent))


def own_task(definition: Definition, source: Source | None = None) -> Task:
    """Return the task of a user's definition, which is its identity (see `task_of`)."""
    return task_of(definition, source, written=definition.identity(), title=definition.title)


def task_of(definition: Definition, source: Source | None = None, **form: Any) -> Task:
    """Return the task of a definition; `source` goes before the data that it names.

    `form` is what else the task has. Raises DefinitionError.
    """
    inputs = _inputs(definition)
    lengths = _lengths(definition)
    definition.check()
    data = definition.dataset(source)
    forms = {
        "classification": _classification,
        "generation": _generation,
        "spans": _spans,
    }
    made_by = (
        forms[definition.kind](data)
        if definition.kind in forms
        else _regression(data, definition.step)
    )
    targets: ToText = made_by.pop("targets")
    # What published sets call a row's number.
    number = "id" if data.form in ("text", "spans") else "idx"

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        made: Example = {"inputs": inputs(raw), "targets": targets(raw)}
        if data.form == "spans":
            made["answers"] = value_at(raw, way_of(raw, data.answer)) or []
        return [made | ({number: raw[number]} if number in raw else {})]

    return text_form(
        data,
        to_text=to_text,
        uncounted=_uncounted(definition),
        lengths=lengths,
        **made_by,
        **form,
    )


def _inputs(definition: Definition) -> ToText:
    """What makes the input of a row: the template, or "prefix a: ... b: ..."."""
    if "input" not in definition.written:
        return joined(definition.text("prefix", definition.name), definition.inputs)
    if "prefix" in definition.written:
        definition.complain("prefix", "write it into input: leave it out.")
    return template(" ".join(definition.templates))


def joined(prefix: str, names: Sequence[str]) -> ToText:
    """Return what makes "prefix a: ... b: ..." of a row's fields."""
    return lambda raw: join_fields(prefix, {name: field_text(raw, name) for name in names}, names)


def _answer(raw: Mapping[str, Any], data: DataSet) -> Any:
    """What is right; KeyError where the row does not say it."""
    way = way_of(raw, data.answer)
    if way.partition(".")[0] not in raw:
        raise KeyError(way)
    return value_at(raw, way)


def _lengths(definition: Definition) -> tuple[int, int]:
    """Tokens of input and target that published runs kept."""
    found = [definition.number("lengths", one) for one in definition.texts("lengths")]
    if len(found) not in (0, 2):
        definition.complain("lengths", "expected those of input and target, such as [512, 84].")
    inputs, targets = found if len(found) == 2 else LENGTHS
    return int(inputs), int(targets)


def _uncounted(definition: Definition) -> Callable[[str], bool]:
    """Which targets are in a script that the metrics do not count."""
    if definition.words == "english":
        if any(name.startswith("rouge") for name in definition.metrics):
            return mostly_without_english
        if "bleu" in definition.metrics:
            return mostly_unspaced
    return lambda target: False


def _classification(data: DataSet) -> dict[str, Any]:
    labels = data.labels or ()

    def targets(raw: Mapping[str, Any]) -> str:
        index = _answer(raw, data)
        return UNLABELLED if index == -1 else labels[index]

    return {
        "targets": targets,
        "to_target": lambda made: label_index(made["targets"], labels),
        "to_prediction": lambda text, _: label_index(text, labels),
        "constants": label_constants(labels),
    }


def _regression(data: DataSet, step: str) -> dict[str, Any]:
    """An answer that is no number of the range counts as the middle of it."""
    field: Any = data.fields[data.answer]
    unit, decimals = float(step), len(step.rstrip("0").partition(".")[2])
    middle = (field.least + field.most) / 2

    def targets(raw: Mapping[str, Any]) -> str:
        value = _answer(raw, data)
        return UNLABELLED if value is None else f"{round(value / unit) * unit + 0.0:.{decimals}f}"

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            return middle
        return value if math.isfinite(value) and field.least <= value <= field.most else middle

    return {
        "targets": targets,
        "to_target": lambda made: number(made["targets"]),
        "to_prediction": lambda text, _: number(text),
        "constants": lambda train: [sum(train) / len(train) if train else middle],
    }


def _generation(data: DataSet) -> dict[str, Any]:
    def targets(raw: Mapping[str, Any]) -> str:
        answer = str(_answer(raw, data))
        return answer if answer or isinstance(data.fields[data.answer], Text) else UNLABELLED

    return {
        "targets": targets,
        "to_target": lambda made: made["targets"],
        "to_prediction": lambda text, _: text,
        "constants": lambda train: frequent(train, 3),
    }


def _spans(data: DataSet) -> dict[str, Any]:
    def targets(raw: Mapping[str, Any]) -> str:
        answers = _answer(raw, data)
        return answers[0] if answers else UNLABELLED

    return {
        "targets": targets,
        "to_target": lambda made: list(made["answers"]),
        "to_prediction": lambda text, _: text,
        "constants": lambda train: frequent([a for answers in train for a in answers[:1]]),
    }
