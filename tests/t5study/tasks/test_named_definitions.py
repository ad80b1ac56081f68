"""The tasks here that YAML files define: what they make of rows, and that only these are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.datasets import definition_files, get_dataset, get_definition
from lab.datasets.embedded import wordnet
from t5study.tasks import TaskError, get_task, task_names

WRITTEN = json.loads(Path(__file__).with_name("named_definitions.json").read_text("utf-8"))
"""What Python made of each before it was a YAML file: its keys must stay."""


@pytest.mark.parametrize("name", definition_files())
def test_a_task_is_what_its_keys_say(name: str):
    """How its example is learned and scored, its fields, labels, metrics, and where rows lie."""
    task = get_task(name)
    source = task.source
    found = {
        "definition": task.definition,
        "lengths": list(task.lengths),
        "splits": dict(source.splits),
        "data": [source.path, source.config, source.revision, list(source.withheld)]
        if source.path
        else source.prepared and source.prepared.name,
    }
    assert found == WRITTEN[name]
    assert task.settings == ({"data": "t2t"} if name == "wmt14_ende" else {})
    assert (task.about, task.licence) == (get_dataset(name).about, get_dataset(name).licence)


def test_every_task_that_was_written_so_is_there():
    """A file that goes takes a name away that others rely on."""
    assert {*WRITTEN} <= {*definition_files()} <= {*task_names()}


def test_only_the_file_that_is_asked_for_is_read():
    """A plan that needs two tasks does not wait for thirty."""
    get_definition.cache_clear()
    assert "glue_qqp" in task_names()
    get_task("glue_cola")
    get_task("glue_cola").preprocess({"sentence": "It rains.", "label": 1})
    assert get_definition.cache_info().currsize == 1


def test_texts_may_be_scored_by_words_of_any_script():
    """A setting of those that answer with texts, and of no others."""
    right = ["Файл не открыт."]
    assert get_task("gettext_enro").score(right, right)["bleu"] == pytest.approx(100)
    assert get_task("docstring_summary").score(right, right)["rougeL"] == 0
    task = get_task("docstring_summary", words="any")
    assert task.score(right, right)["rougeL"] == pytest.approx(100)
    assert task.settings == {"words": "any"}
    with pytest.raises(TaskError, match=r"words='all' is unknown. Known: 'english', 'any'"):
        get_task("gettext_enro", words="all")
    with pytest.raises(TaskError, match=r"'glue_cola' has no setting 'words'. Known: none"):
        get_task("glue_cola", words="any")


def test_categories_are_those_that_the_reader_numbers():
    assert get_dataset("gloss_category").labels == wordnet.CATEGORIES


@pytest.mark.parametrize(
    ("label", "target"), [(1, "acceptable"), ("0", "unacceptable"), ("acceptable", "acceptable")]
)
def test_a_label_is_its_index_or_its_word(label: object, target: str):
    (made,) = get_task("glue_cola").preprocess({"sentence": "It rains.", "label": label})
    assert made["targets"] == target


def test_a_row_without_its_answer_is_refused_by_name():
    """And not read as the text None."""
    for name, row in {
        "glue_cola": {"sentence": "It rains."},
        "cnn_dailymail": {"article": "It rains."},
    }.items():
        with pytest.raises(TaskError, match=r"no field '(label|highlights)', only"):
            get_task(name).preprocess(row)
