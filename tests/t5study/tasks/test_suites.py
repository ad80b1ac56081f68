"""The suites' columns and averages against the published scores."""

from __future__ import annotations

import pytest

from t5study.tasks import get_task
from t5study.tasks.suites import SUITES, column_value

# The paper's Table 16, first row.
BASELINE = {
    "glue_average": 83.28, "cola_mcc": 53.84, "sst2_acc": 92.68, "mrpc_f1": 92.07,
    "mrpc_acc": 88.92, "stsb_pearson": 88.02, "stsb_spearman": 87.94, "qqp_f1": 88.67,
    "qqp_acc": 91.56, "mnli_m_acc": 84.24, "mnli_mm_acc": 84.57, "qnli_acc": 90.48,
    "rte_acc": 76.28, "cnndm_rouge1": 41.33, "cnndm_rouge2": 19.24, "cnndm_rougeL": 38.77,
    "squad_em": 80.88, "squad_f1": 88.81, "superglue_average": 71.36, "boolq_acc": 76.62,
    "cb_f1": 91.22, "cb_acc": 91.96, "copa_acc": 66.20, "multirc_f1a": 66.13,
    "multirc_em": 25.78, "record_f1": 69.05, "record_em": 68.16, "sg_rte_acc": 75.34,
    "wic_acc": 68.04, "wsc_acc": 78.56, "ende_bleu": 26.98, "enfr_bleu": 39.82,
    "enro_bleu": 27.65,
}  # fmt: skip
CONDENSED = {
    "GLUE": 83.28,
    "CNNDM": 19.24,
    "SQuAD": 80.88,
    "SGLUE": 71.36,
    "EnDe": 26.98,
    "EnFr": 39.82,
    "EnRo": 27.65,
}


def published():
    """Return the baseline's scores by task and metric."""
    scores: dict = {}
    for column in SUITES["paper"]["full_columns"]:
        if not column.average:
            [[[task, metric]]] = column.terms
            scores.setdefault(task, {})[metric] = BASELINE[column.name]
    return scores


def test_full_columns_are_those_of_table_16():
    """All 33 columns stand in the paper's order."""
    assert [column.name for column in SUITES["paper"]["full_columns"]] == list(BASELINE)


@pytest.mark.parametrize("name", CONDENSED)
def test_condensed_column_from_full_scores(name):
    """The seven columns come out of the full scores as printed."""
    column = next(c for c in SUITES["paper"]["columns"] if c.name == name)
    assert column_value(column.terms, published()) == pytest.approx(CONDENSED[name], abs=0.006)


def test_a_missing_score_is_a_hole():
    """A column with any score missing has no value."""
    column = SUITES["paper"]["columns"][0]
    scores = published()
    del scores["glue_mrpc"]["f1"]
    assert column_value(column.terms, scores) is None
    assert column_value(column.terms, {}) is None


@pytest.mark.parametrize("suite", SUITES)
def test_columns_read_scores_that_the_units_make(suite):
    """Each term is a metric of a task that the suite evaluates, and all of these are shown."""
    units = SUITES[suite]["units"].values()
    evaluated = {task for unit in units for task in unit["evaluate"]}
    columns = SUITES[suite].get("full_columns", SUITES[suite]["columns"])
    terms = {tuple(term) for column in columns for group in column.terms for term in group}
    assert terms == {(task, metric) for task in evaluated for metric in get_task(task).metrics}


@pytest.mark.parametrize("suite", SUITES)
def test_units_train_and_evaluate_what_has_such_a_split(suite):
    """A trained task has a training set, an evaluated one a validation set; WNLI is neither."""
    for unit in SUITES[suite]["units"].values():
        assert all("train" in get_task(task).splits for task in unit["train"])
        assert all("validation" in get_task(task).splits for task in unit["evaluate"])
        assert "glue_wnli" not in unit["train"] + unit["evaluate"]


def test_pronoun_resolution_joins_superglue_for_training_only():
    """DPR is learned with SuperGLUE and never scored."""
    unit = SUITES["superglue"]["units"]["super_glue"]
    assert set(unit["train"]) - set(unit["evaluate"]) == {"dpr"}
