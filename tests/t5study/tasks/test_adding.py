"""What docs/adding.md says of tasks, tried: one file each, no list elsewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import lab.datasets
import t5study.tasks
from lab import named
from lab.datasets import get_dataset
from lab.datasets.segments import segments_of
from t5study.config import Schema
from t5study.tasks import get_task, task_names
from t5study.tasks.chosen import describe, examples, prepare_split

PAGE = (Path(__file__).parents[3] / "docs" / "adding.md").read_text("utf-8")


def of_page(name: str) -> str:
    """The code block of the page that follows the mention of a file's name."""
    found = re.search(rf"`{re.escape(name)}`.*?```\w*\n(.*?)```", PAGE, re.DOTALL)
    assert found, name
    return found[1]


@pytest.fixture
def reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The page's files in the two folders that are read, and its CSV where it says."""
    named_folder, code, data = (tmp_path / name for name in ("named", "code", "reviews"))
    for folder in (named_folder, code, data):
        folder.mkdir()
    definition = of_page("lab/datasets/named/reviews.yaml").replace("/data/reviews", str(data))
    (named_folder / "reviews.yaml").write_text(definition)
    (code / "first_sentence.py").write_text(of_page("t5study/tasks/first_sentence.py"))
    for split in ("train", "validation"):
        (data / f"{split}.csv").write_text(of_page("/data/reviews/train.csv"))
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(lab.datasets, "FOLDER", named_folder)
    monkeypatch.setattr(t5study.tasks, "__path__", [*t5study.tasks.__path__, str(code)])
    caches = (
        *(named.modules_of, named.installed, t5study.tasks._builders),
        *(lab.datasets.definition_files, lab.datasets.get_definition),
    )
    for cache in caches:
        cache.cache_clear()
    yield data
    monkeypatch.undo()
    sys.modules.pop("t5study.tasks.first_sentence", None)
    for cache in caches:
        cache.cache_clear()


def test_a_task_on_a_local_csv_is_one_file(reviews: Path):
    """It is found, looked through, described by content, and read by a stage."""
    assert "reviews" in task_names()
    config = Schema()
    for split in ("train", "validation"):
        prepare_split("reviews", split, config)
        description = describe("reviews", split, config)
        assert len(description["data"]["sha256"]) == 1
    made = list(examples("reviews", "train", describe("reviews", "train", config)))
    assert made == [
        {"inputs": 'review: Held up well, "like new" after a year', "targets": "good"},
        {"inputs": "review: Broke on 2024-01-02 # sadly", "targets": "bad"},
    ]
    task = get_task("reviews")
    assert task.score([1, 0], [task.postprocess(text) for text in ("good", "good")]) == {"acc": 50}


def test_the_same_file_is_a_data_set_of_encoders(reviews: Path):
    """Its rows have fields and a label, and one text to read."""
    data = get_dataset("reviews")
    rows = list(data.rows("validation"))
    assert [row.label for row in rows] == [1, 0]
    assert rows[1].fields == {"text": "Broke on 2024-01-02 # sadly"}
    assert segments_of(data)(rows[1]) == ("review: Broke on 2024-01-02 # sadly",)


def test_a_task_of_python_makes_more_of_its_rows(reviews: Path):
    """It has a name and an identity of its own."""
    (reviews / "train.csv").write_text('text,label\n"It broke. Never again.",bad\n')
    description = describe("first_sentence", "train", Schema())
    prepare_split("first_sentence", "train", Schema())
    (made,) = examples("first_sentence", "train", description)
    assert made == {"inputs": "review: It broke", "targets": "bad"}
    (shown,) = description["definition"]["examples"]
    assert (shown["inputs"], shown["answer"]) == ("review: Broke at once", 0)


@pytest.mark.parametrize("example", [True, False])
def test_rows_are_shared_out_of_a_task_with_a_name_too(reviews: Path, example: bool):
    """A stage reads those of its split, whether or not the file shows an example."""
    file = lab.datasets.definition_files()["reviews"]
    lines = file.read_text().splitlines()
    kept = [line for line in lines if example or not line.startswith("example:")]
    text = "\n".join(line for line in kept if not line.startswith(("data:", "splits:")))
    file.write_text(f"{text}\ndata: {reviews / 'train.csv'}\nsplits: {{validation: 40%}}\n")
    rows = "".join(f"It shone {n} days,good\n" for n in range(50))
    (reviews / "train.csv").write_text(f"text,label\n{rows}")
    parts = {}
    for split in ("train", "validation", "test"):
        prepare_split("reviews", split, Schema())
        description = describe("reviews", split, Schema())
        assert ("kind" in description["definition"]) is not example
        parts[split] = {one["inputs"] for one in examples("reviews", split, description)}
    assert len(set.union(*parts.values())) == sum(map(len, parts.values())) == 50
    assert 10 < len(parts["validation"]) < 30


def test_what_is_missing_names_the_task_and_the_file(reviews: Path):
    """No "None/None" stands in for a hub's path."""
    (reviews / "validation.csv").unlink()
    with pytest.raises(t5study.tasks.TaskError) as raised:
        describe("reviews", "validation", Schema())
    assert f"'reviews': data file {reviews / 'validation.csv'} does not exist" in str(raised.value)
    assert "None" not in str(raised.value)


def test_a_metric_of_the_page_scores_and_keeps_parts():
    """Its parts give the score back."""
    block = re.search(r"## A metric.*?```python\n(.*?)```", PAGE, re.DOTALL)
    assert block
    names: dict = {}
    exec(block[1], names)
    measure = names["measure"]
    targets, predictions = ["a b", "c"], ["x y", "z z"]
    assert measure(targets, predictions) == {"length": 50.0}
    parts = [part["length"]["mean"] for part in measure.parts(targets, predictions)]
    assert sum(total for total, _ in parts) / sum(count for _, count in parts) == 50.0
