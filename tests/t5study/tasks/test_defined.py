"""Tasks that a YAML file defines: their texts, their keys, and how they are given."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.errors import StudyError
from sweeps.stage import adopt_all
from t5study import cell, complaints, prepare
from t5study.config import Schema, Unit
from t5study.given_tasks import with_given_tasks
from t5study.tasks import TaskError
from t5study.tasks.chosen import described, examples
from t5study.tasks.defined import load_task
from t5study.tasks.task import Task

REVIEWS = """
kind: classification
data: reviews.csv
input: "review of {item}: {text}"
answer: label
labels: {0: bad, 1: good}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def task(folder: Path, content: str = REVIEWS, name: str = "reviews") -> Task:
    (folder / f"{name}.yaml").write_text(content)
    return load_task(folder / f"{name}.yaml")


@pytest.fixture
def reviews(tmp_path: Path) -> str:
    """The path of a definition beside its CSV."""
    rows = [f"lamp,It shone {n} days,{n % 2}" for n in range(200)]
    (tmp_path / "reviews.csv").write_text("\n".join(["item,text,label", *rows]))
    (tmp_path / "reviews.yaml").write_text(REVIEWS)
    return str(tmp_path / "reviews.yaml")


def test_a_template_and_labels_make_the_texts(tmp_path: Path, reviews: str):
    made = load_task(reviews)
    (one,) = made.preprocess({"item": "lamp", "text": 'Shines {well}, "yes"', "label": "1"})
    assert one == {"inputs": 'review of lamp: Shines {well}, "yes"', "targets": "good"}
    assert made.target(one) == made.postprocess("good") == 1
    assert made.postprocess("fine") == -1
    assert made.score([1, 0], [1, 1]) == {"acc": 50}
    (withheld,) = made.preprocess({"item": "lamp", "text": "?", "label": ""})
    assert withheld["targets"] == "<unk>"


def test_two_templates_are_one_text(tmp_path: Path):
    """What an encoder reads as two segments stands with a space between."""
    made = task(tmp_path, REVIEWS.replace('"review of {item}: {text}"', '["{item}?", "{text}"]'))
    (one,) = made.preprocess({"item": "lamp", "text": "It shone.", "label": "0"})
    assert one["inputs"] == "lamp? It shone."


def test_fields_and_a_prefix_are_written_as_the_papers_tasks(tmp_path: Path):
    """The prefix is the file's name where none is given; braces of a template stand doubled."""
    fields = REVIEWS.replace('input: "review of {item}: {text}"', "fields: [item, text]")
    row = {"item": 3, "text": "Dark", "label": 0}
    assert task(tmp_path, fields).preprocess(row)[0]["inputs"] == "reviews item: 3 text: Dark"
    prefix = task(tmp_path, f"{fields}prefix: r\n").preprocess(row)
    assert prefix == [{"inputs": "r item: 3 text: Dark", "targets": "bad"}]
    braces = REVIEWS.replace("review of {item}", "{{{item}}}")
    assert task(tmp_path, braces).preprocess(row)[0]["inputs"] == "{3}: Dark"


def test_a_row_without_a_column_is_refused_and_an_empty_cell_is_not(tmp_path: Path):
    """JSON lines may leave a field out in one row; null is an empty text."""
    made = task(tmp_path)
    assert made.preprocess({"item": None, "text": "Dark", "label": 0})[0]["inputs"] == (
        "review of : Dark"
    )
    with pytest.raises(TaskError, match="has no field 'item', only 'text', 'label'"):
        made.preprocess({"text": "Dark", "label": 0})


def test_a_regression_is_rounded_and_read_within_its_range(tmp_path: Path):
    """A text that is no number of the range is the middle of it."""
    made = task(
        tmp_path,
        'kind: regression\ninput: "{text}"\nanswer: stars\nrange: [1, 5]\nstep: 0.5\ndata: a.csv\n',
    )
    values = [("4.2", "4.0"), (4.3, "4.5"), (1, "1.0")]
    for raw, text in values:
        (one,) = made.preprocess({"text": "a", "stars": raw})
        assert one["targets"] == text
        assert made.target(one) == float(text)
    assert [made.postprocess(text) for text in ("2.7", "9", "good", "nan")] == [2.7, 3, 3, 3]
    with pytest.raises(TaskError, match="holds 7, expected a number of 1 to 5"):
        made.preprocess({"text": "a", "stars": 7})
    assert made.metrics == ("pearson", "spearman")


def test_a_generation_is_scored_by_the_metrics_that_are_named(tmp_path: Path):
    made = task(
        tmp_path,
        'kind: generation\ninput: "sum up: {long}"\nanswer: short\n'
        "metrics: [rouge2, bleu]\ndata: a.csv\n",
    )
    (one,) = made.preprocess({"long": "a b c", "short": "a b"})
    assert one == {"inputs": "sum up: a b c", "targets": "a b"}
    assert made.score(["a b c d"], ["a b c d"]) == pytest.approx({"rouge2": 100, "bleu": 100})
    assert [set(part) for part in made.parts(["a b"], ["a"])] == [{"rouge2", "bleu"}]
    assert not made.answered({"long": "a", "short": ""})


def test_spans_have_one_answer_or_several(tmp_path: Path):
    """The first is learned, each counts."""
    made = task(
        tmp_path,
        'kind: spans\ninput: "{question} {text}"\nanswer: answers.text\ndata: a.jsonl\n',
    )
    row = {"question": "Where?", "text": "In Rome.", "answers": {"text": ["Rome", "In Rome"]}}
    (one,) = made.preprocess(row)
    assert one["targets"] == "Rome"
    assert made.score([made.target(one)], ["in rome"])["em"] == 100
    single = made.preprocess({**row, "answers": {"text": "Rome"}})
    assert made.target(single[0]) == ["Rome"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (REVIEWS + "prefix: r\n", "prefix: write it into input"),
        (REVIEWS + "step: 1\n", "step: a classification has none"),
        (
            'kind: regression\ninput: "{a}"\nanswer: b\nrange: [0, 1]\ndata: a.csv\n',
            "step: is missing: answers are written to the nearest multiple",
        ),
        (
            'kind: regression\ninput: "{a}"\nanswer: b\nrange: [2, 1]\nstep: 1\ndata: a.csv\n',
            "the first is to be less than the second",
        ),
    ],
)
def test_a_mistake_of_the_texts_is_told(tmp_path: Path, content: str, said: str):
    with pytest.raises(TaskError, match=said):
        task(tmp_path, content)


# -- in a configuration --------------------------------------------------------------------------


def test_a_list_of_tasks_is_a_suite(configured: Callable[..., Schema], reviews: str):
    """Each has a unit and its columns; an average counts each task once."""
    config = configured(suite__tasks=[reviews, "vader_rating"])
    made = cell(config)
    assert list(made["scores"]) == ["reviews", "vader_rating"]
    assert [column.name for column in made["columns"]] == [
        *("reviews", "vader_rating pearson", "vader_rating spearman", "Average")
    ]
    assert made["columns"][-1].terms == [
        [["reviews", "acc"]],
        [["vader_rating", "pearson"], ["vader_rating", "spearman"]],
    ]
    definition = made["scores"]["reviews"].config["tasks"]["reviews"]["definition"]
    assert definition["labels"] == [["0", "bad"], ["1", "good"]]


def test_a_title_names_the_column_and_is_in_no_key(configured: Callable[..., Schema], reviews: str):
    """For a paper; the task keeps its name."""
    before = keys(configured(suite__tasks=[reviews]))
    Path(reviews).write_text(REVIEWS + "title: Our reviews\n")
    config = configured(suite__tasks=[reviews])
    assert [(c.name, c.terms) for c in cell(config)["columns"]] == [
        ("Our reviews", [[["reviews", "acc"]]])
    ]
    assert keys(config) == before


def test_a_suite_may_name_a_file_in_a_unit(configured: Callable[..., Schema], reviews: str):
    """Beside tasks of ours; its column is found by the task's name."""
    config = configured()
    config.suite.units = {"both": Unit(train=[reviews, "vader_sentiment"])}
    config.suite.columns = [
        type(config.suite.columns[0])(name=name, terms=[[f"{name}.acc"]])
        for name in ("reviews", "vader_sentiment")
    ]
    assert list(cell(config)["scores"]) == ["reviews", "vader_sentiment"]


def keys(config: Schema) -> dict[str, str]:
    """The key of each stage by its kind."""
    found: dict[str, str] = {}

    def walk(stages) -> None:
        for stage in stages:
            found[stage.name] = stage.key
            walk(stage.inputs.values())

    walk(adopt_all(cell(config)["scores"].values()))
    return found


def test_the_definition_is_in_the_keys_and_its_place_is_not(
    configured: Callable[..., Schema], reviews: str, tmp_path: Path
):
    """A word, an order or a prompt is another fine-tuning; a sentence about it, or a move, none."""
    file = Path(reviews)
    before = keys(configured(suite__tasks=[reviews]))
    for change in (
        ("bad, 1: good", "poor, 1: good"),
        ("review of", "about"),
        ("0: bad, 1: good", "1: good, 0: bad"),
    ):
        file.write_text(REVIEWS.replace(*change))
        after = keys(configured(suite__tasks=[reviews]))
        assert after["finetune"] != before["finetune"]
        assert after["pretrain"] == before["pretrain"]
    file.write_text(REVIEWS + "about: Ours.\nlicence: CC0\n")
    assert keys(configured(suite__tasks=[reviews])) == before
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "reviews.yaml").write_text(REVIEWS.replace("reviews.csv", "moved.csv"))
    (elsewhere / "moved.csv").write_bytes((tmp_path / "reviews.csv").read_bytes())
    assert keys(configured(suite__tasks=[str(elsewhere / "reviews.yaml")])) == before
    config = configured(suite__tasks=[reviews])
    assert str(tmp_path) not in json.dumps(dict(cell(config)["scores"]["reviews"].config))


def test_a_stage_reads_the_task_without_its_file(configured: Callable[..., Schema], reviews: str):
    """What the key holds, and the data found by their content, are enough; splits are apart."""
    config = configured(suite__tasks=[reviews])
    stage = cell(config)["scores"]["reviews"]
    stages = [stage, *stage.inputs.values()]
    prepare([config], stages, lambda line: None)
    Path(reviews).unlink()
    plain = {one.name: json.loads(json.dumps(dict(one.config))) for one in stages}
    found = {
        "train": plain["finetune"]["tasks"]["reviews"],
        "validation": plain["finetune"]["validation"]["reviews"],
        "test": plain["evaluate"]["tasks"]["reviews"],
    }
    texts = {s: [e["inputs"] for e in examples("reviews", s, d)] for s, d in found.items()}
    assert sum(map(len, texts.values())) == 200
    assert len({text for some in texts.values() for text in some}) == 200
    assert min(map(len, texts.values())) > 5
    assert described("reviews", found["test"]).labels == ("bad", "good")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"suite__tasks": ["{0}/reviews.yaml", "{0}/other/reviews.yaml"]}, "two tasks of one name"),
        ({"suite__tasks": ["{0}/boolq.yaml"]}, "there is a task 'boolq' already"),
        ({"suite__tasks": []}, r"name a task, such as tasks=\[my_task.yaml\]"),
        ({"suite__tasks": ["{0}/review.yaml"]}, "Did you mean 'reviews.yaml'"),
        ({"suite__tasks": ["bolq"]}, "Did you mean 'boolq'"),
        (
            {"suite__tasks": ["{0}/reviews.yaml"], "tasks": {"reviews": {"words": "any"}}},
            "defines this task, and has such settings inside",
        ),
    ],
)
def test_a_wrong_list_is_refused(
    configured: Callable[..., Schema], reviews: str, tmp_path: Path, change: dict, said: str
):
    named = [name.format(tmp_path) for name in change.pop("suite__tasks")]
    with pytest.raises(StudyError, match=said):
        cell(with_given_tasks(configured(suite__tasks=named, **change)))


def test_a_wrong_task_is_told_together_with_what_else_is_wrong(
    configured: Callable[..., Schema], reviews: str, tmp_path: Path
):
    """A text that is not there beside a definition that is not."""
    found = complaints(configured(suite__tasks=["nowhere.yaml"], dataset__corpus="my.txt"))
    assert [line.split(":")[0] for line in found] == [
        "Corpus 'my.txt'",
        "Task definition nowhere.yaml",
    ]


def test_rows_that_are_no_labels_are_told_before_a_run(
    configured: Callable[..., Schema], reviews: str, tmp_path: Path
):
    """Again after the definition changed, though the file did not."""
    cell(configured(suite__tasks=[reviews]))
    Path(reviews).write_text(REVIEWS.replace("{0: bad, 1: good}", "[bad, good]"))
    with pytest.raises(StudyError, match=r"row 1: Field 'label' holds '0', expected bad, good"):
        cell(configured(suite__tasks=[reviews]))
