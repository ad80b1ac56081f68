"""The paper's suites as plain data: what is fine-tuned together and which columns a table has.

A column's value is the mean over its groups of the mean within each group of task scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from lab.columns import Column

Terms = Sequence[Sequence[Sequence[str]]]


def column_value(terms: Terms, scores: Mapping[str, Mapping[str, float]]) -> float | None:
    """Return a column's value from scores by task and metric; None if any is missing."""
    groups = []
    for group in terms:
        values = [scores.get(task, {}).get(metric) for task, metric in group]
        if any(value is None for value in values):
            return None
        groups.append(fmean(value for value in values if value is not None))
    return fmean(groups)


def _column(
    name: str,
    *groups: Sequence[str],
    kind: str | None = None,
    paper: str | None = None,
    average: bool = False,
) -> Column:
    """Return a column; a group is (task, metric, metric ...)."""
    return Column(
        name=name,
        terms=[[[group[0], metric] for metric in group[1:]] for group in groups],
        kind=kind,
        paper=paper or name,
        average=average,
    )


_MNLI = [["glue_mnli_matched", "acc"], ["glue_mnli_mismatched", "acc"]]
_GLUE_FIRST = (
    ("glue_cola", "mcc"),
    ("glue_sst2", "acc"),
    ("glue_mrpc", "f1", "acc"),
    ("glue_stsb", "pearson", "spearman"),
    ("glue_qqp", "f1", "acc"),
)
_GLUE_LAST = (("glue_qnli", "acc"), ("glue_rte", "acc"))
_SUPERGLUE = (
    ("super_glue_boolq", "acc"),
    ("super_glue_cb", "f1", "acc"),
    ("super_glue_copa", "acc"),
    ("super_glue_multirc", "f1a", "em"),
    ("super_glue_record", "f1", "em"),
    ("super_glue_rte", "acc"),
    ("super_glue_wic", "acc"),
    ("super_glue_wsc", "acc"),
)


def _glue_average(name: str, **about: Any) -> Column:
    """Return the mean over CoLA, SST-2, MRPC, STS-B, QQP, MNLI, QNLI and RTE; WNLI is left out."""
    column = _column(name, *_GLUE_FIRST, *_GLUE_LAST, average=True, **about)
    at = len(_GLUE_FIRST)
    # Both halves of MNLI are one group, as the metrics of another task are.
    return replace(column, terms=[*column.terms[:at], _MNLI, *column.terms[at:]])


def _superglue_average(name: str, **about: Any) -> Column:
    return _column(name, *_SUPERGLUE, average=True, **about)


GLUE_COLUMNS = [
    _column("cola_mcc", ("glue_cola", "mcc")),
    _column("sst2_acc", ("glue_sst2", "acc")),
    _column("mrpc_f1", ("glue_mrpc", "f1")),
    _column("mrpc_acc", ("glue_mrpc", "acc")),
    _column("stsb_pearson", ("glue_stsb", "pearson")),
    _column("stsb_spearman", ("glue_stsb", "spearman")),
    _column("qqp_f1", ("glue_qqp", "f1")),
    _column("qqp_acc", ("glue_qqp", "acc")),
    _column("mnli_m_acc", ("glue_mnli_matched", "acc")),
    _column("mnli_mm_acc", ("glue_mnli_mismatched", "acc")),
    _column("qnli_acc", ("glue_qnli", "acc")),
    _column("rte_acc", ("glue_rte", "acc")),
]
SUPERGLUE_COLUMNS = [
    _column("boolq_acc", ("super_glue_boolq", "acc")),
    _column("cb_f1", ("super_glue_cb", "f1")),
    _column("cb_acc", ("super_glue_cb", "acc")),
    _column("copa_acc", ("super_glue_copa", "acc")),
    _column("multirc_f1a", ("super_glue_multirc", "f1a")),
    _column("multirc_em", ("super_glue_multirc", "em")),
    _column("record_f1", ("super_glue_record", "f1")),
    _column("record_em", ("super_glue_record", "em")),
    _column("sg_rte_acc", ("super_glue_rte", "acc")),
    _column("wic_acc", ("super_glue_wic", "acc")),
    _column("wsc_acc", ("super_glue_wsc", "acc")),
]
FULL_COLUMNS = [
    _glue_average("glue_average"),
    *GLUE_COLUMNS,
    _column("cnndm_rouge1", ("cnn_dailymail", "rouge1")),
    _column("cnndm_rouge2", ("cnn_dailymail", "rouge2")),
    _column("cnndm_rougeL", ("cnn_dailymail", "rougeL")),
    _column("squad_em", ("squad", "em")),
    _column("squad_f1", ("squad", "f1")),
    _superglue_average("superglue_average"),
    *SUPERGLUE_COLUMNS,
    _column("ende_bleu", ("wmt14_ende", "bleu")),
    _column("enfr_bleu", ("wmt15_enfr", "bleu")),
    _column("enro_bleu", ("wmt16_enro", "bleu")),
]
"""The 33 columns of the paper's Table 16, under the names of its CSV file."""

CONDENSED_COLUMNS = [
    _glue_average("GLUE", kind="classification average"),
    _column("CNNDM", ("cnn_dailymail", "rouge2"), kind="summarization"),
    _column("SQuAD", ("squad", "em"), kind="question answering"),
    _superglue_average("SGLUE", kind="understanding average"),
    _column("EnDe", ("wmt14_ende", "bleu"), kind="English-German"),
    _column("EnFr", ("wmt15_enfr", "bleu"), kind="English-French"),
    _column("EnRo", ("wmt16_enro", "bleu"), kind="English-Romanian"),
]
"""The seven columns of Tables 1, 2 and 4-13 (3.1.5)."""

GLUE_UNIT = {
    "train": [
        "glue_cola",
        "glue_sst2",
        "glue_mrpc",
        "glue_stsb",
        "glue_qqp",
        "glue_mnli",
        "glue_qnli",
        "glue_rte",
    ],
    "evaluate": [
        "glue_cola",
        "glue_sst2",
        "glue_mrpc",
        "glue_stsb",
        "glue_qqp",
        "glue_mnli_matched",
        "glue_mnli_mismatched",
        "glue_qnli",
        "glue_rte",
    ],
}
SUPERGLUE_UNIT = {
    "train": ["dpr", *(group[0] for group in _SUPERGLUE)],
    "evaluate": [group[0] for group in _SUPERGLUE],
}


def _alone(task: str) -> dict[str, list[str]]:
    return {"train": [task], "evaluate": [task]}


SUITES: dict[str, dict[str, Any]] = {
    "glue": {
        "units": {"glue": GLUE_UNIT},
        "columns": [_glue_average("glue_average"), *GLUE_COLUMNS],
    },
    "superglue": {
        "units": {"super_glue": SUPERGLUE_UNIT},
        "columns": [_superglue_average("superglue_average"), *SUPERGLUE_COLUMNS],
    },
    "paper": {
        "units": {
            "glue": GLUE_UNIT,
            "cnn_dailymail": _alone("cnn_dailymail"),
            "squad": _alone("squad"),
            "super_glue": SUPERGLUE_UNIT,
            "wmt14_ende": _alone("wmt14_ende"),
            "wmt15_enfr": _alone("wmt15_enfr"),
            "wmt16_enro": _alone("wmt16_enro"),
        },
        "columns": CONDENSED_COLUMNS,
        "full_columns": FULL_COLUMNS,
    },
}
"""By name: units (what is trained together, what of it is scored) and columns.

A task in "evaluate" but not in "train" is one whose training set another task brings (MNLI).
"""
