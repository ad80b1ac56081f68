"""Oracle cases of the areas text_preprocess, postprocess, metrics and averaging."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import metrics
from t5study.tasks import get_task
from t5study.tasks.generation import translate
from t5study.tasks.labels import format_example
from t5study.tasks.suites import SUITES, column_value
from t5study.tasks.text import pad_punctuation

CASES = json.loads(Path(__file__).with_name("cases").joinpath("tasks.json").read_text())
TASK_OF = {
    "glue rte": "glue_rte",
    "copa": "super_glue_copa",
    "wic": "super_glue_wic",
    "boolq": "super_glue_boolq",
    "mrpc": "glue_mrpc",
}


def find(name):
    """Return the case whose name begins so."""
    return next(case for case in CASES if case["case"].startswith(name))


@pytest.mark.parametrize(
    "case", [c for c in CASES if c["case"].startswith("format: ")], ids=lambda c: c["case"]
)
def test_format_of_a_label_task(case):
    """Fields stand in the task's order and the label words in theirs."""
    task = get_task(TASK_OF[case["input"]])
    raw = {field: f"{{{field}}}" for field in task.fields if field != "label"}
    made = [task.preprocess(raw | {"label": i})[0] for i in range(len(case["expected"]["labels"]))]
    assert {example["inputs"] for example in made} == {case["expected"]["inputs_template"]}
    assert [example["targets"] for example in made] == case["expected"]["labels"]


@pytest.mark.parametrize("name", ["glue generic sorted keys", "glue label -1"])
def test_generic_format(name):
    """Fields of any names are taken in alphabetical order; -1 has no label word."""
    case = find(name)
    given = case["args"] or find("glue generic")["args"]
    made = format_example(case["input"], given["benchmark"], given["labels"])
    assert made == case["expected"] | {"idx": case["input"]["idx"]}


def test_summarize():
    """The article becomes the input, its highlights the target."""
    case = find("summarize")
    assert get_task("cnn_dailymail").preprocess(case["input"]) == [case["expected"]]


def test_translate():
    """The languages are named in English; the task takes the pair with or without its frame."""
    case = find("translate")
    expected = case["expected"]
    made = translate(case["input"], case["args"]["src"], case["args"]["tgt"])
    assert made == (expected["inputs"], expected["targets"])
    task = get_task("wmt14_ende")
    assert task.preprocess(case["input"]) == [expected]
    assert task.preprocess({"translation": case["input"]}) == [expected]


@pytest.mark.parametrize(
    "case", [c for c in CASES if c["case"].startswith("_pad")], ids=lambda c: c["case"]
)
def test_pad_punctuation(case):
    """ASCII punctuation is set off, letters with accents are not."""
    assert pad_punctuation(case["input"]) == case["expected"]


def test_wsc_trains_on_right_referents(tmp_path, monkeypatch):
    """Of the training split only examples with label 1 are left."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    case = find("wsc_simple train")
    about = {
        "text": "Mitchell asked Tom if he could lend some money.",
        "span2_text": "he",
        "span2_index": 4,
    }
    file = tmp_path / "train.json"
    file.write_text(json.dumps([about | row for row in case["input"]]))
    made = get_task("super_glue_wsc").examples("train", data_files=file)
    assert [example["targets"] for example in made] == case["expected"]


def test_stsb_rounding():
    """A score becomes the nearest multiple of 0.2, computed in float32."""
    task = get_task("glue_stsb")
    one, several = find("stsb off-grid"), find("stsb paper")
    assert task.preprocess(one["input"])[0]["targets"] == one["expected"]["targets"]
    made = [task.preprocess(one["input"] | {"label": x})[0] for x in several["input"]["labels"]]
    assert [example["targets"] for example in made] == several["expected"]


@pytest.mark.parametrize(("name", "task"), [("dpr", "dpr"), ("wnli_simple", "glue_wnli")])
def test_pronoun_tasks(name, task):
    """The pronoun is highlighted and the target is the noun."""
    case = find(name)
    (made,) = get_task(task).preprocess(case["input"])
    assert {key: made[key] for key in case["expected"]} == case["expected"]


def test_multirc_postprocess():
    """Target and prediction are values, the target with its question."""
    prediction, target = find("multirc prediction"), find("multirc target")
    task = get_task("super_glue_multirc")
    assert task.postprocess(prediction["input"]) == prediction["expected"]
    made = {
        "targets": target["input"]["label"],
        "idx/question": target["input"]["idx/question"],
    }
    assert task.target(made) == target["expected"]


@pytest.mark.parametrize(
    "case", [c for c in CASES if c["case"] == "wsc_simple"], ids=lambda c: str(c["input"])
)
def test_wsc_match(case):
    """A prediction is right when its words and the referent's contain each other."""
    given = case["input"]
    for name in ("super_glue_wsc", "glue_wnli"):
        made = {"targets": given["referent"], "label": 1}
        assert get_task(name).postprocess(given["prediction"], made) == case["expected"]


def test_string_to_float():
    """A text that is no number is -1."""
    case = find("string_to_float")
    task = get_task("glue_stsb")
    assert [task.postprocess(text) for text in case["input"]] == case["expected"]


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("spearman", lambda t, p: {"spearman_corrcoef": metrics.spearman(t, p)["spearman"]}),
        ("matthews", lambda t, p: {"matthews_corrcoef": metrics.matthews(t, p)["mcc"]}),
        ("accuracy", lambda t, p: {"accuracy": metrics.accuracy(t, p)["acc"]}),
        ("mean_3class_f1", lambda t, p: {"mean_3class_f1": metrics.macro_f1(t, p, 3)["f1"]}),
        ("squad small", get_task("squad").score),
        ("squad big", get_task("squad").score),
        ("rouge same", get_task("cnn_dailymail").score),
        ("rouge empty", get_task("cnn_dailymail").score),
    ],
)
def test_metric(name, metric):
    """The metric gives the expected values, 0..100."""
    case = find(name)
    scores = metric(case["input"]["targets"], case["input"]["predictions"])
    if "rougeL" in scores:
        scores["rougeLsum"] = scores.pop("rougeL")
    assert scores == pytest.approx(case["expected"])


def test_deduplicated_metric():
    """Only the first prediction of a group counts."""
    case = find("deduplicate_metric")
    targets = [{"group": group, "value": value} for group, value in case["input"]["targets"]]
    predictions = [{"value": value} for value in case["input"]["predictions"]]
    scores = metrics.once_per_group(metrics.accuracy)(targets, predictions)
    assert scores["acc"] == case["expected"]["accuracy"]


def test_glue_average():
    """The average is over eight groups, each the mean of its metrics."""
    case = find("GLUE average")
    average, *columns = SUITES["glue"]["columns"]
    scores: dict = {}
    for column, value in zip(columns, case["input"], strict=True):
        [[[task, metric]]] = column.terms
        scores.setdefault(task, {})[metric] = value
    assert column_value(average.terms, scores) == case["expected"]
