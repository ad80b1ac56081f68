"""Tasks that a YAML file defines: a definition's rows as texts (docs/own-data.md)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.datasets.dataset import DataSet
from lab.datasets.definition import Definition, name_of, read_definition
from lab.datasets.fields import value_at, way_of
from lab.datasets.source import Source
from lab.datasets.templates import ToText, field_text, template
from lab.words import mostly_unspaced, mostly_without_english
from t5study.tasks.labels import label_constants, label_index
from t5study.tasks.task import Example, Task, frequent, text_form
from t5study.tasks.text import UNLABELLED, join_fields

KEYS = ("prefix", "step")
"""What a definition may say of the texts, beside what it says of its data."""


def load_task(file: str | Path) -> Task:
    """Return the task that a YAML file defines. Raises DefinitionError with all that is wrong."""
    path = Path(file).expanduser()
    written = read_definition(path)
    return task_of(name_of(path), written, folder=path.parent)


def task_of(
    name: str, written: Mapping[str, Any], *, folder: Path = Path(), source: Source | None = None
) -> Task:
    """Return the task of a definition; `source` goes before the data that it names.

    Raises DefinitionError.
    """
    definition = Definition(name, written, also=KEYS, folder=folder)
    inputs = _inputs(definition)
    step = _step(definition)
    definition.check()
    data = definition.dataset(source)
    forms = {
        "classification": _classification,
        "generation": _generation,
        "spans": _spans,
    }
    form = forms[definition.kind](data) if definition.kind in forms else _regression(data, step)
    targets: ToText = form.pop("targets")

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        kept = {key: raw[key] for key in ("id", "idx") if key in raw}
        made: Example = {"inputs": inputs(raw), "targets": targets(raw)}
        if data.form == "spans":
            made["answers"] = value_at(raw, way_of(raw, data.answer)) or []
        return [made | kept]

    return text_form(
        data,
        to_text=to_text,
        uncounted=_uncounted(definition),
        written=definition.identity(),
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
    return value_at(raw, way_of(raw, data.answer))


def _step(definition: Definition) -> str:
    """What a regression's numbers are rounded to, as it is written."""
    step = str(definition.written.get("step", "")).strip()
    if definition.kind != "regression":
        if step:
            definition.complain("step", f"a {definition.kind} has none: leave it out.")
    elif not step:
        definition.complain(
            "step", "is missing: answers are written to the nearest multiple of it, such as 0.5."
        )
    elif not definition.number("step", step) > 0:
        definition.complain("step", f"found {step}, expected a number above 0, such as 0.5.")
    return step


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
        return str(_answer(raw, data)) or UNLABELLED

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
