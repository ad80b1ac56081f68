"""What docs/adding.md says of a task on a local CSV, tried: one file, no list elsewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import t5study.tasks
from lab import named
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
    """The page's file in the tasks' folder, and its CSV where it says."""
    folder = tmp_path / "code"
    folder.mkdir()
    data = tmp_path / "reviews"
    data.mkdir()
    code = of_page("t5study/tasks/reviews.py").replace("/data/reviews", str(data))
    (folder / "reviews.py").write_text(code)
    for split in ("train", "validation"):
        (data / f"{split}.csv").write_text(of_page("/data/reviews/train.csv"))
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(t5study.tasks, "__path__", [*t5study.tasks.__path__, str(folder)])
    caches = (named.modules_of, named.installed, t5study.tasks._builders)
    for cache in caches:
        cache.cache_clear()
    yield data
    monkeypatch.undo()
    sys.modules.pop("t5study.tasks.reviews", None)
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
        {"inputs": 'review text: Held up well, "like new" after a year', "targets": "good"},
        {"inputs": "review text: Broke on 2024-01-02 # sadly", "targets": "bad"},
    ]
    task = get_task("reviews")
    assert task.score([1, 0], [task.postprocess(text) for text in ("good", "good")]) == {"acc": 50}


def test_what_is_missing_names_the_task_and_the_folder(reviews: Path):
    """No "None/None" stands in for a hub's path."""
    (reviews / "validation.csv").unlink()
    with pytest.raises(t5study.tasks.TaskError) as raised:
        describe("reviews", "validation", Schema())
    assert f"no files of split 'validation' in {reviews}" in str(raised.value)
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
