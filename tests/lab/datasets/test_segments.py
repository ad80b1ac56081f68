"""Which fields of a row an encoder reads as its first and second segment."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.datasets import dataset_names, get_dataset
from lab.datasets.dataset import Row
from lab.datasets.definition import Definition
from lab.datasets.segments import complaint, segments_of, templates
from lab.datasets.source import TaskError
from lab.datasets.templates import columns
from lab.datasets.written import DefinitionError


def defined(**written: object):
    written = {"kind": "classification", "answer": "label", "labels": ["no", "yes"], **written}
    return Definition("mine", {"data": "rows.csv", **written}, folder=Path("/nowhere")).dataset()


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("glue_cola", {"sentence": "It rains."}, ("It rains.",)),
        ("glue_mnli", {"hypothesis": "h", "premise": "p"}, ("p", "h")),
        ("boolq", {"question": "q", "passage": "p"}, ("q", "p")),
        (
            "word_in_context",
            {"sentence1": "A river bank.", "sentence2": "A closed bank.", "word": "bank"},
            ("bank: A river bank.", "A closed bank."),
        ),
        (
            "super_glue_multirc",
            {"paragraph": "p", "question": "q?", "answer": "a", "idx": {"question": 3}},
            ("p", "q? a"),
        ),
    ],
)
def test_a_data_set_says_what_is_read_first(name, fields, expected):
    """Premises before hypotheses, questions before passages, whatever order the fields are in."""
    assert segments_of(get_dataset(name))(Row(fields)) == expected


def test_segments_name_fields_that_there_are():
    """Each template of each named data set is over its own fields."""
    for name in dataset_names():
        data = get_dataset(name)
        named = [column for text in data.segments for column in columns(text)]
        assert set(named) <= data.fields.keys() - {data.answer}, name


def test_more_fields_than_segments_are_refused():
    """With what there is, and what to write."""
    data = get_dataset("winogrande")
    assert "3: {sentence}, {option1}, {option2}" in str(complaint(data))
    with pytest.raises(TaskError, match=r"'winogrande': an encoder reads one text or two"):
        segments_of(data)


def test_a_row_without_a_field_is_refused():
    """In the words of other tasks."""
    with pytest.raises(TaskError, match="an example has no field 'sentence', only 'text'"):
        segments_of(get_dataset("glue_cola"))(Row({"text": "It rains."}))


def test_two_fields_of_a_definition_are_two_segments():
    """One template is one segment, two are two."""
    row = Row({"question": "why?", "passage": "so {it} is"})
    assert segments_of(defined(fields=["question", "passage"]))(row) == ("why?", "so {it} is")
    assert segments_of(defined(input="q: {question} p: {passage}"))(row) == (
        "q: why? p: so {it} is",
    )
    two = defined(input=["q: {question}", "{passage}"])
    assert segments_of(two)(row) == ("q: why?", "so {it} is")
    assert templates(two) == ("q: {question}", "{passage}")
    assert [*two.fields] == ["question", "passage", "label"]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["{a}", "{b}", "{c}"], "input: found 3 texts, expected one or two."),
        (["{a}", "b"], "input: 'b' names no column"),
        (["{a}", "{b"], "input: '{b': expected '}'"),
    ],
)
def test_inputs_that_cannot_be_segments(given, complaint):
    """Are complained of before anything runs."""
    with pytest.raises(DefinitionError) as raised:
        defined(input=given)
    assert complaint in str(raised.value)
