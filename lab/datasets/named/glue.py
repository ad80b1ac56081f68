"""GLUE (Wang et al. 2018) on the hub."""

from __future__ import annotations

from lab import metrics
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Number, Text, label_of
from lab.datasets.source import Source

COMMIT = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
DATASETS = [
    DataSet(
        name="glue_stsb",
        kind="regression",
        about="How alike are two sentences, 0..5?",
        licence="CC BY-SA 4.0 and the terms of its parts (Cer et al. 2017)",
        source=Source(
            path="nyu-mll/glue",
            config="stsb",
            revision=COMMIT,
            splits={"train": "train", "validation": "validation", "test": "test"},
            withheld=("test",),
        ),
        sizes={"train": 5749, "validation": 1500, "test": 1379},
        fields={
            "sentence1": Text("text"),
            "sentence2": Text("text"),
            "label": Number("similarity, 0..5; -1 withheld", withheld=(-1.0,), least=0.0, most=5.0),
        },
        answer="label",
        measure=metrics.all_of(metrics.pearson, metrics.spearman),
        metrics=("pearson", "spearman"),
        example={
            "sentence1": "A man plays a guitar.",
            "sentence2": "A man is playing an instrument.",
            "label": 3.25,
            "idx": 0,
        },
    ),
    DataSet(
        name="glue_wnli",
        kind="coreference",
        about="Which noun does the premise's pronoun mean? Right if it is the hypothesis' one.",
        licence="CC BY 4.0",
        source=Source(
            path="nyu-mll/glue",
            config="wnli",
            revision=COMMIT,
            splits={"validation": "validation", "test": "test"},
            withheld=("test",),
        ),
        sizes={"validation": 71, "test": 146},
        fields={
            "sentence1": Text("premise"),
            "sentence2": Text("hypothesis"),
            "label": label_of(("False", "True")),
        },
        answer="label",
        measure=metrics.accuracy,
        metrics=("acc",),
        example={
            "sentence1": "The cup would not fit on the shelf because it was too tall.",
            "sentence2": "The cup was too tall.",
            "label": 1,
            "idx": 0,
        },
    ),
]
"""Each found by its name (lab.datasets.get_dataset)."""
