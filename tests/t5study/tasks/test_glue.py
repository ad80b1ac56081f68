"""GLUE's formats, label words and the similarity score."""

from __future__ import annotations

import pytest

from t5study.tasks import TaskError, get_task
from t5study.tasks.glue import similarity_text


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "labels"),
    [
        ("glue_cola", "sentence", "cola sentence: {}", "unacceptable acceptable"),
        ("glue_sst2", "sentence", "sst2 sentence: {}", "negative positive"),
        (
            "glue_qqp",
            "question1 question2",
            "qqp question1: {} question2: {}",
            "not_duplicate duplicate",
        ),
        (
            "glue_qnli",
            "question sentence",
            "qnli question: {} sentence: {}",
            "entailment not_entailment",
        ),
        *[
            (
                name,
                "hypothesis premise",
                "mnli hypothesis: {} premise: {}",
                "entailment neutral contradiction",
            )
            for name in ("glue_mnli", "glue_mnli_matched", "glue_mnli_mismatched", "glue_ax")
        ],
    ],
)
def test_format(name, fields, inputs, labels):
    """The input names its fields, the target is the label's word."""
    task, words = get_task(name), labels.split()
    raw = {field: f"<{field}>" for field in fields.split()}
    for index, word in enumerate(words):
        (made,) = task.preprocess(raw | {"label": index, "idx": 7})
        assert made == {"inputs": inputs.format(*raw.values()), "targets": word, "idx": 7}
        assert task.target(made) == task.postprocess(word) == index
    assert task.labels == tuple(words)


def test_withheld_label_is_unk():
    """A test example without label has the target <unk> and no index."""
    task = get_task("glue_cola")
    (made,) = task.preprocess({"sentence": "x", "label": -1})
    assert made["targets"] == "<unk>"
    assert task.target(made) == -1


@pytest.mark.parametrize("text", ["Acceptable", " acceptable", "acceptable.", "accept", ""])
def test_only_the_exact_word_is_a_label(text):
    """Another spelling of a label word is no label."""
    assert get_task("glue_cola").postprocess(text) == -1


def test_columns_that_a_file_adds_do_not_enter_the_text():
    """Only the task's own fields are read."""
    (made,) = get_task("glue_sst2").preprocess({"sentence": "x", "author": "y", "label": 0})
    assert made["inputs"] == "sst2 sentence: x"


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (3.25, "3.2"),
        (2.57, "2.6"),
        (0.1, "0.0"),  # 0.5 fifths: half to even
        (0.3, "0.4"),
        (0.5, "0.4"),
        (4.9, "4.8"),  # 24.5 in float32 too
        (1.7, "1.6"),
        (4, "4.0"),
        (-1.0, "-1.0"),
    ],
)
def test_similarity_text(label, text):
    """Halves between two multiples of 0.2 go to the even one, in float32."""
    assert similarity_text(label) == text


def test_similarity_target_is_the_rounded_score():
    """What is compared is the score that the text can say."""
    task = get_task("glue_stsb")
    (made,) = task.preprocess({"sentence1": "a", "sentence2": "b", "label": 3.25})
    assert made == {"inputs": "stsb sentence1: a sentence2: b", "targets": "3.2"}
    assert task.target(made) == 3.2


@pytest.mark.parametrize(
    ("text", "value"),
    [("10", 10.0), ("-3", -3.0), (" 2.4 ", 2.4), ("nan", -1.0), ("inf", -1.0), ("2,4", -1.0)],
)
def test_any_finite_number_is_a_similarity(text, value):
    """The released code takes every number; what is none, or not finite, is -1."""
    assert get_task("glue_stsb").postprocess(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("0.8", -1.0), ("1.0", 1.0), ("5", 5.0), ("5.2", -1.0), ("x", -1.0)]
)
def test_paper_takes_numbers_from_one_to_five(text, value):
    """By the paper a number outside 1..5 is wrong."""
    assert get_task("glue_stsb", outputs="1-5").postprocess(text) == value


def test_similarity_label_must_be_a_number():
    """A text label is refused."""
    wrong = "'glue_stsb': Field 'label' holds 'three', expected a number of 0 to 5"
    with pytest.raises(TaskError, match=wrong):
        get_task("glue_stsb").preprocess({"sentence1": "a", "sentence2": "b", "label": "three"})


def test_stray_output_counts_as_the_wrong_class_in_f1():
    """For MRPC and QQP a stray output is the other class, for accuracy a miss."""
    scores = get_task("glue_mrpc").score([0, 1, 1, 0], [0, 1, -1, -1])
    assert scores == {"f1": pytest.approx(50.0), "acc": 50.0}
