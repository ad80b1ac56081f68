"""The registry and what every task promises."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from t5study.tasks import TaskError, get_task, task_names
from t5study.tasks.task import frequent

# fmt: off
PAPER = [
    "glue_cola", "glue_sst2", "glue_mrpc", "glue_stsb",
    "glue_qqp", "glue_mnli", "glue_mnli_matched", "glue_mnli_mismatched",
    "glue_qnli", "glue_rte", "glue_wnli", "glue_ax",
    "super_glue_boolq", "super_glue_cb", "super_glue_copa", "super_glue_multirc",
    "super_glue_record", "super_glue_rte", "super_glue_wic", "super_glue_wsc",
    "super_glue_axb", "super_glue_axg", "dpr", "squad",
    "cnn_dailymail", "wmt14_ende", "wmt15_enfr", "wmt16_enro",
]
# fmt: on


def test_all_tasks_of_the_paper_are_there():
    """Every downstream task has its name in the registry."""
    assert set(PAPER) <= set(task_names())


@pytest.mark.parametrize("name", PAPER)
def test_task_is_whole(name):
    """The example goes all the way to a score under the task's own metric names."""
    task = get_task(name)
    assert task.name == name
    assert task.licence
    assert task.about
    assert set(task.sizes) == set(task.splits)
    made = task.preprocess(task.example)
    targets = [task.target(example) for example in made]
    predictions = [task.postprocess(example["targets"], example) for example in made]
    assert tuple(task.score(targets, predictions)) == task.metrics
    scored = [split for split in task.splits if split not in task.source.withheld]
    assert all(task.identity(split)["commit"] == task.source.revision for split in scored)


def test_unknown_task_is_answered_with_the_nearest():
    """A mistyped name gets the one that was meant."""
    with pytest.raises(TaskError, match=r"Unknown task 'glue_col'\. Did you mean 'glue_cola'"):
        get_task("glue_col")


def test_unknown_setting_is_answered_with_the_nearest():
    """A mistyped setting gets the one that was meant."""
    with pytest.raises(TaskError, match=r"no setting 'label'\. Did you mean 'labels'"):
        get_task("super_glue_copa", label="boolean")


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("super_glue_copa", "labels"),
        ("super_glue_wic", "pos"),
        ("super_glue_multirc", "f1a"),
        ("super_glue_multirc", "tags"),
        ("super_glue_wsc", "match"),
        ("glue_wnli", "match"),
        ("super_glue_record", "scored"),
        ("squad", "padding"),
        ("glue_stsb", "outputs"),
        ("wmt14_ende", "data"),
    ],
)
def test_unknown_value_of_a_setting(name, setting):
    """A value that the setting does not know is refused with those it does."""
    assert setting in get_task(name).settings
    with pytest.raises(TaskError, match=f"Setting {setting}='spam' is unknown. Known: "):
        get_task(name, **{setting: "spam"})


def test_missing_field_of_an_example():
    """An example without a field is named with the task and the fields found."""
    with pytest.raises(TaskError, match=r"'glue_mrpc'.*no field 'sentence2', only 'sentence1'"):
        get_task("glue_mrpc").preprocess({"sentence1": "a"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sentence1": None}, "Field 'sentence1' holds None, expected text"),
        ({"label": "equal"}, "Field 'label' holds 'equal', expected 0"),
        ({"label": 2}, "Field 'label' holds 2, expected 0"),
        ({"label": 0.5}, "Field 'label' holds 0.5, expected 0"),
    ],
)
def test_wrong_value_of_a_field(change, message):
    """A field of the wrong kind is refused with the task's name."""
    task = get_task("glue_mrpc")
    with pytest.raises(TaskError, match=f"Task 'glue_mrpc': {message}"):
        task.preprocess({**task.example, **change})


def test_score_needs_as_many_predictions_as_targets():
    """Lengths that differ, and nothing at all, are mistakes."""
    task = get_task("glue_cola")
    with pytest.raises(TaskError, match="2 targets but 1 predictions"):
        task.score([0, 1], [0])
    with pytest.raises(TaskError, match="nothing to score"):
        task.score([], [])


def test_mean_is_over_the_metrics():
    """Checkpoints are chosen by the plain mean of a task's metrics."""
    assert get_task("glue_mrpc").mean({"f1": 80.0, "acc": 60.0}) == 70.0


def test_constant_label_is_the_better_one():
    """Of all labels the one with the best mean score is the constant answer."""
    assert get_task("glue_sst2").constant_score([0, 0, 0], [1, 1, 1, 0]) == {"acc": 75.0}
    mrpc = get_task("glue_mrpc").constant_score([], [1, 1, 1, 0])
    assert mrpc == {"f1": pytest.approx(600 / 7), "acc": 75.0}


def test_constant_number_has_no_correlation():
    """The mean of the training scores correlates with nothing."""
    constant = get_task("glue_stsb").constant_score([1.0, 2.0], [1.0, 3.0, 5.0])
    assert constant == {"pearson": 0.0, "spearman": 0.0}


def test_constant_text_is_a_frequent_training_answer():
    """A free text's constant is the best of the most frequent training answers."""
    squad = get_task("squad")
    train = [["Paris"], ["Paris"], ["two"]]
    assert squad.constant_score(train, [["two"], ["two"], ["Paris"]])["em"] == pytest.approx(
        200 / 3
    )
    assert squad.constant_score([], [["two"]]) == {"em": 0.0, "f1": 0.0}


def test_constant_of_grouped_tasks():
    """MultiRC's and ReCoRD's constants are scored by group too."""
    targets = [{"group": g, "value": v} for g, v in ((0, 1), (0, 0), (1, 1))]
    assert get_task("super_glue_multirc").constant_score([], targets) == {
        "f1a": pytest.approx(80.0),
        "em": 50.0,
    }
    train = [{"group": (0, 0), "value": ["Ada"]}]
    record = get_task("super_glue_record").constant_score(train, train)
    assert record == {"f1": 100.0, "em": 100.0}


def test_frequent_keeps_the_order_of_appearance_in_ties():
    """The most frequent come first, then the first seen."""
    assert frequent(["b", "a", "a", "c"], 2) == ["a", "b"]
    assert frequent([]) == [""]


def test_examples_of_training_leave_out_what_may_not_be_learned(tmp_path):
    """Only the training split is filtered, and before preprocessing."""
    import json

    task = replace(get_task("glue_sst2"), trains_on=lambda raw: raw["label"] == 1)
    rows = [{"sentence": str(i), "label": i % 2} for i in range(4)]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    counts = {
        split: len(list(task.examples(split, data_files=tmp_path / "rows.json")))
        for split in ("train", "validation")
    }
    assert counts == {"train": 2, "validation": 4}


def test_import_is_light():
    """Importing and building the tasks loads no library that takes long."""
    code = (
        "import sys, t5study.tasks as t; [t.get_task(n) for n in t.task_names()]; "
        "print(sorted({'torch', 'datasets', 'pandas', 'numpy', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
