"""Tasks that answer with one of a few label words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab import metrics
from lab.datasets.fields import Label, Text
from lab.datasets.source import Source, TaskError
from t5study.tasks.task import Example, Task
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
    *,
    name: str,
    prefix: str,
    features: Sequence[str],
    labels: tuple[str, ...],
    measure: metrics.Metric,
    metric_names: tuple[str, ...],
    source: Source,
    example: Mapping[str, Any],
    about: str,
    licence: str,
    kind: str = "classification",
    sizes: Mapping[str, int] | None = None,
    lengths: tuple[int, int] = (512, 512),
    renamed: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Task:
    """Return the task "prefix feature: ... feature: ..." -> label word.

    `renamed` maps a feature to the raw field it is read from, where that has another name.
    """
    raw = {feature: (renamed or {}).get(feature, feature) for feature in features}

    def to_text(given: Mapping[str, Any]) -> list[Example]:
        kept = {k: given[k] for k in ("label", "idx") if k in given}
        read = {feature: given[field] for feature, field in raw.items()}
        return [format_example(read | kept, prefix, labels, features)]

    return Task(
        name=name,
        kind=kind,
        source=source,
        fields=dict.fromkeys(raw.values(), Text("text")) | {"label": label_field(labels)},
        answer="label",
        to_text=to_text,
        to_target=lambda made: label_index(made["targets"], labels),
        to_prediction=lambda text, _: label_index(text, labels),
        measure=measure,
        metrics=metric_names,
        constants=label_constants(labels),
        example=example,
        about=about,
        licence=licence,
        labels=labels,
        sizes=sizes or {},
        lengths=lengths,
        settings=settings or {},
    )


def label_field(labels: Sequence[str]) -> Label:
    """Return the field of a label that is an index into these words."""
    note = ", ".join(f"{i} {word}" for i, word in enumerate(labels)) + ", -1 withheld"
    return Label(note, tuple(labels))


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
