"""Labelled data in two forms: fields with an answer for encoders, texts for text-to-text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.corpora import available
from lab.datasets import dataset_names, get_dataset
from lab.datasets.source import TaskError
from lab.words import words
from t5study.tasks import get_task, task_names

EMBEDDED = ("vader_sentiment", "vader_rating", "gloss_category", "word_in_context", "winogrande")


@pytest.mark.parametrize("name", EMBEDDED)
def test_both_forms_agree_row_by_row(name: str):
    """Of an embedded set: the same rows in the same order, with the same answers."""
    if not available([name], []):
        pytest.skip(f"needs the data: python -m lab.corpora fetch {name}")
    data, task = get_dataset(name), get_task(name)
    rows = list(data.rows("validation"))
    made = list(task.examples("validation"))
    assert len(rows) == len(made) == data.sizes["validation"]
    for row, example in zip(rows, made, strict=True):
        assert row.answered
        for field in set(data.fields) - {data.answer}:
            assert row.fields[field] in example["inputs"]
        if data.form == "score":
            assert row.score == pytest.approx(task.target(example), abs=0.26)
        else:
            assert row.label == task.target(example)
            assert row.label is not None
            assert 0 <= row.label < len(data.classes)


def test_every_task_is_a_data_set_in_another_form():
    """Name, source, fields, licence and sizes are said once."""
    assert {"glue_sst2", "super_glue_wic", "squad", "boolq"} <= set(dataset_names())
    for name in set(task_names()) & set(dataset_names()):
        data, task = get_dataset(name), get_task(name)
        said = (data.source, data.about, data.licence, data.sizes)
        assert (task.source, task.about, task.licence, task.sizes) == said
        assert task.identity is not data.identity  # bound to each, of one class
        assert {*data.fields} <= {*task.fields}


@pytest.mark.parametrize(
    ("name", "form", "answer"),
    [
        ("glue_sst2", "label", {"label": 1}),
        ("glue_stsb", "score", {"score": 3.25}),
        ("squad", "spans", {"spans": (("Münster", 35), ("in Münster", 32))}),
        ("super_glue_record", "spans", {"spans": (("Nora Lind", 0),)}),
        ("cnn_dailymail", "text", {"text": "Ferry runs aground .\nNobody was hurt ."}),
        ("wmt14_ende", "text", {"text": "Das ist gut."}),
        ("super_glue_wsc", "label", {"label": 1}),
        ("dpr", "label", {"label": 1}),
    ],
)
def test_answers_have_the_form_that_the_data_set_says(
    name: str, form: str, answer: dict, tmp_path: Path
):
    """And they are not among the fields."""
    data = get_dataset(name)
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(data.example) + "\n")
    (row,) = data.rows(data.splits[-1], data_files=file)
    assert data.form == form
    for kind in ("label", "score", "spans", "text"):
        assert getattr(row, kind) == answer.get(kind)
    assert data.answer not in row.fields
    if name == "wmt14_ende":
        assert row.fields == {"translation": {"en": "That is good."}}
    if name == "squad":
        start = row.spans[0][1]
        assert row.fields["context"][start:].startswith("Münster")


def test_rows_without_an_answer(tmp_path: Path):
    """Of train they are left out; elsewhere they are there, without an answer."""
    data = get_dataset("glue_sst2")
    rows = [dict(data.example), {**data.example, "label": -1}, {**data.example, "label": None}]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [row.label for row in data.rows("train", data_files=file)] == [1]
    assert [row.answered for row in data.rows("test", data_files=file)] == [True, False, False]


def test_unknown_data_set_is_answered_with_the_nearest():
    """As for tasks."""
    with pytest.raises(TaskError, match=r"Unknown data set 'glue_sst3'.*Did you mean 'glue_sst2'"):
        get_dataset("glue_sst3")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The U.S. won 3-1.", ["the", "u", "s", "won", "3", "1"]),
        ("Привет, мир!", ["привет", "мир"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("今天2024年 rain", ["今", "天", "2024", "年", "rain"]),
        ("", []),
    ],
)
def test_words_of_any_script(text: str, found: list[str]):
    """Marks belong to their letters; scripts without spaces give one word a letter."""
    assert words(text) == found
