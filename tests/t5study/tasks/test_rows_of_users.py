"""Rows of the user's files that lack an answer, or are not what they should be (every task)."""

from __future__ import annotations

import datetime
import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from datasets import Dataset

from lab.datasets.fields import Label, Number, Text, Texts, value_at, way_of
from lab.datasets.source import TaskError
from t5study.config import Schema
from t5study.tasks import get_task, task_names
from t5study.tasks.chosen import describe, examples, prepare_split
from t5study.tasks.task import Tally

NOTHING = (None, math.nan)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    """JSON lines with these rows, NaN as Python and pandas write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def changed(row: Any, way: str, value: Any) -> dict[str, Any]:
    """The row with another value under "a.b"."""
    first, _, rest = way.partition(".")
    return {**row, first: changed(row.get(first, {}), rest, value) if rest else value}


def without_answers(name: str) -> list[dict[str, Any]]:
    """The task's example with each way to say that it has no answer."""
    task = get_task(name)
    field = task.fields[task.answer]
    marks: list[Any] = list(NOTHING)
    if isinstance(field, Label):
        marks += [-1, -1.0, "-1", ""]
    if isinstance(field, Number):
        marks += [*field.withheld, ""]
    if isinstance(field, Texts):
        marks += [[], [""], ["", " "]]
    if isinstance(field, Text):
        marks += ["", " \n"]
    way = way_of(task.example, task.answer)
    return [changed(task.example, way, mark) for mark in marks]


def given(name: str, split: str, file: Path) -> Any:
    """A configuration that gives the split this file."""
    return SimpleNamespace(tasks={name: {"data_files": {split: [str(file)]}}}, data_dir=None)


TRAINED = [name for name in task_names() if "train" in get_task(name).splits]


@pytest.mark.parametrize("name", TRAINED)
def test_training_rows_without_an_answer_are_left_out_and_counted(name: str, tmp_path: Path):
    """Whatever the mark, whatever the task; never is the mark a target."""
    task = get_task(name)
    lacking = without_answers(name)
    right = {**task.example, "label": 1} if name == "super_glue_wsc" else dict(task.example)
    file = written(tmp_path / "train.jsonl", [right, *lacking, right])
    config = given(name, "train", file)
    prepare_split(name, "train", config)
    description = describe(name, "train", config)
    found = list(examples(name, "train", description, tally := Tally()))
    assert found == 2 * task.preprocess(right)
    assert not {"<unk>", "nan", "None", "-1"} & {made["targets"] for made in found}
    assert (tally.rows, tally.left_out) == (len(lacking) + 2, len(lacking))


@pytest.mark.parametrize("name", task_names())
def test_rows_to_be_scored_without_an_answer_are_refused(name: str, tmp_path: Path):
    """Before anything runs, with task, file, row and field."""
    task = get_task(name)
    split = next(split for split in reversed(task.splits) if split != "train")
    for lacking in without_answers(name):
        file = written(tmp_path / "scored.jsonl", [dict(task.example), lacking])
        with pytest.raises(TaskError) as raised:
            describe(name, split, given(name, split, file))
        way = way_of(task.example, task.answer)
        for part in (f"Task '{name}'", str(file), "row 2", f"'{way}'", "1 of the 2"):
            assert part in str(raised.value)


def test_identity_changes_only_where_rows_are_left_out(tmp_path: Path):
    """Files in which every row has an answer keep what their stages are called."""
    task = get_task("glue_sst2")
    whole = written(tmp_path / "whole.jsonl", [dict(task.example)])
    less = written(tmp_path / "less.jsonl", [dict(task.example), {**task.example, "label": -1}])
    data = describe("glue_sst2", "train", given("glue_sst2", "train", whole))["data"]
    assert set(data) == {"sha256"}
    data = describe("glue_sst2", "train", given("glue_sst2", "train", less))["data"]
    assert (data["left_out"], data["rows"]) == (1, 2)


def test_nothing_to_learn_is_refused(tmp_path: Path):
    """A training set without a single answer."""
    file = written(tmp_path / "a.jsonl", without_answers("glue_cola"))
    with pytest.raises(TaskError, match="none of the 6 rows of its train split has an answer"):
        describe("glue_cola", "train", given("glue_cola", "train", file))


WRONG = {Text: (None, 7, ["a"], {"a": 1}), Texts: ("a", 7, [1], [None]), Label: (99, "x", [0])}


@pytest.mark.parametrize("name", task_names())
def test_wrong_values_of_every_field_name_task_file_row_and_field(name: str, tmp_path: Path):
    """Every task, every field, nested ones too, in whatever row; never a traceback."""
    task = get_task(name)
    split = task.splits[0]
    good = {**task.example, "label": 1} if name == "super_glue_wsc" else dict(task.example)
    for path, field in task.fields.items():
        way = way_of(good, path)
        for value in WRONG.get(type(field), (["a"], {"a": 1}, "x")):
            if field.absent(value) and path == task.answer:
                continue
            rows = [good, good, changed(good, way, value)]
            file = written(tmp_path / "rows.jsonl", rows)
            with pytest.raises(TaskError) as raised:
                describe(name, split, given(name, split, file))
            for part in (f"Task '{name}'", str(file), "row 3", f"Field '{way}' holds", "expected"):
                assert part in str(raised.value)


def test_rows_far_into_a_file_are_read_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Of those after the first 100,000 the fields, if not the texts made of them."""
    monkeypatch.setattr("t5study.tasks.inspection.READ_WHOLE", 2)
    good = dict(get_task("glue_sst2").example)
    file = written(tmp_path / "rows.jsonl", [good, good, good, {**good, "sentence": 7}])
    with pytest.raises(TaskError, match=r"row 4: Field 'sentence' holds 7, expected text"):
        describe("glue_sst2", "train", given("glue_sst2", "train", file))


def test_rows_on_the_hub_that_are_scored_are_all_looked_at(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    """Before a run, and fetched by it even where an earlier command has looked at them."""
    row = {"sentence": "One.", "label": 1, "idx": 0}
    rows = [row] * 1100
    calls = []

    def load(*_: Any, **__: Any) -> Dataset:
        calls.append(1)
        return Dataset.from_list(rows)

    monkeypatch.setattr("datasets.load_dataset", load)
    prepare_split("glue_sst2", "validation", Schema())
    calls.clear()
    prepare_split("glue_sst2", "validation", Schema())
    assert calls
    shutil.rmtree(cache)
    rows[1050] = {**row, "label": -1}
    with pytest.raises(TaskError, match=r"1 of the 1100 rows .* nyu-mll/glue, row 1051"):
        prepare_split("glue_sst2", "validation", Schema())
    prepare_split("glue_sst2", "train", Schema())


@pytest.mark.parametrize("value", [None, 7, "text"])
@pytest.mark.parametrize("name", ["squad", "wmt14_ende", "super_glue_multirc"])
def test_a_record_that_is_none(name: str, value: Any, tmp_path: Path):
    """What should hold fields holds something else."""
    task = get_task(name)
    first = next(path for path in task.fields if "." in path).partition(".")[0]
    rows = [dict(task.example), {**task.example, first: value}]
    file = written(tmp_path / "rows.jsonl", rows)
    with pytest.raises(TaskError, match=f"'{name}'.*{file}.*(row 2|2 rows)"):
        describe(name, "validation", given(name, "validation", file))


def test_answers_as_records_are_read_as_the_official_files_have_them(tmp_path: Path):
    """A list of {"text", "answer_start"} is {"text": [...]}."""
    task = get_task("squad")
    records = [{"text": "Münster", "answer_start": 36}, {"text": "in Münster", "answer_start": 33}]
    file = written(tmp_path / "a.jsonl", [{**task.example, "answers": records}, task.example])
    first, second = task.examples("validation", data_files=file)
    assert first == second


DATES = ["1912-04-15", "2012-06-01", "2019-01-02T03:04:05"]


def test_dates_are_the_text_that_stands_in_the_file(tmp_path: Path):
    """No reader makes a point in time of an answer."""
    task = get_task("squad")
    rows = [{**task.example, "answers": {"text": [date]}} for date in DATES]
    made = list(task.examples("train", data_files=written(tmp_path / "a.jsonl", rows)))
    assert [one["answers"] for one in made] == [
        [get_task("squad", padding="punctuation").preprocess(row)[0]["targets"]] for row in rows
    ]
    assert made[0]["targets"] == "1912 - 04 - 15"


def test_a_parquet_file_s_time_is_named(tmp_path: Path):
    """There it is no text any more."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"sentence": datetime.datetime(2020, 1, 2), "label": 1, "idx": 0}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    config = given("glue_cola", "train", tmp_path / "a.parquet")
    with pytest.raises(TaskError, match=r"row 1: Field 'sentence' holds datetime.*expected text"):
        describe("glue_cola", "train", config)


LATIN = "Ein schöner Film".encode("latin-1")
NOT_FETCHED = {
    "Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
    "web page": b"\n<!DOCTYPE html><html><title>Sign in, please</title></html>",
}


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv", "parquet", "arrow", "csv.gz"])
@pytest.mark.parametrize("what", NOT_FETCHED)
def test_a_file_that_was_not_fetched_is_called_so(what: str, ending: str, tmp_path: Path):
    """In whatever format it should be."""
    file = tmp_path / f"train.{ending}"
    file.write_bytes(NOT_FETCHED[what])
    with pytest.raises(TaskError, match=rf"{file} cannot be read: it is a {what} of \d+ bytes"):
        describe("glue_sst2", "train", given("glue_sst2", "train", file))


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_an_empty_cell_is_no_answer(ending: str, tmp_path: Path):
    """Of a text as of a label, and nested ones too."""
    comma = "," if ending == "csv" else "\t"
    for name, header, rows in (
        ("cnn_dailymail", ["article", "highlights"], [["One.", "1"], ["Two.", ""], ["3", "3"]]),
        ("wmt14_ende", ["translation.en", "translation.de"], [["a", "b"], ["c", ""], ["d", "e"]]),
    ):
        file = tmp_path / f"{name}.{ending}"
        file.write_text("".join(comma.join(line) + "\n" for line in [header, *rows]))
        description = describe(name, "train", given(name, "train", file))
        assert description["data"]["left_out"] == 1
        made = get_task(name).examples("train", data_files=file)
        assert [one["targets"] for one in made] == [rows[0][1], rows[2][1]]


BAD_BYTES = {
    "a.jsonl": b'{"sentence": "fine", "label": 1}\n{"sentence": "' + LATIN + b'", "label": 1}\n',
    "b.json": b'[{"sentence": "fine", "label": 1},\n{"sentence": "' + LATIN + b'", "label": 1}]',
    "c.csv": b"sentence,label\nfine,1\n" + LATIN + b",1\n",
    "d.tsv": b"sentence\tlabel\nfine\t1\n" + LATIN + b"\t1\n",
}


@pytest.mark.parametrize("name", BAD_BYTES)
def test_text_in_another_encoding_is_named(name: str, tmp_path: Path):
    """File, row, byte, and how it is converted."""
    (tmp_path / name).write_bytes(BAD_BYTES[name])
    with pytest.raises(TaskError) as raised:
        describe("glue_sst2", "train", given("glue_sst2", "train", tmp_path / name))
    for part in ("Task 'glue_sst2'", str(tmp_path / name), " 2: ", "0xf6", "UTF-8", "iconv"):
        assert part in str(raised.value)


def numbered_from_0(part: str) -> list[dict[str, Any]]:
    """Two questions of a paragraph of MultiRC, two answers each, numbered as one file does."""
    return [
        {
            "paragraph": f"Text of part {part}.",
            "question": f"Question {question} about part {part}?",
            "answer": f"answer {answer}",
            "label": 1 - answer,
            "idx": {"paragraph": 0, "question": question, "answer": 2 * question + answer},
        }
        for question in (0, 1)
        for answer in (0, 1)
    ]


def all_but_the_first(task: Any, made: list[dict[str, Any]]) -> dict[str, float]:
    """The scores of a model that answers the first example wrongly, and all others rightly."""
    first, *others = [one["targets"] for one in made]
    texts = ["no answer" if first != "False" else "True", *others]
    predictions = [task.postprocess(text, one) for text, one in zip(texts, made, strict=True)]
    return dict(task.score([task.target(one) for one in made], predictions))


def test_questions_whose_numbers_begin_again_are_several(tmp_path: Path):
    """Both ways of reading tell four questions apart: one of them is wrong."""
    task = get_task("super_glue_multirc")
    files = [written(tmp_path / f"{part}.jsonl", numbered_from_0(part)) for part in ("a", "b")]
    rows = list(task.load("validation", data_files=files))
    assert all_but_the_first(task, [m for row in rows for m in task.preprocess(row)])["em"] == 75.0
    assert all_but_the_first(task, list(task.examples("validation", data_files=files)))["em"] == 75
    groups = [row.group for row in task.rows("validation", data_files=files)]
    assert len(set(groups)) == 4
    assert [groups[i] == groups[i + 1] for i in (0, 2, 4, 6)] == [True] * 4
    # A question whose answers lie in two files is one.
    split = [written(tmp_path / f"{i}.jsonl", numbered_from_0("a")[i::2]) for i in (0, 1)]
    assert all_but_the_first(task, list(task.examples("validation", data_files=split)))["em"] == 50


def test_questions_of_one_paragraph_with_one_number_are_several(tmp_path: Path):
    """Other annotators' questions about a paragraph, in a file of their own."""
    task = get_task("super_glue_multirc")
    others = [row | {"question": f"And {row['question']}"} for row in numbered_from_0("a")]
    files = [
        written(tmp_path / f"{i}.jsonl", rows)
        for i, rows in enumerate((numbered_from_0("a"), others))
    ]
    assert all_but_the_first(task, list(task.examples("validation", data_files=files)))["em"] == 75


@pytest.mark.parametrize("changed", ["passage", "query", "answers"])
def test_queries_whose_numbers_begin_again_are_several(changed: str, tmp_path: Path):
    """Each is scored by its own answers, once, however many answers it has."""
    task = get_task("super_glue_record")
    one = task.example | {"answers": ["Nora Lind", "Lind"]}
    others = {
        "passage": f"Rain fell.\n@highlight\n{one['passage']}",
        "query": "She, @placeholder, won.",
        "answers": ["Nora"],
    }
    other = one | {changed: others[changed]}
    files = [written(tmp_path / f"{i}.jsonl", [row]) for i, row in enumerate((one, other))]
    rows = list(task.load("validation", data_files=files))
    for made in (
        [example for row in rows for example in task.preprocess(row)],
        list(task.examples("validation", data_files=files)),
    ):
        texts = ["nobody" if i < 2 else one["targets"] for i, one in enumerate(made)]
        targets = [task.target(example) for example in made]
        assert task.score(targets, [{"value": text} for text in texts]) == {"f1": 50.0, "em": 50.0}
    groups = [row.group for row in task.rows("validation", data_files=[*files, files[0]])]
    assert groups[0] != groups[1]
    assert groups[0] == groups[2]


SCRIPTS = {
    "Russian": "Сегодня в городе прошёл сильный дождь",
    "Hindi": "आज शहर में तेज़ बारिश हुई",
    "Chinese": "今天城里下了大雨",
    "Greek": "Σήμερα έβρεξε πολύ στην πόλη",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_summary_that_cannot_be_counted_is_refused_or_counted(script: str, tmp_path: Path):
    """By default the run does not begin; with words=any the right answer scores 100."""
    task = get_task("cnn_dailymail", words="any")
    target = SCRIPTS[script]
    file = written(tmp_path / "a.jsonl", [{"article": "a", "highlights": target}])
    config = given("cnn_dailymail", "validation", file)
    with pytest.raises(TaskError, match=r"1 of 1 targets .*cnn_dailymail\.words=any"):
        describe("cnn_dailymail", "validation", config)
    config.tasks["cnn_dailymail"]["words"] = "any"
    assert describe("cnn_dailymail", "validation", config)["settings"] == {"words": "any"}
    assert task.score([target], [target])["rouge1"] == 100.0
    assert task.score([target], ["nothing of it"])["rouge1"] == 0.0


def test_words_of_english_are_the_published_setting():
    """It is no setting of the identity, and its scores are what they were."""
    assert get_task("cnn_dailymail").settings == {}
    assert get_task("wmt14_ende").settings == {"data": "t2t"}
    texts = ["The U.S. won 3-1 on Monday .", "It's a well-known fact, isn't it?"]
    guesses = ["The US won by 3-1 .", "A known fact"]
    english, anything = get_task("cnn_dailymail"), get_task("cnn_dailymail", words="any")
    assert english.score(texts, guesses) == anything.score(texts, guesses)


@pytest.mark.parametrize("name", ["a [v1]", "b*", "c?", "e::f", "{g,h}"])
def test_paths_are_literal_before_they_are_patterns(name: str, tmp_path: Path):
    """As data_dir, as data_files, with a neighbour that the pattern would have taken."""
    example = get_task("glue_cola").example
    for folder in ("a v", "a 1", "bx", "cx"):
        written(tmp_path / folder / "train.jsonl", [{**example, "sentence": "neighbour"}])
    file = written(tmp_path / name / "train.jsonl", [dict(example)])
    for overrides in ({"data_dir": file.parent}, {"data_files": str(file)}):
        (made,) = get_task("glue_cola").examples("train", **overrides)
        assert made["inputs"] == f"cola sentence: {example['sentence']}"
    config = given("glue_cola", "train", file)
    prepare_split("glue_cola", "train", config)
    description = describe("glue_cola", "train", config)
    assert len(list(examples("glue_cola", "train", description))) == 1


def test_what_does_not_exist_may_be_a_pattern(tmp_path: Path):
    """As before."""
    for i in range(3):
        written(tmp_path / f"part{i}.jsonl", [dict(get_task("glue_cola").example)])
    files = str(tmp_path / "part[01].jsonl")
    assert len(list(get_task("glue_cola").examples("train", data_files=files))) == 2


def test_a_number_of_a_record_in_a_list():
    """A way into a list of records gathers what they hold."""
    row = {"answers": [{"text": "a"}, {"text": "b"}]}
    assert value_at(row, "answers.text") == ["a", "b"]


BLIND = {
    "glue_stsb": (
        [{"sentence1": "a", "sentence2": "b", "label": 3.0}] * 4,
        ["pearson", "spearman"],
    ),
    "glue_cola": ([{"sentence": "a", "label": 1}] * 4, ["mcc"]),
    "glue_mrpc": ([{"sentence1": "a", "sentence2": "b", "label": 0}] * 4, ["f1"]),
    "super_glue_cb": (
        [{"premise": "a", "hypothesis": "b", "label": i % 2} for i in range(4)],
        ["f1"],
    ),
    "wmt14_ende": ([{"translation": {"en": "Yes.", "de": "Ja."}}] * 4, ["bleu"]),
}


@pytest.mark.parametrize("name", BLIND)
def test_metrics_that_cannot_see_right_answers_say_so(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """Before the run; with another answer among them there is nothing to say."""
    rows, metrics = BLIND[name]
    file = written(tmp_path / "rows.jsonl", [{**row, "idx": i} for i, row in enumerate(rows)])
    describe(name, "validation", given(name, "validation", file))
    said = [record.getMessage() for record in caplog.records]
    assert [
        line.partition(" says little: the right answers to its 4 examples")[0] for line in said
    ] == [f"{name}'s {metric}" for metric in metrics]


@pytest.mark.parametrize("name", task_names())
def test_right_answers_score_100(name: str, tmp_path: Path):
    """Every task's metrics, where examples of each kind are there."""
    task = get_task(name)
    values: list[Any] = [task.example.get(task.answer)]
    field = task.fields[task.answer]
    if isinstance(field, Label):
        values = list(range(len(field.words)))
    elif isinstance(field, Number):
        values = [0.2, 1.4, 3.0]
    rows = [
        changed(task.example, way_of(task.example, task.answer), v) for v in values if v is not None
    ]
    made = [one for row in rows or [task.example] for one in task.preprocess(dict(row))]
    seen = task.ceiling(made)
    short = {"bleu"} if len(made[0]["targets"].split()) < 4 else set()
    assert {m for m, value in seen.items() if value < 99.9} <= short
