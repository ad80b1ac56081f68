"""Tasks that answer with one of a few label words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.datasets.dataset import DataSet
from lab.datasets.fields import Label
from lab.datasets.source import TaskError
from t5study.tasks.task import Example, Task, text_form
from t5study.tasks.text import UNLABELLED, join_fields


def label_word(label: Any, labels: Sequence[str]) -> str:
    """Return the word of a label index, "<unk>" for none; MismatchError for anything else."""
    index = Label("label", tuple(labels)).read(label)
    return UNLABELLED if index == -1 else labels[index]


def label_index(text: str, labels: Sequence[str]) -> int:
    """Return the index of the label word that `text` is, exactly; -1 for any other text."""
    return labels.index(text) if text in labels else -1


def format_example(
    example: Mapping[str, Any],
    prefix: str,
    labels: Sequence[str],
    features: Sequence[str] | None = None,
) -> Example:
    """Return {"inputs": "prefix a: ... b: ...", "targets": label word} and "idx" if there is one.

    Without `features` all fields but label and idx are taken, in alphabetical order.
    """
    if features is None:
        features = sorted(example.keys() - {"label", "idx"})
    made: Example = {
        "inputs": join_fields(prefix, example, features),
        "targets": label_word(example["label"], labels),
    }
    return made | ({"idx": example["idx"]} if "idx" in example else {})


def classification(
    data: DataSet,
    *,
    prefix: str,
    features: Sequence[str] | None = None,
    renamed: Mapping[str, str] | None = None,
    **form: Any,
) -> Task:
    """Return the task "prefix feature: ... feature: ..." -> label word of a labelled data set.

    The features are the data set's fields in their order; `renamed` maps a feature to the raw field
    it is read from, where that has another name. `form` is what else the task has in another way.
    """
    labels: tuple[str, ...] = form.get("labels") or data.labels or ()
    features = features or [name for name in data.fields if name != data.answer]
    raw = {feature: (renamed or {}).get(feature, feature) for feature in features}

    def to_text(row: Mapping[str, Any]) -> list[Example]:
        kept = {k: row[k] for k in ("label", "idx") if k in row}
        read = {feature: row[field] for feature, field in raw.items()}
        return [format_example(read | kept, prefix, labels, features)]

    return text_form(
        data,
        to_text=to_text,
        to_target=lambda made: label_index(made["targets"], labels),
        to_prediction=lambda text, _: label_index(text, labels),
        constants=label_constants(labels),
        **form,
    )


def label_constants(labels: Sequence[str]) -> Callable[[Sequence[Any]], Sequence[int]]:
    """Return the constant predictions of a label task: each label's index."""
    return lambda train_targets: range(len(labels))


def choose(setting: str, value: Any, options: Sequence[Any]) -> Any:
    """Return `value` if it is one of a setting's options, else raise TaskError."""
    if value in options:
        return value
    raise TaskError(
        f"Setting {setting}={value!r} is unknown. Known: {', '.join(map(repr, options))}."
    )
